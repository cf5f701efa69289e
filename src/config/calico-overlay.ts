// What Calico's resources say, laid under what the operator's own file says: keys of the file win, lists are joined.

import { formatIp, ipEquals, ipv4, ipv6 } from '../base/ip.js';
import { formatPrefix } from '../base/prefix.js';
import type { CalicoIntent, OriginateIntent, PeerIntent, PoolIntent } from '../calico/types.js';
import { BGP_PORT, DEFAULT_SESSION, DEFAULT_TIMERS, WORKLOAD_INTERFACES } from './defaults.js';
import type { Sections } from './schema.js';
import type {
  CalicoConfig,
  Config,
  ConfigProblem,
  KernelConfig,
  KernelImportConfig,
  ListenConfig,
  OriginateConfig,
  PeerConfig,
  PoolConfig,
} from './types.js';

/** BIRD's, under Calico: no resource can set it. */
const HOLD_TIME = 240;
const CONNECT_RETRY = 5;
/** BIRD's TTL towards a peer that need not be on the same link. */
const MULTIHOP = 64;

/** `policies` of the result are those of the file and the defaults; those of the intent are added by the caller. */
export function withCalico(
  config: Config,
  sections: Sections,
  intent: CalicoIntent,
  calico: CalicoConfig,
): Config {
  const { clusterId } = intent;
  return {
    ...config,
    calico,
    routerId: sections.routerId === null ? (intent.routerId ?? config.routerId) : config.routerId,
    listen: sections.listen === null ? listenOf(intent, config.listen) : config.listen,
    routeReflector:
      config.routeReflector ?? (clusterId === null ? null : { clusterId, clientToClient: true }),
    kernel: kernelOf(config.kernel, sections, intent),
    pools: joined(config.pools, intent.pools.map(poolConfig), ({ cidr }) => formatPrefix(cidr)),
    originate: joined(config.originate, intent.originate.map(originateConfig), ({ prefix }) =>
      formatPrefix(prefix),
    ),
    peers: joined(
      config.peers,
      intent.peers.map((peer) => peerConfig(peer, config.asn, calico)),
      ({ address, interface: zone }) => `${formatIp(address)}%${zone ?? ''}`,
    ),
    log: { ...config.log, level: sections.log?.level ?? intent.logLevel ?? config.log.level },
  };
}

/** Peers of the resources that the operator's file has in a way of its own. */
export const overriddenPeers = (own: Config, intent: CalicoIntent): readonly ConfigProblem[] =>
  intent.peers.flatMap((peer) => {
    const taken = own.peers.find(({ address }) => ipEquals(address, peer.address));
    if (taken === undefined) return [];
    const key = peer.object === null ? peer.name : `${peer.object.kind}/${peer.object.name}`;
    const message = `${peer.name} is left out: the configuration has its address as peer ${taken.name}`;
    return [{ file: 'calico', line: 0, column: 0, key, message, remedy: '' }];
  });

/** The elements of the file, and those of the resources that the file does not name. */
function joined<T>(own: readonly T[], theirs: readonly T[], keyOf: (element: T) => string): readonly T[] {
  const taken = new Set(own.map(keyOf));
  return [...own, ...theirs.filter((element) => !taken.has(keyOf(element)))];
}

function listenOf({ listen }: CalicoIntent, fallback: readonly ListenConfig[]): readonly ListenConfig[] {
  if (listen === null) return fallback;
  const port = listen.port ?? BGP_PORT;
  const addresses = listen.addresses.length > 0 ? listen.addresses : [ipv4(0), ipv6([0, 0, 0, 0])];
  return addresses.map((address) => ({ address, port }));
}

function kernelOf(kernel: KernelConfig, { kernel: given }: Sections, intent: CalicoIntent): KernelConfig {
  return {
    ...kernel,
    metric: given?.metric ?? intent.metric,
    localPrefFromMetric: given?.localPrefFromMetric ?? true,
    install: given?.install ?? intent.install,
    import: given?.import === undefined ? importsOf(kernel, intent) : kernel.import,
  };
}

/** Workloads as everywhere, and what a filter announces beside them. */
function importsOf(kernel: KernelConfig, intent: CalicoIntent): readonly KernelImportConfig[] {
  const rule = {
    interfaces: WORKLOAD_INTERFACES,
    ignoreInterfaces: intent.ignoredInterfaces,
    protocols: [],
    prefixes: [],
    anyLength: true,
    table: kernel.table,
  };
  return [
    rule,
    ...intent.imports.map(({ interfaces, prefixes }) => ({
      ...rule,
      interfaces,
      prefixes,
      ignoreInterfaces: [...intent.ignoredInterfaces, ...TUNNELS],
    })),
  ];
}

/** The node agent's: their routes are those of other nodes. */
const TUNNELS = ['*.cali', '*.calico', 'tunl0'];

const poolConfig = ({ object: _object, ...pool }: PoolIntent): PoolConfig => ({ ...pool, anycast: false });

const originateConfig = (origin: OriginateIntent): OriginateConfig => ({
  ...origin,
  requireContributor: false,
  communities: [],
});

function peerConfig(peer: PeerIntent, asn: number, { advertise }: CalicoConfig): PeerConfig {
  const isExternal = peer.asn !== (peer.localAsn ?? asn);
  return {
    ...DEFAULT_SESSION,
    name: peer.name,
    description: peer.object === null ? 'Calico node mesh' : `Calico ${peer.object.kind} ${peer.object.name}`,
    group: null,
    address: peer.address,
    interface: null,
    asn: peer.asn,
    port: peer.port ?? BGP_PORT,
    localAddress: peer.localAddress,
    passive: peer.passive,
    multihop: MULTIHOP,
    // One family a session, as Calico has it: the next hops of the other would not be the node's.
    families: [peer.address.family === 'ipv4' ? 'ipv4-unicast' : 'ipv6-unicast'],
    timers: { ...DEFAULT_TIMERS, hold: HOLD_TIME, keepalive: peer.keepalive, connectRetry: CONNECT_RETRY },
    routeReflectorClient: peer.routeReflectorClient,
    nextHopSelf: peer.nextHop === 'self',
    advertise: isExternal ? advertise : 'all',
    via: peer.via,
    import: peer.import,
    export: peer.export,
  };
}
