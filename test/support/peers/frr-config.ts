// FRR bgpd configuration text for a RouterSpec, and the commands that change it while it runs. Pure.

import {
  type AnnouncedRoute,
  type Family,
  familiesOf,
  familyOf,
  isInterface,
  type NeighborSpec,
  type RouterSpec,
} from './types.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

/** FRR's words: `show bgp ipv4 unicast`, `address-family ipv4 unicast`. */
export const frrFamily = (family: Family): string => family.replace('-', ' ');

const listKeyword = (family: Family): string => (family === 'ipv4-unicast' ? 'ip' : 'ipv6');

const longest = (family: Family): number => (family === 'ipv4-unicast' ? 32 : 128);

const prefixList = (name: string, family: Family, prefixes: readonly string[]): readonly string[] => {
  const own = prefixes.filter((prefix) => familyOf(prefix) === family);
  const permit = own.map((prefix, index) => {
    const most = longest(family);
    const within = prefix.endsWith(`/${most}`) ? '' : ` le ${most}`;
    return `${listKeyword(family)} prefix-list ${name} seq ${index + 1} permit ${prefix}${within}`;
  });
  return own.length > 0 ? permit : [`${listKeyword(family)} prefix-list ${name} seq 1 deny any`];
};

const outList = (address: string, family: Family): string =>
  `out-${address.replaceAll(/[.:%]/g, '-')}-${family}`;
const poolList = (family: Family): string => `pools-${family}`;

/** One route map per announced prefix carries its attributes. */
const mapName = (prefix: string): string => `announce-${prefix.replaceAll(/[.:/]/g, '-')}`;

const routeMap = (route: AnnouncedRoute): readonly string[] => {
  const sets = [
    route.communities === undefined ? '' : `set community ${route.communities.join(' ')}`,
    route.largeCommunities === undefined ? '' : `set large-community ${route.largeCommunities.join(' ')}`,
    route.med === undefined ? '' : `set metric ${route.med}`,
    route.localPref === undefined ? '' : `set local-preference ${route.localPref}`,
    route.asPath === undefined ? '' : `set as-path prepend ${route.asPath.join(' ')}`,
  ];
  return [`route-map ${mapName(route.prefix)} permit 10`, ...sets.filter((line) => line !== ''), 'exit'];
};

const network = (route: AnnouncedRoute): string =>
  `network ${route.prefix} route-map ${mapName(route.prefix)}`;

/** FRR knows a link-local neighbour by its address, and by its interface in a line of its own. */
export const frrAddress = (address: string): string => address.replace(/%.*$/, '');

const interfaceLine = (address: string): string => {
  const [host, zone] = address.split('%');
  return zone === undefined ? '' : `neighbor ${host} interface ${zone}`;
};

const neighborLines = (neighbor: NeighborSpec): readonly string[] => {
  const { holdTime } = neighbor;
  const address = frrAddress(neighbor.address);
  const lines = [
    `neighbor ${address}${isInterface(neighbor) ? ' interface' : ''} remote-as ${neighbor.asn}`,
    interfaceLine(neighbor.address),
    `neighbor ${address} timers connect 1`,
    `neighbor ${address} advertisement-interval 0`,
    holdTime === undefined ? '' : `neighbor ${address} timers ${Math.floor(holdTime / 3)} ${holdTime}`,
    neighbor.passive === true ? `neighbor ${address} passive` : '',
    neighbor.password === undefined ? '' : `neighbor ${address} password ${neighbor.password}`,
    neighbor.multihop === undefined ? '' : `neighbor ${address} ebgp-multihop ${neighbor.multihop}`,
    neighbor.ttlSecurity === undefined ? '' : `neighbor ${address} ttl-security hops ${neighbor.ttlSecurity}`,
    neighbor.localAddress === undefined ? '' : `neighbor ${address} update-source ${neighbor.localAddress}`,
    ...(neighbor.words?.frr ?? []).map((words) => `neighbor ${address} ${words}`),
  ];
  return lines.filter((line) => line !== '');
};

