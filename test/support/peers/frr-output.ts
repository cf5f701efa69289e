// What vtysh's JSON and bgpd's log say, as data. Pure.

import type { ReceivedRoute, SeenNotification, SessionState } from './types.js';

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;

/** From `show bgp neighbors ADDRESS json`. */
export const parseFrrState = (text: string, neighbor: string): SessionState => {
  const peers = JSON.parse(text) as Readonly<Record<string, { readonly bgpState?: string }>>;
  return STATES.find((state) => state === peers[neighbor]?.bgpState) ?? 'Idle';
};

/** From `show bgp FAMILY neighbors ADDRESS routes json`. */
export const parseFrrPrefixes = (text: string): readonly string[] =>
  Object.keys((JSON.parse(text) as { readonly routes?: object }).routes ?? {}).toSorted();

interface FrrPath {
  readonly aspath?: { readonly string: string };
  readonly origin: string;
  readonly metric?: number;
  readonly locPrf?: number;
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly originatorId?: string;
  readonly clusterList?: { readonly list: readonly string[] };
  readonly nexthops?: readonly { readonly ip: string; readonly scope?: string }[];
  readonly peer: { readonly peerId: string; readonly interface?: string };
}

const words = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(' ')
    .filter((word) => word !== '')
    .toSorted();

const ORIGINS = { IGP: 'IGP', EGP: 'EGP', incomplete: 'INCOMPLETE' } as const;

const toRoute = (prefix: string, path: FrrPath): ReceivedRoute => ({
  prefix,
  nextHop: (path.nexthops?.find((hop) => hop.scope !== 'link-local') ?? path.nexthops?.[0])?.ip ?? '',
  origin: ORIGINS[path.origin as keyof typeof ORIGINS] ?? 'INCOMPLETE',
  asPath: path.aspath?.string === 'Local' ? '' : (path.aspath?.string ?? ''),
  localPref: path.locPrf ?? null,
  med: path.metric ?? null,
  communities: words(path.community?.string),
  largeCommunities: words(path.largeCommunity?.string),
  originatorId: path.originatorId ?? null,
  clusterList: path.clusterList?.list ?? [],
});

/** From `show bgp FAMILY PREFIX json`: the path this neighbour told, null when there is none (any more). */
export const parseFrrPath = (text: string, prefix: string, neighbor: string): ReceivedRoute | null => {
  const { paths = [] } = JSON.parse(text) as { readonly paths?: readonly FrrPath[] };
  const path = paths.find(({ peer }) => peer.peerId === neighbor || peer.interface === neighbor);
  return path === undefined ? null : toRoute(prefix, path);
};

const NOTIFICATION = /%NOTIFICATION(?:\(\w+\))?: (sent to|received from) neighbor (\S+) (\d+)\/(\d+)/g;

/** From the log, in order. FRR logs what it sends twice; neighbours of equal lines are one. */
export const parseFrrNotifications = (log: string, neighbor: string): readonly SeenNotification[] => {
  const found = [...log.matchAll(NOTIFICATION)].filter((match) => match[2] === neighbor);
  const distinct = found.filter((match, index) => match[0] !== found[index - 1]?.[0]);
  return distinct.map((match) => ({
    direction: match[1] === 'sent to' ? 'sent' : 'received',
    code: Number(match[3]),
    subcode: Number(match[4]),
  }));
};
