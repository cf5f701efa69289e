// What a reload has to do: the structural difference of two configurations. Decides nothing about how it is done.

import type {
  Config,
  DecisionConfig,
  DynamicPeerConfig,
  KernelConfig,
  OriginateConfig,
  PeerConfig,
  PolicyConfig,
} from './types.js';

/**
 * `reset`: the session has to be restarted. `soft`: routes are judged or written anew, the session stays. `none`: the
 * new values are taken over, nothing is to be done.
 */
export type ChangeKind = 'reset' | 'soft' | 'none';

export interface PeerChange {
  readonly before: PeerConfig;
  readonly after: PeerConfig;
  readonly change: ChangeKind;
  /** What changed: keys of `PeerConfig`; `import` and `export` also when a policy of theirs did. */
  readonly keys: readonly (keyof PeerConfig)[];
}

export interface DynamicPeerChange {
  readonly before: DynamicPeerConfig;
  readonly after: DynamicPeerConfig;
  /** For every peer of the range. */
  readonly change: ChangeKind;
  readonly keys: readonly (keyof PeerConfig | 'limit' | 'idleTime')[];
}

export interface Difference<T, C> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly C[];
}

export interface ConfigDiff {
  readonly isEmpty: boolean;
  /** `asn`, `confederation`: sessions are reset. `node`: a name only. */
  readonly identity: readonly ('node' | 'asn' | 'confederation' | 'routerId' | 'clusterId')[];
  readonly listenChanged: boolean;
  /** Peers are the same when their names are. */
  readonly peers: Difference<PeerConfig, PeerChange>;
  /** Ranges are the same when their prefixes are. */
  readonly dynamicPeers: Difference<DynamicPeerConfig, DynamicPeerChange>;
  /** Policies added, removed or with other terms; `external` and `pools` change with the pools. */
  readonly policies: readonly string[];
  readonly originate: Difference<OriginateConfig, never>;
  /** Routes are reflected between clients now, or no more. */
  readonly clientToClientChanged: boolean;
  /** Keys of `decision` that changed: paths are chosen anew. */
  readonly decision: readonly (keyof DecisionConfig)[];
  /** Keys of `kernel` that changed; `install` also when a policy of its list did. */
  readonly kernel: readonly (keyof KernelConfig)[];
  readonly vantagesChanged: boolean;
  readonly limitsChanged: boolean;
  readonly shutdownChanged: boolean;
  /** Caches that stay as they are keep their connections. */
  readonly rpkiChanged: boolean;
  readonly poolsChanged: boolean;
  /** What a reload may take away. */
  readonly reloadChanged: boolean;
  readonly apiChanged: boolean;
  readonly logChanged: boolean;
  /** What the running process can't change: said in the log, done at the next start. */
  readonly needsRestart: readonly string[];
}

/** What a change of each key means for the session; timers are looked at one by one. */
const PEER_CHANGES = {
  name: 'none',
  description: 'none',
  group: 'none',
  address: 'reset',
  interface: 'reset',
  asn: 'reset',
  port: 'reset',
  localAddress: 'reset',
  // Who connects matters for the next connection only.
  passive: 'none',
  enabled: 'reset',
  multihop: 'reset',
  // The kernel changes the keys and the TTL of a connection that is up.
  password: 'none',
  tcpAo: 'reset',
  ttlSecurity: 'none',
  shutdownText: 'none',
  maxPrefix: 'soft',
  maxAsPathLength: 'soft',
  maxCommunities: 'soft',
  families: 'reset',
  // What the OPEN says of it is said in the next one.
  gracefulRestart: 'none',
  timers: 'none',
  routeReflectorClient: 'reset',
  clusterId: 'reset',
  localAs: 'soft',
  nextHop: 'soft',
  allowOwnAs: 'soft',
  removePrivateAs: 'soft',
  overrideAs: 'soft',
  routeServerClient: 'soft',
  ownBestPath: 'soft',
  role: 'reset',
  strictRole: 'reset',
  extendedNextHop: 'reset',
  extendedMessages: 'reset',
  addPath: 'soft',
  vantage: 'soft',
  asSets: 'reset',
  import: 'soft',
  export: 'soft',
  advertise: 'soft',
  via: 'none',
} as const satisfies Record<keyof PeerConfig, ChangeKind>;

