// A daemon that is not there: a `StatusSource` with a fixed small network, for tests of the API and of `bgpctl`.

import type {
  AlarmStatus,
  CacheStatus,
  CalicoStatus,
  KernelReport,
  MemoryReport,
  ObjectStatus,
  PeerDetail,
  PeerSummary,
  PoolStatus,
  RouteListing,
  RouteQuery,
  RouteStatus,
  RpkiStatus,
  StatusSource,
  Summary,
  SummaryHead,
} from '../../src/api/model/types.js';
import type { FamilyName } from '../../src/base/family.js';
import { DEFAULT_GRACEFUL_RESTART, DEFAULT_TIMERS } from '../../src/config/defaults.js';

const counts = (negotiated: boolean, received = 0, accepted = 0, advertised = 0) => ({
  negotiated,
  received,
  accepted,
  advertised,
});

const NO_MESSAGES = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 } as const;

const CAPABILITIES = ['multiprotocol ipv4-unicast', 'route refresh', '4-octet AS 64512'] as const;
const OF_THE_RACK = ['multiprotocol ipv4-unicast', 'route refresh', '4-octet AS 65001'] as const;

const BASE_CACHE: CacheStatus = {
  name: 'routinator-a',
  address: '172.18.203.10',
  port: 3323,
  preference: 1,
  state: 'synced',
  version: 1,
  session: 77,
  serial: 12,
  records: 9,
  counts: true,
  updatedSecondsAgo: 61.5,
  intervals: { refresh: 3600, retry: 600, expire: 7200 },
  lastError: null,
};

export const FAKE_OBJECTS: readonly ObjectStatus[] = [
  { object: 'peers tor-a', generation: 1, error: null },
  {
    object: 'policies external',
    generation: 2,
    error: 'bgpd.yaml:9:3: policies.external[0].action: is missing',
  },
  { object: 'policies new', generation: 0, error: 'bgpd.yaml:12:3: policies.new: is a text' },
];

export const FAKE_RPKI: RpkiStatus = {
  caches: [
    BASE_CACHE,
    {
      ...BASE_CACHE,
      name: 'routinator-b',
      preference: 2,
      state: 'down',
      version: null,
      session: null,
      serial: null,
      records: 0,
      counts: false,
      updatedSecondsAgo: null,
      lastError: 'ECONNREFUSED',
    },
  ],
  records: { 'ipv4-unicast': 6, 'ipv6-unicast': 3 },
};

const BASE_PEER: PeerDetail = {
  name: 'tor-a',
  address: '172.18.203.1',
  asn: 65001,
  type: 'ebgp',
  dynamic: false,
  state: 'Established',
  sinceSeconds: 183_900,
  enabled: true,
  prefixes: { 'ipv4-unicast': counts(true, 1200, 1198, 12), 'ipv6-unicast': counts(true, 7, 7, 3) },
  reason: null,
  blame: null,
  restart: null,
  notes: [],
  description: 'rack 12, upper switch',
  group: null,
  localAsn: 64512,
  localAddress: '172.18.203.126',
  routerId: '172.18.203.1',
  holdTime: 90,
  keepaliveTime: 30,
  capabilities: {
    local: [...CAPABILITIES, 'multiprotocol ipv6-unicast'],
    peer: [...OF_THE_RACK, 'multiprotocol ipv6-unicast'],
    inForce: [...CAPABILITIES, 'multiprotocol ipv6-unicast'],
  },
  policies: { import: ['accept-all'], export: ['external'] },
  kind: [],
  routeReflectorClient: false,
  clusterId: null,
  counters: {
    received: { open: 2, update: 345, notification: 1, keepalive: 6130, routeRefresh: 0 },
    sent: { open: 3, update: 12, notification: 0, keepalive: 6131, routeRefresh: 1 },
    bytesReceived: 151_234,
    bytesSent: 117_001,
    established: 2,
    flaps: 1,
    keepaliveLateSeconds: 0.012,
  },
  lastDown: {
    at: '2026-01-01T08:00:00.000Z',
    reason: 'notification received: Cease, Administrative Reset',
    kind: 'peerAdminDown',
    fault: 'theirs',
    evidence: [],
  },
  lastUp: '2026-01-01T08:00:03.000Z',
  restarts: { away: 1, back: 1, expired: 0 },
  gracefulRestart: DEFAULT_GRACEFUL_RESTART,
  queuedBytes: 0,
  updateGroup: 1,
  verdicts: { discard: 4, withdraw: 2 },
  loops: { asPath: 3, originatorId: 0, clusterList: 1, onlyToCustomer: 0 },
  excess: { asPathLength: 2, communities: 0, prefixes: 0 },
  security: { password: 'file /etc/bgpd/tor-a.key', tcpAo: [], ttlSecurity: null },
  prefixLimits: {
    'ipv4-unicast': { limit: 5000, warn: 80, action: 'idle', restart: 300, level: 'below', dropped: 0 },
    'ipv6-unicast': null,
  },
  timers: DEFAULT_TIMERS,
  sendHoldTime: 480,
};

