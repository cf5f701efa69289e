// BIRD 2 configuration text for a RouterSpec. Pure.

import {
  type AnnouncedRoute,
  type Family,
  familiesOf,
  familyOf,
  type NeighborSpec,
  type RouterSpec,
} from './types.js';

const CHANNEL = { 'ipv4-unicast': 'ipv4', 'ipv6-unicast': 'ipv6' } as const satisfies Record<Family, string>;
const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

export const protocolName = (neighbor: string): string => `n_${neighbor.replaceAll(/[^0-9a-f]/g, '_')}`;

/** `10.0.0.0/8+` matches the prefix and all inside it. */
const within = (prefixes: readonly string[], family: Family): string => {
  const matching = prefixes.filter((prefix) => familyOf(prefix) === family).map((prefix) => `${prefix}+`);
  return matching.length === 0 ? 'false' : `net ~ [${matching.join(', ')}]`;
};

/** BIRD sends a MED to another AS only when the export filter sets it. */
const medLines = (routes: readonly AnnouncedRoute[], family: Family): string =>
  routes
    .filter(({ prefix, med }) => med !== undefined && familyOf(prefix) === family)
    .map(({ prefix, med }) => `if net = ${prefix} then bgp_med = ${med}; `)
    .join('');

const channel = (family: Family, neighbor: NeighborSpec, routes: readonly AnnouncedRoute[]): string => {
  const { exportOnly, nextHopSelf, maxPrefix } = neighbor;
  const barred = exportOnly === undefined ? '' : `if !(${within(exportOnly, family)}) then reject; `;
  const limit = maxPrefix === undefined ? '' : `receive limit ${maxPrefix.limit} action disable; `;
  const chosen = `export filter { ${barred}${medLines(routes, family)}accept; };`;
  return `  ${CHANNEL[family]} { import all; ${limit}${chosen}${nextHopSelf === true ? ' next hop self;' : ''}${neighbor.words?.birdChannel ?? ''} };`;
};

/** BIRD takes `ttl security` as the number of hops of `multihop`. */
const distance = ({ multihop, ttlSecurity }: NeighborSpec): string => {
  const hops = multihop ?? (ttlSecurity === undefined || ttlSecurity === 1 ? undefined : ttlSecurity);
  return hops === undefined ? '  direct;' : `  multihop ${hops};`;
};

const bgp = (spec: RouterSpec, neighbor: NeighborSpec, routes: readonly AnnouncedRoute[]): string => {
  const client = neighbor.routeReflectorClient === true;
  const lines = [
    `protocol bgp ${protocolName(neighbor.address)} {`,
    `  local ${neighbor.localAddress ?? ''} as ${spec.asn};`,
    `  neighbor ${neighbor.address} as ${neighbor.asn};`,
    '  debug { states, events };',
    distance(neighbor),
    '  connect delay time 1; connect retry time 1; error wait time 1, 2; error forget time 1;',
    neighbor.passive === true ? '  passive;' : '',
    neighbor.holdTime === undefined ? '' : `  hold time ${neighbor.holdTime};`,
    neighbor.password === undefined ? '' : `  password "${neighbor.password}";`,
    neighbor.ttlSecurity === undefined ? '' : '  ttl security on;',
    client ? '  rr client;' : '',
    client && spec.clusterId !== undefined ? `  rr cluster id ${spec.clusterId};` : '',
    ...(neighbor.words?.bird ?? []).map((line) => `  ${line}`),
    ...familiesOf(neighbor).map((family) => channel(family, neighbor, routes)),
    '}',
  ];
  return lines.filter((line) => line !== '').join('\n');
};

const kernel = (spec: RouterSpec, family: Family): string => {
  const learn = spec.importPools !== undefined;
  const taken = learn ? `where ${within(spec.importPools ?? [], family)}` : 'none';
  const given = spec.install === true ? 'where source = RTS_BGP' : 'none';
  return [
    `protocol kernel kernel_${CHANNEL[family]} {`,
    `  ${CHANNEL[family]} { import ${taken}; export ${given}; };`,
    `  persist; scan time 2;${learn ? ' learn;' : ''}`,
    '}',
  ].join('\n');
};

const pair = (community: string): string => `(${community.replaceAll(':', ',')})`;

const announced = (route: AnnouncedRoute): string => {
  const attributes = [
    ...(route.communities ?? []).map((value) => `bgp_community.add(${pair(value)});`),
    ...(route.largeCommunities ?? []).map((value) => `bgp_large_community.add(${pair(value)});`),
    route.med === undefined ? '' : `bgp_med = ${route.med};`,
    route.localPref === undefined ? '' : `bgp_local_pref = ${route.localPref};`,
    ...(route.asPath ?? []).toReversed().map((asn) => `bgp_path.prepend(${asn});`),
  ].join(' ');
  return `  route ${route.prefix} blackhole { bgp_origin = ORIGIN_IGP; ${attributes} };`;
};

const originated = (routes: readonly AnnouncedRoute[], family: Family): string => {
  const own = routes.filter((route) => familyOf(route.prefix) === family).map(announced);
  return [`protocol static static_${CHANNEL[family]} {`, `  ${CHANNEL[family]};`, ...own, '}'].join('\n');
};

export const birdConfig = (spec: RouterSpec, routes: readonly AnnouncedRoute[]): string =>
  [
    `router id ${spec.routerId};`,
    'log stderr all;',
    ...(spec.words?.lines ?? []),
    'protocol device { scan time 2; }',
    ...FAMILIES.map((family) => kernel(spec, family)),
    ...FAMILIES.map((family) => originated(routes, family)),
    ...spec.neighbors.map((neighbor) => bgp(spec, neighbor, routes)),
    '',
  ].join('\n\n');