/** Every one of them: what a reload changed has to be said. */
const KERNEL_KEYS = Object.keys({
  backend: true,
  table: true,
  protocol: true,
  metric: true,
  ipv6Metric: true,
  import: true,
  install: true,
  removeOnStop: true,
  sweepDelay: true,
  nextHopGroups: true,
  prefsrc: true,
  watchNeighbours: true,
  auditInterval: true,
  allowOverride: true,
  localPrefFromMetric: true,
  learnedInterfaces: true,
  ipipDevice: true,
  vxlan: true,
} satisfies Record<keyof KernelConfig, true>) as readonly (keyof KernelConfig)[];

const DECISION_KEYS = [
  'alwaysCompareMed',
  'missingMedAsWorst',
  'localWeight',
  'multipath',
] as const satisfies readonly (keyof DecisionConfig)[];

/** What is made once, at the start. */
const FIXED = {
  routerId: ({ routerId }) => routerId,
  listen: ({ listen }) => listen,
  'routeReflector.clusterId': ({ routeReflector }) => routeReflector?.clusterId ?? null,
  'kernel.backend': ({ kernel }) => kernel.backend,
  'kernel.sweepDelay': ({ kernel }) => kernel.sweepDelay,
  'gracefulRestart.selectionDeferral': ({ gracefulRestart }) => gracefulRestart.selectionDeferral,
  api: ({ api }) => api,
  'log.format': ({ log }) => log.format,
} as const satisfies Readonly<Record<string, (config: Config) => unknown>>;

/** `next` as a process that runs with `running` can have it: what is fixed (see `needsRestart`) stays as it is. */
export const liveConfig = (running: Config, next: Config): Config => ({
  ...next,
  routerId: running.routerId,
  listen: running.listen,
  routeReflector: liveReflector(running.routeReflector, next.routeReflector),
  kernel: { ...next.kernel, backend: running.kernel.backend, sweepDelay: running.kernel.sweepDelay },
  gracefulRestart: {
    ...next.gracefulRestart,
    selectionDeferral: running.gracefulRestart.selectionDeferral,
  },
  api: running.api,
  log: { ...next.log, format: running.log.format },
});

/** The role and its cluster id are fixed, what it does is not. */
const liveReflector = (
  running: Config['routeReflector'],
  next: Config['routeReflector'],
): Config['routeReflector'] => (running && next && { ...next, clusterId: running.clusterId }) ?? running;

export function diffConfig(before: Config, after: Config): ConfigDiff {
  const policies = changedPolicies(before, after);
  const kernel = changedKernelKeys(before, after, policies);
  const diff = {
    identity: changedIdentity(before, after),
    listenChanged: !same(before.listen, after.listen),
    peers: difference(
      before.peers,
      after.peers,
      ({ name }) => name,
      (a, b) => peerChange(a, b, policies),
    ),
    dynamicPeers: difference(before.dynamicPeers, after.dynamicPeers, rangeKey, (a, b) =>
      dynamicPeerChange(a, b, policies),
    ),
    policies,
    originate: difference<OriginateConfig, never>(before.originate, after.originate, canonical, () => null),
    clientToClientChanged:
      (before.routeReflector?.clientToClient ?? true) !== (after.routeReflector?.clientToClient ?? true),
    decision: DECISION_KEYS.filter((key) => !same(before.decision[key], after.decision[key])),
    kernel,
    vantagesChanged: !same(before.optimalRouteReflection, after.optimalRouteReflection),
    rpkiChanged: !same(before.rpki, after.rpki),
    limitsChanged: !same(before.limits, after.limits),
    shutdownChanged: !same(before.shutdown, after.shutdown),
    reloadChanged: !same(before.reload, after.reload),
    poolsChanged: !same(before.pools, after.pools),
    apiChanged: !same(before.api, after.api),
    logChanged: !same(before.log, after.log),
    needsRestart: Object.entries(FIXED).flatMap(([key, read]) =>
      same(read(before), read(after)) ? [] : [key],
    ),
  };
  return { isEmpty: same(before, after), ...diff };
}

function changedIdentity(before: Config, after: Config): ConfigDiff['identity'] {
  const identity = (config: Config) => ({
    node: config.node,
    asn: config.asn,
    confederation: canonical(config.confederation),
    routerId: config.routerId,
    clusterId: config.routeReflector?.clusterId ?? null,
  });
  const [a, b] = [identity(before), identity(after)];
  return (['node', 'asn', 'confederation', 'routerId', 'clusterId'] as const).filter(
    (key) => a[key] !== b[key],
  );
}