const reflector: PeerDetail = {
  ...BASE_PEER,
  name: 'rr-1',
  address: '172.18.203.2',
  asn: 64512,
  type: 'ibgp',
  sinceSeconds: 72,
  description: null,
  group: 'reflectors',
  prefixes: { 'ipv4-unicast': counts(true, 52_000, 52_000, 12), 'ipv6-unicast': counts(false) },
  policies: { import: null, export: null },
  lastDown: null,
  verdicts: {},
  loops: { asPath: 0, originatorId: 0, clusterList: 0, onlyToCustomer: 0 },
};

const unreachable: PeerDetail = {
  ...BASE_PEER,
  name: 'tor-b',
  address: '172.18.203.3',
  asn: 65002,
  state: 'Active',
  sinceSeconds: 12,
  restart: { state: 'away', stalePaths: 12, secondsLeft: 92.4 },
  prefixes: { 'ipv4-unicast': counts(true, 12, 12), 'ipv6-unicast': counts(false) },
  reason: 'connection refused by 172.18.203.3 port 179 (ECONNREFUSED); next attempt in 48 s',
  blame: {
    kind: 'refused',
    fault: 'theirs',
    text: 'connection refused by 172.18.203.3 port 179 (ECONNREFUSED); next attempt in 48 s',
    evidence: [],
    since: '2026-01-01T08:00:00.000Z',
  },
  description: null,
  localAddress: null,
  routerId: null,
  holdTime: null,
  keepaliveTime: null,
  capabilities: { local: CAPABILITIES, peer: [], inForce: [] },
  counters: {
    received: NO_MESSAGES,
    sent: NO_MESSAGES,
    bytesReceived: 0,
    bytesSent: 0,
    established: 0,
    flaps: 0,
    keepaliveLateSeconds: 0.012,
  },
  lastDown: null,
  lastUp: null,
  updateGroup: null,
  verdicts: {},
  loops: { asPath: 0, originatorId: 0, clusterList: 0, onlyToCustomer: 0 },
};

const silent: PeerDetail = {
  ...BASE_PEER,
  name: 'tor-c',
  address: 'fd00:18::c',
  asn: 4_200_000_001,
  notes: ['no import policy: RFC 8212 denies all routes from this eBGP peer; set peers[].import'],
  prefixes: { 'ipv4-unicast': counts(false), 'ipv6-unicast': counts(true, 40, 0, 3) },
  policies: { import: null, export: ['external'] },
  lastDown: null,
  verdicts: {},
  loops: { asPath: 0, originatorId: 0, clusterList: 0, onlyToCustomer: 0 },
};

const dynamic: PeerDetail = {
  ...reflector,
  name: '172.18.203.77',
  address: '172.18.203.77',
  dynamic: true,
  group: 'hosts',
  kind: [],
  routeReflectorClient: true,
  clusterId: '244.0.0.1',
  sinceSeconds: 3600,
};

export const FAKE_PEERS: readonly PeerDetail[] = [BASE_PEER, unreachable, silent, reflector, dynamic];

const summaryOf = (peer: PeerDetail): PeerSummary => ({
  name: peer.name,
  address: peer.address,
  asn: peer.asn,
  type: peer.type,
  dynamic: peer.dynamic,
  state: peer.state,
  sinceSeconds: peer.sinceSeconds,
  enabled: peer.enabled,
  blame: peer.blame,
  prefixes: peer.prefixes,
  reason: peer.reason,
  restart: peer.restart,
  notes: peer.notes,
});

