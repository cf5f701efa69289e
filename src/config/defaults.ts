// What holds for every key that is left out. Values only; `load.ts` puts them in place.

import { FAMILY_NAMES } from '../base/family.js';
import { ipv4, ipv6 } from '../base/ip.js';
import type { MultipathLimits } from '../rib/decision-steps.js';
import type {
  ApiConfig,
  Config,
  DecisionConfig,
  GracefulRestartConfig,
  KernelConfig,
  LimitsConfig,
  ListenConfig,
  MaxPrefixConfig,
  NodeRestartConfig,
  PeerConfig,
  ReloadConfig,
  ShutdownConfig,
  TimersConfig,
  VxlanConfig,
} from './types.js';

export const BGP_PORT = 179;

export const DEFAULT_LISTEN: readonly ListenConfig[] = [
  { address: ipv4(0), port: BGP_PORT, freeBind: false },
  { address: ipv6([0, 0, 0, 0]), port: BGP_PORT, freeBind: false },
];

/** Beside Calico's own vxlan.calico: another device and VNI, so that both can run on a host. */
export const DEFAULT_VXLAN: VxlanConfig = {
  device: 'vxlan.bgp',
  vni: 4097,
  port: 4789,
  mtu: null,
  address: null,
};

/** `import` is filled from `WORKLOAD_INTERFACES` and the table. */
export const DEFAULT_KERNEL: Omit<KernelConfig, 'import'> = {
  backend: 'auto',
  table: 254,
  protocol: 12,
  metric: 1024,
  ipv6Metric: 1024,
  install: [],
  removeOnStop: false,
  sweepDelay: 120,
  allowOverride: [],
  localPrefFromMetric: false,
  learnedInterfaces: false,
  ipipDevice: 'tunl0',
  vxlan: DEFAULT_VXLAN,
  nextHopGroups: 'auto',
  prefsrc: [],
  watchNeighbours: true,
  auditInterval: 60,
};

/** Seconds. Connect attempts start fast and slow down to `connectRetry`. */
export const DEFAULT_TIMERS: TimersConfig = {
  hold: 90,
  keepalive: null,
  connectRetry: 30,
  delayOpen: 0,
  sendHold: null,
  minRouteAdvertisement: 0,
  idleHold: 1,
  idleHoldMax: 30,
  idleHoldForget: 120,
  startJitter: 0,
};

/** As Calico's BIRD has it on every peer; what is stale without End-of-RIB goes as late as in FRR. */
export const DEFAULT_GRACEFUL_RESTART: GracefulRestartConfig = {
  mode: 'full',
  restartTime: 120,
  staleTime: 360,
  notification: true,
};

export const DEFAULT_NODE_RESTART: NodeRestartConfig = { ...DEFAULT_GRACEFUL_RESTART, selectionDeferral: 60 };

export const DEFAULT_SHUTDOWN: ShutdownConfig = { graceful: false };

/** Besides the limit itself. */
export const DEFAULT_MAX_PREFIX: Omit<MaxPrefixConfig, 'limit'> = { warn: 80, action: 'idle', restart: null };

export const DEFAULT_SESSION: Omit<PeerConfig, 'name' | 'group' | 'address' | 'interface' | 'asn'> = {
  description: null,
  port: BGP_PORT,
  localAddress: null,
  passive: false,
  enabled: true,
  multihop: null,
  password: null,
  tcpAo: [],
  ttlSecurity: null,
  shutdownText: '',
  maxPrefix: { 'ipv4-unicast': null, 'ipv6-unicast': null },
  maxAsPathLength: null,
  maxCommunities: null,
  // Dual stack over one session: what the peer does not have is not negotiated.
  families: FAMILY_NAMES,
  gracefulRestart: DEFAULT_GRACEFUL_RESTART,
  timers: DEFAULT_TIMERS,
  routeReflectorClient: false,
  clusterId: null,
  localAs: null,
  nextHop: 'auto',
  allowOwnAs: 0,
  removePrivateAs: null,
  overrideAs: false,
  routeServerClient: false,
  ownBestPath: false,
  role: null,
  strictRole: false,
  extendedNextHop: null,
  extendedMessages: false,
  addPath: { receive: false, send: null },
  vantage: null,
  asSets: 'withdraw',
  import: null,
  export: null,
  advertise: 'all',
  via: null,
};

export const DEFAULT_DYNAMIC_LIMIT = 1000;
/** Seconds. */
export const DEFAULT_DYNAMIC_IDLE = 60;

export const DEFAULT_API: ApiConfig = {
  socket: '/run/bgpd/bgpd.sock',
  listen: { address: ipv4(0x7f000001), port: 9179 },
};

/** As BIRD merges paths in Calico's configuration: up to 16, whatever ASes they pass. */
export const DEFAULT_MULTIPATH: MultipathLimits = { ebgp: 16, ibgp: 16, eibgp: 1 };

export const DEFAULT_DECISION: DecisionConfig = {
  alwaysCompareMed: false,
  missingMedAsWorst: false,
  localWeight: 32_768,
  multipath: { families: [DEFAULT_MULTIPATH, DEFAULT_MULTIPATH], asPathRelax: true, linkBandwidth: true },
};

/**
 * More than half of what a peer is told goes by a slip (a policy or set that matches nothing any more) far more often than
 * on purpose; fewer than 10 prefixes are what a host moves every day, and a percentage of them says nothing.
 */
export const DEFAULT_RELOAD: ReloadConfig = { maxWithdraw: 50, minWithdraw: 10 };

export const DEFAULT_LIMITS: LimitsConfig = { paths: null, attributeSets: null, memory: null };

export const DEFAULT_LOG: Config['log'] = { level: 'info', format: 'auto' };
