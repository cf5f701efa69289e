// What bgpd's JSON API and log say, in the words all routers share. Pure.

import type { RouteList, RouteStatus } from '../../../src/api/model/types.js';
import { ERROR_NAMES } from '../../../src/wire/iana.js';
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
  readonly evidence?: readonly string[];
}

/** Log lines about a session's end carry `reason` in words; what was said on the wire may be its evidence. */
export const parseBgpdNotifications = (log: string, neighbor: string): readonly SeenNotification[] =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"reason"'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ peer }) => peer === neighbor)
    .flatMap(({ reason = '', evidence = [] }) => [reason, ...evidence].map(toNotification))
    .filter((notification) => notification !== null);

const toNotification = (reason: string): SeenNotification | null => {
  if (reason.startsWith('hold timer expired')) return { direction: 'sent', code: 4, subcode: 0 };
  const match = /^(we|the peer) ended it: (.*)$/.exec(reason);
  if (match === null) return null;
  return { direction: match[1] === 'we' ? 'sent' : 'received', ...codeOf(match[2] ?? '') };
};

const codeOf = (text: string): Omit<SeenNotification, 'direction'> => {
  const [code, names] = Object.entries(ERROR_NAMES).find(([, { name }]) => text.startsWith(name)) ?? [
    0,
    null,
  ];
  const rest = names === null ? '' : text.slice(names.name.length).replace(/^: /, '');
  const subcode = Object.entries(names?.subcodes ?? {}).find(([, name]) => rest.startsWith(name))?.[0] ?? 0;
  return { code: Number(code), subcode: Number(subcode) };
};