export const fakeSummary = (peers: readonly PeerDetail[] = FAKE_PEERS): Summary => ({
  version: '0.1.0',
  node: 'host-a',
  asn: 64512,
  routerId: '172.18.203.126',
  clusterId: null,
  startedAt: '2026-01-01T07:00:00.000Z',
  uptimeSeconds: 187_503,
  config: {
    file: '/etc/bgpd/bgpd.yaml',
    generation: 3,
    loadedAt: '2026-01-02T10:00:00.000Z',
    lastError: null,
    needsRestart: [],
    guarded: 0,
    pending: null,
    lastRollback: null,
    rollbacks: { timeout: 0, session: 0, operator: 0 },
  },
  kernelBackend: 'netlink',
  rib: {
    'ipv4-unicast': { prefixes: 53_212, paths: 105_210, best: 53_210, multipath: 7, local: 12 },
    'ipv6-unicast': { prefixes: 50, paths: 50, best: 10, multipath: 0, local: 3 },
  },
  attributeSets: 88,
  updateGroups: 2,
  connections: { accepted: 41, unknown: 3, limited: 1, subnetLimited: 0, errors: 0 },
  peers: peers.map(summaryOf),
});

const BASE_ROUTE: RouteStatus = {
  prefix: '10.65.0.7/32',
  best: true,
  multipath: false,
  stale: false,
  pathId: null,
  weight: 32_768,
  source: 'kernel',
  sourceType: 'kernel',
  nextHop: null,
  origin: 'IGP',
  asPath: '',
  localPref: 100,
  med: null,
  communities: [],
  extendedCommunities: [],
  atomicAggregate: false,
  aggregator: null,
  aigp: null,
  onlyToCustomer: null,
  tunnels: [],
  otherAttributes: [],
  originatorId: null,
  clusterList: [],
  decision: 'only path',
  kernel: 'local',
};

export const FAKE_ROUTES: readonly RouteStatus[] = [
  BASE_ROUTE,
  {
    ...BASE_ROUTE,
    prefix: '10.65.8.0/26',
    multipath: true,
    source: 'tor-a',
    sourceType: 'ebgp',
    weight: 0,
    nextHop: '172.18.203.1',
    asPath: '65001 64512',
    med: 50,
    communities: ['65001:100', 'no-export'],
    extendedCommunities: ['rt:65001:100', 'rt:[2001:db8::1]:7'],
    atomicAggregate: true,
    aggregator: '65001 172.18.203.1',
    aigp: '1000',
    onlyToCustomer: 65001,
    tunnels: ['vxlan endpoint 192.0.2.1', 'gre endpoint next-hop'],
    otherAttributes: ['PMSI_TUNNEL 0x06'],
    decision: 'best: shorter AS path (2 before 3)',
    kernel: 'installed',
  },
  {
    ...BASE_ROUTE,
    prefix: '10.65.8.0/26',
    best: false,
    multipath: true,
    stale: true,
    pathId: 3,
    weight: 0,
    source: 'rr-1',
    sourceType: 'ibgp',
    nextHop: '172.18.203.9',
    asPath: '65001 65002 64999',
    originatorId: '172.18.203.9',
    clusterList: ['244.0.0.1'],
    decision: 'lost to tor-a by AS path length (3 after 2)',
    kernel: null,
  },
  {
    ...BASE_ROUTE,
    prefix: 'fd00:65:8::/64',
    weight: 0,
    source: 'tor-a',
    sourceType: 'ebgp',
    nextHop: 'fe80::1',
    origin: 'INCOMPLETE',
    asPath: '65001 {64600 64601}',
    localPref: null,
    kernel: 'failed: EEXIST',
  },
];

