// GoBGP configuration (TOML) for a RouterSpec, and the arguments of `gobgp global rib`. Pure.

import {
  type AnnouncedRoute,
  type Family,
  familiesOf,
  familyOf,
  isInterface,
  type NeighborSpec,
  type RouterSpec,
} from './types.js';

export const gobgpFamily = (family: Family): string => (family === 'ipv4-unicast' ? 'ipv4' : 'ipv6');

const table = (name: string, entries: Readonly<Record<string, string | number | boolean | undefined>>) => {
  const lines = Object.entries(entries)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return lines.length === 0 ? [] : [name, ...lines];
};

const neighborTables = (spec: RouterSpec, neighbor: NeighborSpec): readonly string[] => [
  '[[neighbors]]',
  ...table('[neighbors.config]', {
    ...(isInterface(neighbor)
      ? { 'neighbor-interface': neighbor.address }
      : { 'neighbor-address': neighbor.address }),
    'peer-as': neighbor.asn,
    'auth-password': neighbor.password,
  }),
  ...table('[neighbors.timers.config]', {
    'connect-retry': 1,
    'hold-time': neighbor.holdTime,
    'keepalive-interval': neighbor.holdTime === undefined ? undefined : Math.floor(neighbor.holdTime / 3),
  }),
  ...table('[neighbors.transport.config]', {
    'passive-mode': neighbor.passive,
    'local-address': neighbor.localAddress,
  }),
  ...(neighbor.ttlSecurity === undefined
    ? []
    : table('[neighbors.ttl-security.config]', { enabled: true, 'ttl-min': 256 - neighbor.ttlSecurity })),
  ...(neighbor.multihop === undefined
    ? []
    : table('[neighbors.ebgp-multihop.config]', { enabled: true, 'multihop-ttl': neighbor.multihop })),
  ...(neighbor.routeReflectorClient === true
    ? table('[neighbors.route-reflector.config]', {
        'route-reflector-client': true,
        'route-reflector-cluster-id': spec.clusterId ?? spec.routerId,
      })
    : []),
  ...(neighbor.words?.gobgp ?? []),
  ...familiesOf(neighbor).flatMap((family) => [
    '[[neighbors.afi-safis]]',
    ...table('[neighbors.afi-safis.config]', { 'afi-safi-name': family }),
    ...(neighbor.words?.gobgpFamily ?? []),
    ...(neighbor.addPath === true
      ? table('[neighbors.afi-safis.add-paths.config]', { receive: true, 'send-max': 8 })
      : []),
    ...(neighbor.maxPrefix === undefined
      ? []
      : table('[neighbors.afi-safis.prefix-limit.config]', { 'max-prefixes': neighbor.maxPrefix.limit })),
  ]),
];

export const gobgpConfig = (spec: RouterSpec): string =>
  [
    ...table('[global.config]', { as: spec.asn, 'router-id': spec.routerId }),
    ...(spec.words?.lines ?? []),
    ...spec.neighbors.flatMap((neighbor) => neighborTables(spec, neighbor)),
    '',
  ].join('\n');

const attributeArguments = (route: AnnouncedRoute): readonly string[] => [
  ...(route.communities === undefined ? [] : ['community', route.communities.join(',')]),
  ...(route.largeCommunities === undefined ? [] : ['large-community', route.largeCommunities.join(',')]),
  ...(route.med === undefined ? [] : ['med', String(route.med)]),
  ...(route.localPref === undefined ? [] : ['local-pref', String(route.localPref)]),
  ...(route.asPath === undefined ? [] : ['aspath', route.asPath.join(',')]),
];

export const gobgpAnnounce = (route: AnnouncedRoute): readonly string[] => [
  ...['global', 'rib', 'add', route.prefix, 'origin', 'igp'],
  ...attributeArguments(route),
  ...['-a', gobgpFamily(familyOf(route.prefix))],
];

export const gobgpWithdraw = (prefix: string): readonly string[] => [
  ...['global', 'rib', 'del', prefix, '-a', gobgpFamily(familyOf(prefix))],
];
