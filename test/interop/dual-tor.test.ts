// A host with two top-of-rack routers (BIRD) that both tell it everything: one of them is lost, by its link or by its
// session. Its share of all prefixes moves with the nexthop group, no route is written, and pings go on.

import type { ExecutionContext } from 'ava';
import type { KernelReport, Summary } from '../../src/api/model/types.js';
import { interop } from '../support/interop.js';
import type { LoggedProcess } from '../support/logged-process.js';
import { type NetNode, Network } from '../support/netns.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import { BirdRouter } from '../support/peers/bird.js';
import type { RouterSpec } from '../support/peers/types.js';
import { waitFor } from '../support/wait.js';

const PREFIXES = 400;
const HOST_ASN = 64512;
const TOR_ASN = 65001;
const TORS = ['a', 'b'] as const;
type Tor = (typeof TORS)[number];

/** Where the host sends from, whichever link is left. */
const LOOPBACK = ['172.31.0.1', '2001:db8:31::1'] as const;
/** All of them live on one machine behind both routers. */
const FAR = ['198.18.0.0/15', '2001:db8:5000::/36'] as const;

const octet = (tor: Tor): number => TORS.indexOf(tor) + 1;
/** Of the cable between the router (1) and the host (2), or the far machine (3), in both families. */
const cable = (tor: Tor, end: 1 | 2): readonly [string, string] => [
  `10.0.${octet(tor)}.${end}`,
  `2001:db8:${octet(tor)}::${end}`,
];
const farCable = (tor: Tor, end: 1 | 3): readonly [string, string] => [
  `10.9.${octet(tor)}.${end}`,
  `2001:db8:9${octet(tor)}::${end}`,
];
const withLength = ([four, six]: readonly [string, string]): string[] => [`${four}/24`, `${six}/64`];

const PREFIX_LIST = Array.from({ length: PREFIXES }, (_, i) => [
  { prefix: `198.18.${i & 255}.${(i >>> 8) << 7}/25` },
  { prefix: `2001:db8:5${i.toString(16).padStart(3, '0')}::/48` },
]).flat();

/** One flow each: the kernel spreads them over both routers. */
const TARGETS = [1, 2, 3, 4, 5, 6].flatMap((i) => [`198.18.${i}.9`, `2001:db8:500${i}::9`]);

const torSpec = (tor: Tor): RouterSpec => ({
  asn: TOR_ASN,
  routerId: cable(tor, 1)[0],
  announce: PREFIX_LIST,
  neighbors: cable(tor, 2).map((address) => ({ address, asn: HOST_ASN })),
});

const HOST_SPEC: RouterSpec = {
  asn: HOST_ASN,
  routerId: LOOPBACK[0],
  install: true,
  neighbors: TORS.flatMap((tor) => cable(tor, 1).map((address) => ({ address, asn: TOR_ASN }))),
};

interface Rack {
  readonly host: NetNode;
  readonly tors: Readonly<Record<Tor, NetNode>>;
}

async function build(network: Network): Promise<Rack> {
  const [host, far] = [await network.addNode('host'), await network.addNode('far', { forwarding: true })];
  await host.sysctl('net/ipv4/fib_multipath_hash_policy=0');
  await host.ip(`addr add ${LOOPBACK[0]}/32 dev lo`, `addr add ${LOOPBACK[1]}/128 dev lo nodad`);
  const tors: Partial<Record<Tor, NetNode>> = {};
  for (const tor of TORS) {
    const node = await network.addNode(`tor-${tor}`, { forwarding: true });
    tors[tor] = node;
    await network.connect(
      { node: host, interface: `eth-${tor}`, addresses: withLength(cable(tor, 2)) },
      { node, interface: 'host', addresses: withLength(cable(tor, 1)) },
    );
    await network.connect(
      { node, interface: 'far', addresses: withLength(farCable(tor, 1)) },
      { node: far, interface: `tor-${tor}`, addresses: withLength(farCable(tor, 3)) },
    );
    for (const family of [0, 1] as const) {
      await node.ip(
        `route add ${FAR[family]} via ${farCable(tor, 3)[family]}`,
        `route add ${LOOPBACK[family]} via ${cable(tor, 2)[family]}`,
      );
    }
  }
  for (const family of [0, 1] as const) {
    await far.ip(
      `route add local ${FAR[family]} dev lo`,
      // The way back is not what is tested: it leads through the router that stays.
      `route add ${LOOPBACK[family]} via ${farCable('b', 1)[family]}`,
    );
  }
  return { host, tors: tors as Rack['tors'] };
}

const kernelOf = async (router: BgpdRouter): Promise<KernelReport> =>
  (await askBgpd(router.socket, '/v1/kernel')) as KernelReport;