export const FAKE_KERNEL: KernelReport = {
  backend: 'netlink',
  state: 'synced',
  drift: {
    counts: {
      deleted: 3,
      changed: 1,
      taken: 2,
      linkLost: 40,
      missing: 0,
      differs: 0,
      overrun: 5,
      overwrote: 1,
    },
    open: 1,
    recent: [
      { prefix: '10.65.9.0/26', cause: 'taken', by: 'ip (4242), protocol 4', at: '2026-01-02T03:04:05.678Z' },
      { prefix: 'fd00:65:9::/64', cause: 'overrun', by: null, at: '2026-01-02T03:05:05.000Z' },
    ],
    fights: [
      {
        prefix: '10.65.9.0/26',
        by: 'ip (4242), protocol 4',
        blows: 7,
        since: '2026-01-02T03:04:00.000Z',
        last: '2026-01-02T03:04:05.678Z',
      },
    ],
    fightCount: 2,
    repair: { bounds: [1, 10], counts: [3, 11], sum: 42, count: 11 },
  },
  audits: { count: 12, lastDuration: 210.5 },
  nextHopObjects: { groups: 3, hops: 4 },
  table: 254,
  protocol: 12,
  links: [
    { name: 'eth0', up: true, addresses: ['172.18.203.126/24', 'fd00:18::126/64'] },
    { name: 'cali7f3', up: false, addresses: [] },
  ],
  workloads: 2,
  workloadRoutes: [
    { prefix: '10.65.0.7/32', interface: 'cali1a2', protocol: 3 },
    { prefix: 'fd00:65::7/128', interface: 'cali1a2', protocol: 80 },
  ],
  fib: {
    wanted: 53_208,
    installed: 53_205,
    pending: 1,
    adoptedStale: 4,
    problemCount: 2,
    refusedCount: 1,
    refusals: [{ prefix: '0.0.0.0/0', reason: 'the host has a default route of its own' }],
    problems: [
      { prefix: '10.65.9.0/26', reason: 'EEXIST', attempts: 4, nextHops: ['172.18.203.1'] },
      { prefix: 'fd00:65:9::/64', reason: 'unresolved', attempts: 0, nextHops: ['fd00:99::1', 'fd00:99::2'] },
    ],
  },
  gateways: {
    lost: [{ address: '172.18.203.1', interface: 'eth0', since: '2026-01-02T03:04:05.678Z' }],
    lostCount: 1,
    losses: 3,
  },
  tunnels: [
    {
      device: 'vxlan.bgp',
      kind: 'vxlan',
      ready: true,
      problem: null,
      vni: 4097,
      address: '172.18.203.126',
      ends: 12,
    },
    {
      device: 'tunl0',
      kind: 'ipip',
      ready: false,
      problem: 'this kernel has no ipip (EOPNOTSUPP): tunl0 cannot be made',
      vni: null,
      address: null,
      ends: 0,
    },
  ],
  counters: {
    added: 53_300,
    replaced: 40,
    removed: 95,
    errors: { EEXIST: 4, ENETUNREACH: 1 },
    refusals: { default: 2 },
    overruns: 1,
    resyncs: 2,
    workloadEvents: 31,
    latency: { bounds: [1, 5, 25, 100], counts: [180, 210, 219, 220], sum: 412.5, count: 221 },
  },
};

export const FAKE_CALICO: CalicoStatus = {
  node: 'host-a',
  otherResources: 3,
  problems: ["/etc/bgpd/calico/pools.yaml: can't be read (EACCES); let the user of the daemon read it"],
  objects: [
    {
      kind: 'BGPConfiguration',
      name: 'default',
      file: '/etc/bgpd/calico/bgp.yaml',
      line: 1,
      state: 'applied',
      generation: 1,
      problems: [],
    },
    {
      kind: 'BGPPeer',
      name: 'tor-a',
      file: '/etc/bgpd/calico/bgp.yaml',
      line: 12,
      state: 'lastGood',
      generation: 2,
      problems: [
        '/etc/bgpd/calico/bgp.yaml:18:13: spec.asNumber: AS 0 is reserved; give an AS number such as 64512',
      ],
    },
    {
      kind: 'BGPPeer',
      name: 'tor-b',
      file: '/etc/bgpd/calico/bgp.yaml',
      line: 20,
      state: 'refused',
      generation: null,
      problems: ['/etc/bgpd/calico/bgp.yaml:24:5: spec.peerIP: is missing; give peerIP or peerSelector'],
    },
  ],
};
export const FAKE_POOLS: readonly PoolStatus[] = [
  {
    cidr: '10.65.0.0/16',
    encapsulation: 'None',
    overlay: 'bgp',
    external: false,
    device: null,
    problem: null,
    workloads: 2,
    originated: 1,
  },
  {
    cidr: '10.66.0.0/16',
    encapsulation: 'VXLANCrossSubnet',
    overlay: 'bgp',
    external: false,
    device: 'vxlan.bgp',
    problem: null,
    workloads: 0,
    originated: 0,
  },
  {
    cidr: '10.67.0.0/16',
    encapsulation: 'IPIP',
    overlay: 'bgp',
    external: true,
    device: 'tunl0',
    problem: 'this kernel has no ipip (EOPNOTSUPP): tunl0 cannot be made',
    workloads: 0,
    originated: 0,
  },
];

export const FAKE_ALARMS: readonly AlarmStatus[] = [
  {
    name: 'foreignOrigin',
    subject: '10.65.0.7/32',
    detail: 'announced by rr-1 with next hop 172.18.203.127, originator 172.18.203.127',
    sinceSeconds: 75,
  },
];

const MIB = 1024 * 1024;

