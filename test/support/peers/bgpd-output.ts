// What bgpd's JSON API and log say, in the words all routers share. Pure.

import type { RouteList, RouteStatus } from '../../../src/api/types.js';
import { byPrefix, type ReceivedRoute, type SeenNotification } from './types.js';

const isLarge = (community: string): boolean => community.split(':').length === 3;

const toRoute = (route: RouteStatus): ReceivedRoute => ({
  prefix: route.prefix,
  nextHop: route.nextHop ?? '',
  origin: route.origin,
  asPath: route.asPath,
  localPref: route.localPref,
  med: route.med,
  communities: route.communities.filter((text) => !isLarge(text)).toSorted(),
  largeCommunities: route.communities.filter(isLarge).toSorted(),
  originatorId: route.originatorId,
  clusterList: route.clusterList,
});

export const toReceivedRoutes = (list: RouteList): readonly ReceivedRoute[] =>
  list.routes.map(toRoute).toSorted(byPrefix);

interface LogLine {
  readonly peer?: string;
  readonly reason?: string;
}

/** Log lines about a session's end carry `reason`, with the code and subcode in parentheses. */
export const parseBgpdNotifications = (log: string, neighbor: string): readonly SeenNotification[] =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"reason"'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ peer }) => peer === neighbor)
    .map(({ reason = '' }) => toNotification(reason))
    .filter((notification) => notification !== null);

const toNotification = (reason: string): SeenNotification | null => {
  if (reason.startsWith('hold timer expired')) return { direction: 'sent', code: 4, subcode: 0 };
  const match = /^(we|the peer) ended it: .*?\((\d+)(?:\/(\d+))?\)/.exec(reason);
  if (match === null) return null;
  return {
    direction: match[1] === 'we' ? 'sent' : 'received',
    code: Number(match[2]),
    subcode: Number(match[3] ?? 0),
  };
};