const activation = (neighbor: NeighborSpec, family: Family): readonly string[] => {
  const address = frrAddress(neighbor.address);
  const lines = [
    `neighbor ${address} activate`,
    neighbor.maxPrefix === undefined ? '' : `neighbor ${address} maximum-prefix ${neighbor.maxPrefix.limit}`,
    neighbor.routeReflectorClient === true ? `neighbor ${address} route-reflector-client` : '',
    neighbor.nextHopSelf === true ? `neighbor ${address} next-hop-self` : '',
    neighbor.exportOnly === undefined
      ? ''
      : `neighbor ${address} prefix-list ${outList(address, family)} out`,
    ...(neighbor.words?.frrFamily ?? []).map((words) => `neighbor ${address} ${words}`),
  ];
  return lines.filter((line) => line !== '');
};

const addressFamily = (spec: RouterSpec, family: Family): readonly string[] => {
  const active = spec.neighbors.filter((neighbor) => familiesOf(neighbor).includes(family));
  const own = (spec.announce ?? []).filter((route) => familyOf(route.prefix) === family);
  return [
    `address-family ${frrFamily(family)}`,
    ...active.flatMap((neighbor) => activation(neighbor, family)),
    ...own.map(network),
    ...(spec.importPools === undefined ? [] : [`redistribute kernel route-map ${poolList(family)}`]),
    'exit-address-family',
  ];
};

const poolMap = (spec: RouterSpec, family: Family): readonly string[] => [
  ...prefixList(poolList(family), family, spec.importPools ?? []),
  `route-map ${poolList(family)} permit 10`,
  `match ${listKeyword(family)} address prefix-list ${poolList(family)}`,
  'exit',
];

const outLists = (spec: RouterSpec): readonly string[] =>
  spec.neighbors.flatMap((neighbor) =>
    FAMILIES.flatMap((family) =>
      prefixList(outList(neighbor.address, family), family, neighbor.exportOnly ?? []),
    ),
  );

export const frrConfig = (spec: RouterSpec, name: string): string =>
  [
    `hostname ${name}`,
    'debug bgp neighbor-events',
    ...outLists(spec),
    ...FAMILIES.flatMap((family) => poolMap(spec, family)),
    ...(spec.announce ?? []).flatMap(routeMap),
    `router bgp ${spec.asn}`,
    `bgp router-id ${spec.routerId}`,
    'bgp log-neighbor-changes',
    // Its capability alone would make a helper keep the routes of a killed bgpd.
    'bgp graceful-restart-disable',
    'no bgp ebgp-requires-policy',
    'no bgp network import-check',
    'no bgp default ipv4-unicast',
    ...(spec.words?.lines ?? []),
    ...(spec.clusterId === undefined ? [] : [`bgp cluster-id ${spec.clusterId}`]),
    ...spec.neighbors.flatMap(neighborLines),
    ...FAMILIES.flatMap((family) => addressFamily(spec, family)),
    'exit',
    '',
  ].join('\n');

const inFamily = (spec: RouterSpec, family: Family, line: string): readonly string[] => [
  `router bgp ${spec.asn}`,
  `address-family ${frrFamily(family)}`,
  line,
];

export const frrAnnounce = (spec: RouterSpec, route: AnnouncedRoute): readonly string[] => [
  'configure terminal',
  `no route-map ${mapName(route.prefix)}`,
  ...routeMap(route),
  ...inFamily(spec, familyOf(route.prefix), network(route)),
];

export const frrWithdraw = (spec: RouterSpec, prefix: string): readonly string[] => [
  'configure terminal',
  ...inFamily(spec, familyOf(prefix), `no network ${prefix}`),
];

export const frrShutdown = (spec: RouterSpec, neighbor: string, text: string): readonly string[] => [
  'configure terminal',
  `router bgp ${spec.asn}`,
  `neighbor ${frrAddress(neighbor)} shutdown message ${text}`,
];