export const FAKE_MEMORY: MemoryReport = {
  process: {
    rss: 96 * MIB,
    heapUsed: 21.5 * MIB,
    heapTotal: 40 * MIB,
    external: 33 * MIB,
    arrayBuffers: 30 * MIB,
  },
  tables: {
    'ipv4-unicast': {
      prefixes: { count: 53_212, bytes: 2_031_616 },
      paths: { count: 105_210, bytes: 2_621_440 },
    },
    'ipv6-unicast': { prefixes: { count: 50, bytes: 4352 }, paths: { count: 50, bytes: 1280 } },
  },
  attributeSets: { count: 88, columnBytes: 6400, arenaBytes: 65_536 },
  nextHops: { count: 12, bytes: 3600 },
  work: { bytes: 2048 },
  updateGroups: [
    { id: 1, members: 1, adjRibOut: 2048, memo: 1024, pending: 4096, queue: 0, catchUps: 0 },
    { id: 2, members: 900, adjRibOut: 524_288, memo: 1024, pending: 4096, queue: 200_000, catchUps: 8192 },
  ],
  ribBytes: 5_484_000,
  peers: [
    { name: 'tor-a', paths: 1207, queuedBytes: 0 },
    { name: 'rr-1', paths: 52_000, queuedBytes: 4096 },
  ],
  limits: [
    { name: 'paths', limit: 100_000, used: 105_260, exceeded: true },
    { name: 'memory', limit: 512 * MIB, used: 96 * MIB, exceeded: false },
  ],
};

/** The longest prefix that covers is left out: tests look up what is in `FAKE_ROUTES` literally. */
function select(routes: readonly RouteStatus[], query: RouteQuery): RouteListing {
  const families: Readonly<Record<FamilyName, boolean>> = {
    'ipv4-unicast': query.family !== 'ipv6-unicast',
    'ipv6-unicast': query.family !== 'ipv4-unicast',
  };
  const matching = routes.filter(
    (route) =>
      families[route.prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast'] &&
      (query.all === true || route.best) &&
      (query.prefix === undefined || route.prefix.startsWith(query.prefix)) &&
      (query.peer === undefined || query.direction === 'out' || route.source === query.peer),
  );
  return { more: () => false, routes: matching.slice(0, query.limit), total: matching.length };
}

export interface FakeStatus extends StatusSource {
  /** The last query that `routes` was asked. */
  lastQuery: RouteQuery | null;
  reloads: number;
}

export interface FakeOptions {
  readonly peers?: readonly PeerDetail[];
  readonly routes?: readonly RouteStatus[];
  readonly overrides?: Partial<StatusSource>;
}

const fakeSummaryHead = (peers: readonly PeerDetail[]): SummaryHead => {
  const { peers: _, ...head } = fakeSummary(peers);
  return head;
};

export function fakeStatus({
  peers = FAKE_PEERS,
  routes = FAKE_ROUTES,
  overrides,
}: FakeOptions = {}): FakeStatus {
  const fake: FakeStatus = {
    lastQuery: null,
    reloads: 0,
    summary: () => fakeSummaryHead(peers),
    peerSummaries: () => fakeSummary(peers).peers,
    peers: () => peers,
    peer: (id) => peers.find(({ name, address }) => name === id || address === id) ?? null,
    routes: (query) => {
      fake.lastQuery = query;
      return select(routes, query);
    },
    kernel: () => FAKE_KERNEL,
    calico: () => FAKE_CALICO,
    memory: () => FAKE_MEMORY,
    rpki: () => FAKE_RPKI,
    config: () => ({ ...fakeSummary(peers).config, objects: FAKE_OBJECTS }),
    pools: () => FAKE_POOLS,
    alarms: () => FAKE_ALARMS,
    health: () => ({ ok: true, reasons: [] }),
    readiness: () => ({ ok: false, reasons: ['tor-b: not Established'] }),
    reload: async () => {
      fake.reloads++;
      return { ok: true, message: 'configuration generation 4 in force: 1 peer added' };
    },
    ...overrides,
  };
  return fake;
}

/** Many peers for tests of size, the first half configured and the rest dynamic. */
export const manyPeers = (count: number): readonly PeerDetail[] =>
  Array.from({ length: count }, (_, i) => ({
    ...BASE_PEER,
    name: `peer-${i}`,
    address: `10.1.${i >>> 8}.${i & 255}`,
    dynamic: i >= count / 2,
  }));

/** Many routes for tests of size. */
export const manyRoutes = (count: number): readonly RouteStatus[] =>
  Array.from({ length: count }, (_, i) => ({
    ...BASE_ROUTE,
    prefix: `10.${(i >>> 16) & 255}.${(i >>> 8) & 255}.${i & 255}/32`,
  }));
