// bgpd's own configuration for a RouterSpec, as the object that YAML would give. Pure.

import { type AnnouncedRoute, familiesOf, isInterface, type NeighborSpec, type RouterSpec } from './types.js';

export interface BgpdFiles {
  /** Absolute path of the unix socket. */
  readonly socket: string;
}

const policyName = (neighbor: NeighborSpec): string => `out-${neighbor.address}`;

/** Beside the configuration; the routers of a network share a folder. */
export const keyFile = (spec: RouterSpec, neighbor: string): string => `${spec.routerId}-${neighbor}.key`;

const isExternal = (spec: RouterSpec, neighbor: NeighborSpec): boolean => neighbor.asn !== spec.asn;

/** RFC 8212: an eBGP peer needs both policies before any route passes. */
const policyKeys = (spec: RouterSpec, neighbor: NeighborSpec) => ({
  ...(isExternal(spec, neighbor) ? { import: ['accept-all'] } : {}),
  ...(isExternal(spec, neighbor) || neighbor.exportOnly !== undefined
    ? { export: [neighbor.exportOnly === undefined ? 'accept-all' : policyName(neighbor)] }
    : {}),
});

const peer = (spec: RouterSpec, neighbor: NeighborSpec, disabled: boolean) => ({
  ...(isInterface(neighbor) ? { interface: neighbor.address } : { address: neighbor.address }),
  asn: neighbor.asn,
  families: familiesOf(neighbor),
  timers: {
    connectRetry: 1,
    ...(neighbor.holdTime === undefined ? {} : { hold: neighbor.holdTime }),
  },
  ...(disabled ? { enabled: false } : {}),
  ...(neighbor.localAddress === undefined ? {} : { localAddress: neighbor.localAddress }),
  ...(neighbor.passive === true ? { passive: true } : {}),
  ...(neighbor.multihop === undefined ? {} : { multihop: neighbor.multihop }),
  ...(neighbor.password === undefined ? {} : { password: { file: keyFile(spec, neighbor.address) } }),
  ...(neighbor.ttlSecurity === undefined ? {} : { ttlSecurity: neighbor.ttlSecurity }),
  ...(neighbor.maxPrefix === undefined
    ? {}
    : { maxPrefix: { 'ipv4-unicast': neighbor.maxPrefix, 'ipv6-unicast': neighbor.maxPrefix } }),
  ...(neighbor.routeReflectorClient === true ? { routeReflectorClient: true } : {}),
  ...(neighbor.nextHopSelf === true ? { nextHopSelf: true } : {}),
  ...(neighbor.addPath === true ? { addPath: { receive: true, send: 'all' } } : {}),
  ...policyKeys(spec, neighbor),
  ...neighbor.words?.bgpd,
});

/** What a group may say: all but the address. */
const groupOf = (spec: RouterSpec, neighbor: NeighborSpec) => {
  const {
    address: _address,
    interface: _interface,
    families: _families,
    passive: _passive,
    ...rest
  } = {
    address: '',
    interface: '',
    passive: false,
    ...peer(spec, neighbor, false),
  };
  return { ...rest, families: ['ipv4-unicast', 'ipv6-unicast'] };
};

const GROUP = 'neighbors';

const peerSections = (spec: RouterSpec, disabled: string | null) => {
  const [first] = spec.neighbors;
  if (spec.acceptFrom === undefined || first === undefined) {
    return { peers: spec.neighbors.map((neighbor) => peer(spec, neighbor, neighbor.address === disabled)) };
  }
  return {
    peers: [],
    peerGroups: { [GROUP]: groupOf(spec, first) },
    dynamicPeers: spec.acceptFrom.map((range) => ({ range, group: GROUP })),
  };
};

const kernel = (spec: RouterSpec) => {
  const imports = spec.importPools !== undefined;
  if (spec.install !== true && !imports) return { backend: 'none' };
  return {
    backend: 'netlink',
    import: imports ? [{ interfaces: ['cali*'] }] : [],
    ...(spec.install === true ? {} : { install: ['reject-all'] }),
    ...(spec.localPrefFromMetric === true ? { localPrefFromMetric: true } : {}),
  };
};

const exportPolicies = (spec: RouterSpec) => {
  const entries = spec.neighbors
    .filter(({ exportOnly }) => exportOnly !== undefined)
    .map((neighbor) => [policyName(neighbor), exportTerms(neighbor)] as const);
  return entries.length === 0 ? {} : { policies: Object.fromEntries(entries) };
};

/** A match without prefixes would match nothing; then the rejecting term alone says the same. */
const exportTerms = ({ exportOnly = [], exportOwn = false }: NeighborSpec) => [
  ...(exportOnly.length === 0
    ? []
    : [
        {
          match: { prefix: { in: exportOnly }, ...(exportOwn ? { source: ['kernel', 'static'] } : {}) },
          action: 'accept',
        },
      ]),
  { action: 'reject' },
];

const attributeFree = (route: AnnouncedRoute): { readonly prefix: string; readonly kind: 'static' } => {
  const { prefix, ...attributes } = route;
  if (Object.keys(attributes).length > 0) throw new Error(`bgpd originates ${prefix} without attributes`);
  return { prefix, kind: 'static' };
};

/** `disabled`: the neighbour that is switched off for now. */
export const bgpdConfig = (
  name: string,
  spec: RouterSpec,
  files: BgpdFiles,
  routes: readonly AnnouncedRoute[],
  disabled: string | null,
) => ({
  node: name,
  asn: spec.asn,
  routerId: spec.routerId,
  ...(spec.clusterId === undefined ? {} : { routeReflector: { clusterId: spec.clusterId } }),
  // What a dead router has told goes at once, as with FRR's words for it; tests of restarts say otherwise.
  gracefulRestart: { mode: 'off' },
  kernel: kernel(spec),
  pools: (spec.importPools ?? []).map((cidr) => ({
    cidr,
    ...(spec.externalPools?.includes(cidr) ? { external: true } : {}),
    ...(spec.encapsulated?.[cidr] === undefined
      ? {}
      : { encapsulation: spec.encapsulated[cidr], overlay: 'bgp' }),
  })),
  originate: routes.map(attributeFree),
  ...peerSections(spec, disabled),
  ...exportPolicies(spec),
  api: { socket: files.socket },
  log: { level: 'debug', format: 'json' },
  ...spec.words?.bgpd,
});