const routeWrites = ({ counters }: KernelReport): number =>
  counters.added + counters.replaced + counters.removed;

/** Prefixes of both families, by how many ways the kernel has for each. */
async function ways(host: NetNode): Promise<readonly number[]> {
  const counts = [0, 0, 0];
  for (const family of [4, 6] as const)
    for (const { nexthops } of await host.routes(family, 'proto', 'bird')) {
      const count = nexthops?.length ?? 1;
      counts[count] = (counts[count] ?? 0) + 1;
    }
  return counts;
}

/** Prefixes that the RIB has several paths in use for. */
async function multipath(router: BgpdRouter): Promise<number> {
  const { rib } = (await askBgpd(router.socket, '/v1/summary')) as Summary;
  return rib['ipv4-unicast'].multipath + rib['ipv6-unicast'].multipath;
}

const INTERVAL_MS = 20;
const PINGS = 200;
/** Half a second of each flow; the session's hold time is 90 s. */
const MAY_BE_LOST = 500 / INTERVAL_MS;

const pingAll = (host: NetNode): Promise<readonly number[]> =>
  Promise.all(
    TARGETS.map(async (target, i) => {
      const args = ['-n', '-q', '-c', String(PINGS), '-i', String(INTERVAL_MS / 1000), '-W', '1'];
      const { stdout } = await host.run('ping', [...args, '-I', LOOPBACK[i % 2]!, target], {
        timeout: 60_000,
      });
      const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
      return Number(sent) - Number(received);
    }),
  );

/** Times that a nexthop group was told to be another, by whomever. */
const groupUpdates = (monitor: LoggedProcess): number =>
  monitor
    .log()
    .split('\n')
    .filter((line) => /^(replace )?id \d+ group /i.test(line)).length;

interface Fault {
  readonly name: string;
  /** Groups that we change: one a family, unless the kernel itself takes the members along with their link. */
  readonly groups: number;
  readonly strike: (rack: Rack, bird: BirdRouter) => Promise<void>;
}

const FAULTS: readonly Fault[] = [
  { name: 'link', groups: 0, strike: ({ tors }) => tors.a.setLink('host', 'down') },
  { name: 'session', groups: 2, strike: (_, bird) => bird.kill() },
];

async function play(t: ExecutionContext, network: Network, { name, groups, strike }: Fault): Promise<void> {
  const rack = await build(network);
  const birds = {
    a: new BirdRouter(rack.tors.a, torSpec('a')),
    b: new BirdRouter(rack.tors.b, torSpec('b')),
  };
  const ours = new BgpdRouter(rack.host, HOST_SPEC);
  await Promise.all([birds.a.start(), birds.b.start(), ours.start()]);
  const evidence = async (): Promise<string> =>
    `${await ways(rack.host)} ${await ours.evidence()} ${await birds.a.evidence()}`.slice(-9000);
  const all = 2 * PREFIXES;
  await waitFor('every prefix over both routers', async () => (await ways(rack.host))[2] === all, {
    timeout: 60_000,
    evidence,
  });
  const idle = async (): Promise<KernelReport | null> => {
    const report = await kernelOf(ours);
    return report.fib.pending === 0 && report.fib.installed === all ? report : null;
  };
  const before = await waitFor('a quiet kernel', idle, { evidence });
  const monitor = await rack.host.start('monitor', 'ip', ['monitor', 'nexthop']);
  const pings = pingAll(rack.host);
  await strike(rack, birds.a);
  await waitFor('every prefix over the other router', async () => (await ways(rack.host))[1] === all, {
    evidence,
  });
  const lost = await pings;
  await waitFor('one path a prefix in the RIB', async () => (await multipath(ours)) === 0, { evidence });
  const after = await waitFor('a quiet kernel again', idle, { evidence });
  t.is(routeWrites(after) - routeWrites(before), 0, 'no route was written');
  t.true(
    lost.every((count) => count <= MAY_BE_LOST),
    `${name}: lost ${lost.join(' ')}`,
  );
  const updates = groupUpdates(monitor);
  t.log(`${name}: ${updates} group updates for ${all} routes, pings lost ${lost.join(' ')}`);
  t.is(updates, groups, monitor.log());
  await monitor.stop();
  await ours.stop();
}

for (const fault of FAULTS) {
  interop(
    `two routers of a rack, one lost by its ${fault.name}: a group changes, no route`,
    ['bird'],
    async (t) => {
      t.timeout(120_000);
      const network = Network.open(`rack${fault.name}`);
      try {
        await play(t, network, fault);
      } finally {
        network.close();
      }
    },
  );
}
