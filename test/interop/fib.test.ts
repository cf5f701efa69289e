// What happens to the host's links and addresses while routes are installed: everything comes back in both families, the
// session is never lost, and a next hop that moves costs no packet.

import type { PeerSummary } from '../../src/api/model/types.js';
import { interop } from '../support/interop.js';
import type { NetNode } from '../support/netns.js';
import { askBgpd, type BgpdRouter } from '../support/peers/bgpd.js';
import { established, OURS, type Pair, PEERS, start, withPair } from './pair.js';

const TARGETS = { 4: '10.66.0.1', 6: '2001:db8:66::1' } as const;
const PREFIXES = { 4: '10.66.0.0/24', 6: '2001:db8:66::/64' } as const;

const addressesOf = (own: typeof OURS | typeof PEERS): readonly string[] => [
  `addr replace ${own.v4}/24 dev eth0`,
  `addr replace ${own.v6}/64 dev eth0 nodad`,
];

interface Fault {
  readonly what: string;
  readonly happens: (a: NetNode, b: NetNode, pair: Pair) => Promise<void>;
}

const FAULTS: readonly Fault[] = [
  {
    what: 'loss of carrier',
    happens: async (_, b) => {
      await b.ip('link set eth0 down', 'link set eth0 up', ...addressesOf(PEERS));
    },
  },
  {
    what: 'admin down and up',
    happens: async (a) => {
      await a.ip('link set eth0 down', 'link set eth0 up', ...addressesOf(OURS));
    },
  },
  {
    what: 'an address that goes and comes back',
    happens: async (a, _, pair) => {
      await a.ip(`addr del ${OURS.v4}/24 dev eth0`, `addr del ${OURS.v6}/64 dev eth0`);
      await pair.wait('no route', async () => (await a.routes(4, PREFIXES[4])).length === 0);
      await a.ip(...addressesOf(OURS));
    },
  },
  {
    what: 'a second address, and the first one removed and added again',
    happens: async (a) => {
      await a.ip(
        'addr add 172.18.203.200/24 dev eth0',
        `addr del ${OURS.v4}/24 dev eth0`,
        ...addressesOf(OURS),
      );
    },
  },
  {
    what: 'an interface deleted and made again',
    happens: async (a, b, { network }) => {
      await a.ip('link del eth0');
      await network.connect(
        { node: a, interface: 'eth0', addresses: [`${OURS.v4}/24`, `${OURS.v6}/64`] },
        { node: b, interface: 'eth0', addresses: [`${PEERS.v4}/24`, `${PEERS.v6}/64`] },
      );
    },
  },
  {
    what: 'our routes deleted by somebody',
    happens: async (a) => {
      await a.must('ip', ['-4', 'route', 'del', PREFIXES[4], 'proto', '12', 'metric', '1024']);
      await a.must('ip', ['-6', 'route', 'del', PREFIXES[6], 'proto', '12', 'metric', '1024']);
    },
  },
];

const answers = async (a: NetNode, family: 4 | 6): Promise<boolean> =>
  (await a.ping(TARGETS[family], { wait: 1 })).received === 1;

/** Seconds for which the session has been Established. */
const sessionAge = async (router: BgpdRouter): Promise<number> => {
  const { neighbors } = (await askBgpd(router.socket, '/v1/neighbors')) as {
    readonly neighbors: readonly PeerSummary[];
  };
  const [peer] = neighbors;
  return peer?.state === 'Established' ? (peer.sinceSeconds ?? -1) : -1;
};

const unreachables = async (a: NetNode): Promise<number> =>
  (await a.routes(6)).filter(({ type }) => type === 'unreachable').length;

interop('links and addresses fail and come back: so do the routes, and the session stays', [], async (t) => {
  const announce = Object.values(PREFIXES).map((prefix) => ({ prefix }));
  const options = { peer: 'bgpd', oneSession: true, holdTime: 90, peerSpec: { announce } } as const;
  await withPair(options, async (pair) => {
    const { node: a } = pair.ours;
    const { node: b } = pair.peer;
    await b.ip(`addr add ${TARGETS[4]}/32 dev lo`, `addr add ${TARGETS[6]}/128 dev lo nodad`);
    await start(pair);
    await established(pair);
    for (const family of [4, 6] as const) await pair.wait(`IPv${family}`, () => answers(a, family));
    const began = performance.now();
    const age = await sessionAge(pair.ours as BgpdRouter);
    for (const { what, happens } of FAULTS) {
      await happens(a, b, pair);
      for (const family of [4, 6] as const)
        await pair.wait(`IPv${family} after ${what}`, () => answers(a, family), { interval: 20 });
      t.is(await unreachables(a), 0, what);
    }
    const passed = (performance.now() - began) / 1000;
    const now = await sessionAge(pair.ours as BgpdRouter);
    t.true(now >= age + passed - 2, `the session is ${now} s old, ${age} s before ${passed} s`);
  });
});

interop('a next hop that moves to and fro costs no packet', [], async (t) => {
  const announce = Object.values(PREFIXES).map((prefix) => ({ prefix }));
  const options = { peer: 'bgpd', oneSession: true, holdTime: 90, peerSpec: { announce } } as const;
  await withPair(options, async (pair) => {
    const { node: a } = pair.ours;
    const { node: b } = pair.peer;
    await b.ip(`addr add ${TARGETS[4]}/32 dev lo`, `addr add 172.18.203.9/24 dev eth0`);
    await start(pair);
    await established(pair);
    await pair.wait('IPv4', () => answers(a, 4));
    const pinging = a.ping(TARGETS[4], { count: 300, interval: 10, wait: 1 });
    // The gateway is reached by another way, over the same cable, and again by the first one.
    for (let i = 0; i < 10; i++) {
      await a.ip(`route add ${PEERS.v4}/32 via 172.18.203.9 dev eth0 metric 5 proto static`);
      const moved = async () => (await a.routes(4, PREFIXES[4]))[0]?.gateway === '172.18.203.9';
      await pair.wait('the route to follow', moved, { interval: 5 });
      await a.ip(`route del ${PEERS.v4}/32 via 172.18.203.9 dev eth0 metric 5 proto static`);
      const back = async () => (await a.routes(4, PREFIXES[4]))[0]?.gateway === PEERS.v4;
      await pair.wait('the route to come back', back, { interval: 5 });
    }
    const { sent, received } = await pinging;
    t.is(received, sent);
  });
});
