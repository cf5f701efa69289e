// The daemon's answers about itself: implements the API's status source over the speaker. Read-only but for `reload`.

import type {
  ConfigStatus,
  ConnectionCounters,
  KernelReport,
  ObjectStatus,
  RibFamilyStatus,
  StatusSource,
  SummaryHead,
} from '../../api/model/types.js';
import { FAMILY_NAMES, type FamilyName, familyIndex } from '../../base/family.js';
import { formatIp } from '../../base/ip.js';
import { formatPrefix } from '../../base/prefix.js';
import type { Kernel } from '../../kernel/types.js';
import { formatRouterId } from '../../wire/text.js';
import type { BgpPeer } from '../peers/bgp-peer.js';
import type { Speaker } from '../speaker.js';
import { VERSION } from '../version.js';
import { health, readiness } from './readiness.js';
import { driftReport, wallTime } from './status-drift.js';
import { memoryReport } from './status-memory.js';
import { peerDetail, peerSummary, type StatusClock } from './status-peers.js';
import { poolStatus } from './status-pools.js';
import { queryRoutes } from './status-routes.js';

export interface StatusOptions {
  readonly speaker: Speaker;
  readonly routerId: number;
  readonly clock: StatusClock;
  readonly config: () => ConfigStatus;
  readonly calico: StatusSource['calico'];
  readonly objects: () => readonly ObjectStatus[];
  readonly connections: () => ConnectionCounters;
  readonly reload: StatusSource['reload'];
}

export function createStatus(options: StatusOptions): StatusSource {
  const { speaker, clock } = options;
  const startedAt = clock.now();
  const started = new Date(clock.wallClock()).toISOString();
  const age = (): number => clock.now() - startedAt;
  return {
    summary: () => summaryOf(options, started, age()),
    peerSummaries: () => eachPeer(speaker, (peer) => peerSummary(speaker, peer, clock)),
    peers: () => eachPeer(speaker, (peer) => peerDetail(speaker, peer, clock)),
    peer: (nameOrAddress) => {
      const peer = speaker.peers.find(nameOrAddress);
      return peer === null ? null : peerDetail(speaker, peer, clock);
    },
    routes: (query) => queryRoutes(speaker, query, clock.now),
    kernel: () => (speaker.kernel === null ? null : kernelReport(speaker.kernel)),
    calico: options.calico,
    memory: () => memoryReport(speaker),
    rpki: () => speaker.rpki.status(),
    config: () => ({ ...options.config(), objects: options.objects() }),
    pools: () => poolStatus(speaker),
    alarms: () => speaker.foreignOrigins.status(),
    health: () => health(speaker),
    readiness: () => readiness(speaker, age()),
    reload: options.reload,
  };
}

function summaryOf(options: StatusOptions, startedAt: string, age: number): SummaryHead {
  const { speaker, routerId } = options;
  const { config, rib } = speaker;
  return {
    version: VERSION,
    node: config.node,
    asn: config.asn,
    routerId: formatRouterId(routerId),
    clusterId: config.routeReflector === null ? null : formatRouterId(config.routeReflector.clusterId),
    startedAt,
    uptimeSeconds: age / 1000,
    config: options.config(),
    kernelBackend: speaker.kernel?.status().backend ?? 'none',
    rib: {
      'ipv4-unicast': ribStatus(speaker, FAMILY_NAMES[0]),
      'ipv6-unicast': ribStatus(speaker, FAMILY_NAMES[1]),
    },
    attributeSets: rib.attrSets.size,
    updateGroups: rib.groups.size,
    connections: options.connections(),
  };
}

/** Of the peers that there are now. */
function* eachPeer<T>(speaker: Speaker, view: (peer: BgpPeer) => T): Generator<T> {
  for (const peer of [...speaker.peers.all()]) yield view(peer);
}

function ribStatus({ rib }: Speaker, name: FamilyName): RibFamilyStatus {
  const family = familyIndex(name);
  return {
    prefixes: rib.prefixes[family].occupied,
    paths: rib.paths[family].size,
    best: rib.bestCount(family),
    multipath: rib.multipath.prefixes(family),
    local: rib.sources
      .all()
      .filter(({ peer }) => peer === null)
      .reduce((sum, { id }) => sum + rib.sources.count(id, family).received, 0),
  };
}

function kernelReport(kernel: Kernel): KernelReport {
  const status = kernel.status();
  return {
    ...status,
    links: status.links.map(({ ifindex, name, up, running }) => ({
      name,
      up: up && running,
      addresses: status.addresses
        .filter((address) => address.ifindex === ifindex)
        .map(({ address, length }) => `${formatIp(address)}/${length}`),
    })),
    workloadRoutes: [...kernel.workloads()].map((workload) => ({
      prefix: formatPrefix(workload.prefix),
      interface: workload.interface,
      protocol: workload.protocol,
    })),
    gateways: {
      ...status.gateways,
      lost: status.gateways.lost.map(({ address, interface: link, since }) => ({
        address: formatIp(address),
        interface: link,
        since: wallTime(since),
      })),
    },
    drift: driftReport(status.drift),
    fib: {
      ...status.fib,
      refusals: status.fib.refusals.map(({ prefix, reason }) => ({ prefix: formatPrefix(prefix), reason })),
      problems: status.fib.problems.map(({ prefix, reason, attempts, nextHops }) => ({
        prefix: formatPrefix(prefix),
        reason,
        attempts,
        nextHops: nextHops.map(({ address, interface: zone }) =>
          zone === null ? formatIp(address) : `${formatIp(address)}%${zone}`,
        ),
      })),
    },
  };
}
