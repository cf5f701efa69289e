// `feeds`: what two full feeds cost in memory. A reflector on loopback hears a million IPv4 and 200,000 IPv6 routes from
// each of two clients and reflects the best ones to the other.

import { once } from 'node:events';
import type { FamilyIndex } from '../../src/base/family.js';
import { encodeBlock } from '../../src/wire/block.js';
import { withProcess } from '../daemon/bgpd-process.js';
import type { ScriptedPeer } from '../support/scripted-peer.js';
import { waitFor } from '../support/wait.js';
import type { LocalBenchmark } from './benchmark.js';
import { monotonicMs } from './clock.js';
import { usageOf } from './process-usage.js';
import { type Catalogue, tableCatalogue } from './scenario/catalogue.js';
import { drawAttributes, newPacker } from './scenario/load-feed.js';
import { partlyShuffled, randomFrom } from './scenario/random.js';

const TABLES: readonly (readonly [family: FamilyIndex, routes: number])[] = [
  [0, 1_000_000],
  [1, 200_000],
];
const TOTAL = TABLES.reduce((sum, [, routes]) => sum + routes, 0);
const FEEDS = ['127.0.0.2', '127.0.0.3'] as const;
const SHUFFLED = 0.3;
const CHUNK = 1 << 18;
const PATIENCE = { timeout: 180_000, interval: 100 };
const MIB = 2 ** 20;

/** Octets of one feed's table of one family, a write's worth at a time: sets of six routes on average, made from a seed. */
function* feed(catalogue: Catalogue, seed: number, nextHop: string): Generator<Uint8Array> {
  const random = randomFrom(seed);
  const order = partlyShuffled(catalogue.count, SHUFFLED, random);
  const packer = newPacker();
  for (let start = 0; start < catalogue.count; ) {
    const end = Math.min(catalogue.count, start + 1 + random(11));
    const attributes = drawAttributes(random, addressOf(nextHop, catalogue.family), []);
    packer.reach(catalogue.family, encodeBlock({ ...attributes, localPref: 100 }));
    for (; start < end; start += 1) catalogue.pack(packer, order[start]!);
    if (packer.length >= CHUNK) yield packer.take();
  }
  yield packer.take();
}

const addressOf = (nextHop: string, family: FamilyIndex) => {
  const last = Number(nextHop.split('.')[3]);
  return family === 0
    ? ({ family: 'ipv4', word: 0x0a0a0000 + last } as const)
    : ({ family: 'ipv6', words: [0xfd000010, 0, 0, last] } as const);
};

/** Only reads from now on: what comes back is not looked at. */
function deafen({ socket }: ScriptedPeer): void {
  socket.removeAllListeners('data');
  socket.on('data', () => undefined);
}

async function tell({ socket }: ScriptedPeer, from: string, seed: number): Promise<void> {
  for (const [family, routes] of TABLES) {
    for (const chunk of feed(tableCatalogue(family, routes), seed + family, from))
      if (!socket.write(chunk)) await once(socket, 'drain');
  }
}

interface Summary {
  readonly rib: Readonly<Record<string, { readonly paths: number; readonly best: number }>>;
}

export const FEEDS_MEMORY: LocalBenchmark = {
  name: 'feeds',
  description: [
    '1,000,000 IPv4 and 200,000 IPv6 routes from each of two route reflector clients, on loopback; invented prefixes in the',
    'lengths of a full table, invented attribute sets of six routes on average; the best routes go to the other client',
  ],
  repetitions: 3,
  metrics: [
    { key: 'loaded', label: 'until both tables are in', unit: 's', better: 'lower' },
    { key: 'cpu', label: 'processor time until then', unit: 's', better: 'lower' },
    { key: 'peak', label: 'memory, highest', unit: 'MiB', better: 'lower', aim: 400 },
    { key: 'resident', label: 'memory afterwards', unit: 'MiB', better: 'lower' },
    { key: 'path', label: 'memory for each path', unit: 'octets/NLRI', better: 'lower' },
  ],
  run: async () => {
    let figures = {};
    await withProcess(async (bgpd) => {
      const peers = FEEDS.map((address) => ({
        address,
        asn: 64512,
        passive: true,
        routeReflectorClient: true,
      }));
      const { pid } = await bgpd.start({
        log: { level: 'info' },
        routeReflector: { clusterId: '10.0.0.1' },
        peers,
      });
      const before = usageOf(pid);
      const speakers = await Promise.all(
        FEEDS.map((from, i) => bgpd.join(from, { asn: 64512, routerId: 0x0a0a0002 + i, holdTime: 0 })),
      );
      for (const { peer } of speakers) deafen(peer);
      const begin = monotonicMs();
      await Promise.all(speakers.map(({ peer }, i) => tell(peer, FEEDS[i]!, 1000 * (i + 1))));
      const isIn = async (): Promise<boolean> => {
        const { rib } = JSON.parse((await bgpd.ask('/v1/summary')).body) as Summary;
        const sum = (key: 'paths' | 'best'): number =>
          Object.values(rib).reduce((total, family) => total + family[key], 0);
        return sum('paths') === TOTAL * FEEDS.length && sum('best') === TOTAL;
      };
      await waitFor('both tables', isIn, PATIENCE);
      const loaded = (monotonicMs() - begin) / 1000;
      const after = usageOf(pid);
      figures = {
        loaded,
        cpu: after.cpuSeconds - before.cpuSeconds,
        peak: after.peakMiB,
        resident: after.residentMiB,
        path: ((after.residentMiB - before.residentMiB) * MIB) / (TOTAL * FEEDS.length),
      };
    });
    return figures;
  },
};