function changedPolicies(before: Config, after: Config): readonly string[] {
  const names = new Set([...Object.keys(before.policies), ...Object.keys(after.policies)]);
  const terms = (config: Config, name: string): PolicyConfig | null => config.policies[name] ?? null;
  return [...names].filter((name) => !same(terms(before, name), terms(after, name)));
}

function changedKernelKeys(
  before: Config,
  after: Config,
  policies: readonly string[],
): readonly (keyof KernelConfig)[] {
  return KERNEL_KEYS.filter(
    (key) =>
      !same(before.kernel[key], after.kernel[key]) ||
      (key === 'install' && uses(after.kernel.install, policies)),
  );
}

function peerChange(before: PeerConfig, after: PeerConfig, policies: readonly string[]): PeerChange | null {
  const keys = changedKeys(before, after, policies);
  if (keys.length === 0) return null;
  return { before, after, change: worst(keys, before, after), keys };
}

function dynamicPeerChange(
  before: DynamicPeerConfig,
  after: DynamicPeerConfig,
  policies: readonly string[],
): DynamicPeerChange | null {
  const keys = changedKeys(before.template, after.template, policies);
  const change = worst(keys, before.template, after.template);
  const own = (['limit', 'idleTime'] as const).filter((key) => before[key] !== after[key]);
  return keys.length + own.length === 0 ? null : { before, after, change, keys: [...keys, ...own] };
}

function changedKeys(
  before: Partial<PeerConfig> | DynamicPeerConfig['template'],
  after: Partial<PeerConfig> | DynamicPeerConfig['template'],
  policies: readonly string[],
): (keyof PeerConfig)[] {
  const [a, b]: [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>] = [
    { ...before },
    { ...after },
  ];
  const hasChangedPolicy = (key: string): boolean =>
    (key === 'import' && uses(after.import ?? null, policies)) ||
    (key === 'export' && uses(after.export ?? null, policies));
  return (Object.keys(PEER_CHANGES) as (keyof PeerConfig)[]).filter(
    (key) => !same(a[key], b[key]) || hasChangedPolicy(key),
  );
}

const uses = (names: readonly string[] | null, policies: readonly string[]): boolean =>
  names?.some((name) => policies.includes(name)) ?? false;

type Negotiated = Pick<PeerConfig, 'timers' | 'addPath' | 'localAs'>;

/** The keys of a peer that end its session when they change from `before` to `after`. */
export const sessionKeys = (before: Resettable, after: Resettable): readonly (keyof PeerConfig)[] =>
  changedKeys(before, after, []).filter((key) => worst([key], before, after) === 'reset');

type Resettable = Partial<PeerConfig> & Negotiated;

function worst(keys: readonly (keyof PeerConfig)[], before: Negotiated, after: Negotiated): ChangeKind {
  const negotiated: readonly string[] = [
    // Hold and keepalive times are agreed on in the OPEN; the others are our own.
    ...(before.timers.hold === after.timers.hold && before.timers.keepalive === after.timers.keepalive
      ? []
      : ['timers']),
    // So is whether path ids are sent; of which paths is not.
    ...(before.addPath.receive === after.addPath.receive &&
    (before.addPath.send === null) === (after.addPath.send === null)
      ? []
      : ['addPath']),
    // So is the AS that the peer knows us by; what of it stands in paths is not.
    ...(before.localAs?.asn === after.localAs?.asn && before.localAs?.dualAs === after.localAs?.dualAs
      ? []
      : ['localAs']),
  ];
  const kinds = keys.map((key): ChangeKind => (negotiated.includes(key) ? 'reset' : PEER_CHANGES[key]));
  return kinds.includes('reset') ? 'reset' : kinds.includes('soft') ? 'soft' : 'none';
}

const rangeKey = ({ range }: DynamicPeerConfig): string => canonical(range);

function difference<T, C>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (value: T) => string,
  changeOf: (before: T, after: T) => C | null,
): Difference<T, C> {
  const old = new Map(before.map((value) => [keyOf(value), value]));
  const kept = new Set(after.map(keyOf));
  return {
    added: after.filter((value) => !old.has(keyOf(value))),
    removed: before.filter((value) => !kept.has(keyOf(value))),
    changed: after.flatMap((value) => {
      const was = old.get(keyOf(value));
      return was === undefined ? [] : (changeOf(was, value) ?? []);
    }),
  };
}

const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** Values of a configuration are plain data: equal text means equal values, whatever the order of keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? '';
