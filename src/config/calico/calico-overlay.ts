// What Calico's resources say, laid under what the operator's own file says: keys of the file win, lists are joined.

import { formatIp, ipEquals } from '../../base/ip.js';
import { formatPrefix } from '../../base/prefix.js';
import { WORKLOAD_INTERFACES } from '../../calico/cluster.js';
import type { CalicoIntent, OriginateIntent, PeerIntent, PoolIntent } from '../../calico/types.js';
import { BGP_PORT, DEFAULT_LISTEN, DEFAULT_SESSION, DEFAULT_TIMERS } from '../defaults.js';
import type { Sections } from '../schema/schema.js';
import { mergeRestart } from '../sources/merge.js';
import type { RuntimePeers } from '../sources/runtime-peers.js';
import { readKey, type SecretReader } from '../sources/secrets.js';
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
} from '../types.js';

/** BIRD's, under Calico: no resource can set it. */
const HOLD_TIME = 240;
const CONNECT_RETRY = 5;
/** BIRD's TTL towards a peer that need not be on the same link. */
const MULTIHOP = 64;

/** The section `calico` with its defaults; null: there is none, or it names no resources. */
export function calicoConfig({ calico, node }: Sections, hostname: string): CalicoConfig | null {
  if (calico === null || calico.resources.length === 0) return null;
  return {
    node: calico.node ?? node ?? hostname,
    resources: calico.resources,
    secrets: calico.secrets ?? null,
    advertise: calico.advertise ?? 'auto',
    externalPools: calico.externalPools ?? null,
    usePodCidr: calico.usePodCidr ?? false,
  };
}

export interface Overlay {
  /** Of the operator's file; its policies have those of the intent already. */
  readonly own: Config;
  readonly sections: Sections;
  readonly intent: CalicoIntent;
  readonly calico: CalicoConfig;
  readonly readKey: SecretReader;
  /** What operators did at run time with peers, by name. */
  readonly runtime: RuntimePeers;
}

export function withCalico(overlay: Overlay): Config {
  const { own, sections, intent, calico } = overlay;
  const { clusterId } = intent;
  const peers = intent.peers.flatMap((peer) => peerConfig(peer, overlay));
  return {
    ...own,
    node: sections.node ?? calico.node,
    calico,
    routerId: sections.routerId === null ? (intent.routerId ?? own.routerId) : own.routerId,
    listen: sections.listen === null ? listenOf(intent, own.listen) : own.listen,
    routeReflector: own.routeReflector ?? (clusterId === null ? null : { clusterId, clientToClient: true }),
    kernel: kernelOf(own.kernel, sections, intent),
    pools: joined(own.pools, intent.pools.map(poolConfig), ({ cidr }) => formatPrefix(cidr)),
    originate: joined(own.originate, intent.originate.map(originateConfig), ({ prefix }) =>
      formatPrefix(prefix),
    ),
    peers: joined(own.peers, peers, ({ address, interface: zone }) => `${formatIp(address)}%${zone ?? ''}`),
    log: { ...own.log, level: sections.log?.level ?? intent.logLevel ?? own.log.level },
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
  return (listen.addresses ?? DEFAULT_LISTEN).map(({ address, freeBind }) => ({ address, port, freeBind }));
}

function kernelOf(kernel: KernelConfig, { kernel: given }: Sections, intent: CalicoIntent): KernelConfig {
  return {
    ...kernel,
    metric: given?.metric ?? intent.metric,
    ipv6Metric: given?.ipv6Metric ?? given?.metric ?? intent.ipv6Metric,
    localPrefFromMetric: given?.localPrefFromMetric ?? true,
    learnedInterfaces: given?.learnedInterfaces ?? intent.learnedInterfaces,
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
  requireContributor: [],
  communities: [],
});

/** None: the peer was removed at run time, or its key can't be used; without it the session could only fail. */
function peerConfig(peer: PeerIntent, { own, sections, readKey: read, runtime }: Overlay): PeerConfig[] {
  if (runtime.removed.includes(peer.name)) return [];
  const isExternal = peer.asn !== (peer.localAsn ?? own.asn);
  const password = peer.password === null ? null : readKey(peer.password, read);
  if (password !== null && !('reveal' in password)) return [];
  return [
    {
      ...DEFAULT_SESSION,
      name: peer.name,
      description:
        peer.object === null ? 'Calico node mesh' : `Calico ${peer.object.kind} ${peer.object.name}`,
      group: null,
      address: peer.address,
      interface: null,
      asn: peer.asn,
      port: peer.port ?? BGP_PORT,
      localAddress: peer.localAddress,
      passive: peer.passive,
      ...switchOf(peer.name, runtime),
      password,
      multihop: MULTIHOP,
      ttlSecurity: peer.ttlSecurity,
      // One family a session, as Calico has it: the next hops of the other would not be the node's.
      families: [peer.address.family === 'ipv4' ? 'ipv4-unicast' : 'ipv6-unicast'],
      gracefulRestart: mergeRestart(
        peer.restartTime === null ? {} : { restartTime: peer.restartTime },
        sections.gracefulRestart ?? {},
      ),
      timers: { ...DEFAULT_TIMERS, hold: HOLD_TIME, keepalive: peer.keepalive, connectRetry: CONNECT_RETRY },
      routeReflectorClient: peer.routeReflectorClient,
      // Calico's own AS for a peer takes the place of the node's; BIRD puts nothing in front of what such a peer tells.
      localAs:
        peer.localAsn === null || peer.localAsn === own.asn
          ? null
          : { asn: peer.localAsn, noPrepend: true, replaceAs: true, dualAs: false },
      allowOwnAs: peer.allowOwnAs,
      // BIRD puts itself in towards every external peer that need not be on the link, which here is each of them.
      nextHop: peer.nextHop === 'auto' && isExternal ? 'self' : peer.nextHop,
      advertise: peer.advertise,
      via: peer.via,
      import: peer.import,
      export: peer.export,
    },
  ];
}

function switchOf(name: string, { switched }: RuntimePeers): Pick<PeerConfig, 'enabled' | 'shutdownText'> {
  const { enabled, text } = switched[name] ?? { enabled: true, text: '' };
  return { enabled, shutdownText: text };
}
