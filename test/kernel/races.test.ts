// Random agents against random intents over one place: whatever falls between whatever, and in whichever order we hear of it,
// the agent's route stands in the end where the agent wants one, and ours does where it does not.

import test from 'ava';
import fc from 'fast-check';
import { KernelLoop } from '../../src/kernel/loop/kernel-loop.js';
import { createMemoryPort } from '../../src/kernel/memory/memory-kernel.js';
import { createMemoryWorld, type MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import type { KernelChange, KernelPort, PortReport } from '../../src/kernel/port.js';
import type { KernelNextHop } from '../../src/kernel/types.js';
import { createRecorder, eventually, pause, prefix, settings, via } from './bench.js';

const PLACES = { ipv4: '10.65.0.9/32', ipv6: 'fd00:65::9/128' } as const;
type Family = keyof typeof PLACES;

/** What the agent does: a route through a device, or none, whoever's route it is that goes. */
type Deed = 'cali1' | 'cali2' | 'none';

const HOPS: Readonly<Record<Family, (last: number) => string>> = {
  ipv4: (last) => `10.10.0.${last}`,
  ipv6: (last) => `2001:db8:10::${last}`,
};

type Step =
  | { readonly kind: 'deed'; readonly deed: Deed }
  /** After the events before our next write were read, and before the write. */
  | { readonly kind: 'between'; readonly deed: Deed }
  | { readonly kind: 'want'; readonly hop: number }
  | { readonly kind: 'unwant' }
  | { readonly kind: 'microtasks' }
  | { readonly kind: 'turn' };

const deed = fc.constantFrom<Deed>('cali1', 'cali2', 'none');
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: deed.map((deed) => ({ kind: 'deed', deed }) as const), weight: 3 },
  { arbitrary: deed.map((deed) => ({ kind: 'between', deed }) as const), weight: 3 },
  { arbitrary: fc.integer({ min: 2, max: 4 }).map((hop) => ({ kind: 'want', hop }) as const), weight: 6 },
  { arbitrary: fc.constant({ kind: 'unwant' } as const), weight: 1 },
  { arbitrary: fc.constant({ kind: 'microtasks' } as const), weight: 3 },
  { arbitrary: fc.constant({ kind: 'turn' } as const), weight: 3 },
);

class Agent {
  intent: Deed = 'none';
  readonly #world: MemoryWorld;
  readonly #place: string;

  constructor(world: MemoryWorld, place: string) {
    this.#world = world;
    this.#place = place;
  }

  do(deed: Deed): void {
    const place = { prefix: this.#place, metric: 1024 };
    if (deed !== 'none') this.#world.addRoute({ ...place, dev: deed, protocol: 3 });
    // It removes what it believes to be its own. Of a removal that finds nothing nobody ever hears.
    else if (this.intent === 'none' || !this.#world.routes().some(({ metric }) => metric === 1024)) return;
    else this.#world.deleteRoute(place);
    this.intent = deed;
  }
}

/** A memory port in which things may happen right before a write, to be heard of after its answer. */
function crossed(world: MemoryWorld, between: (() => void)[]): KernelPort {
  const inner = createMemoryPort(world);
  const late = new Set<KernelChange>();
  const held: PortReport[] = [];
  return {
    ...inner,
    open: (filter, deliver) =>
      inner.open(filter, (report) => {
        if (report.kind === 'changes' && late.delete(report.changes[0]!)) {
          held.push(report);
          return;
        }
        const now = report.kind === 'written' ? held.splice(0) : [];
        deliver(report);
        for (const each of now) deliver(each);
      }),
    write: (id, writes) => {
      const stop = world.listen(
        (change) => late.add(change),
        () => undefined,
      );
      between.shift()?.();
      stop();
      inner.write(id, writes);
    },
  };
}

async function play(family: Family, groups: 'on' | 'off', steps: readonly Step[]): Promise<void> {
  const world = createMemoryWorld();
  for (const name of ['eth0', 'cali1', 'cali2']) world.addLink(name);
  world.addAddress('eth0', '10.10.0.1/16');
  world.addAddress('eth0', '2001:db8:10::1/64');
  const place = prefix(PLACES[family]);
  const agent = new Agent(world, PLACES[family]);
  const between: (() => void)[] = [];
  const loop = new KernelLoop(crossed(world, between), settings({ nextHopGroups: groups }), {
    auditInterval: 0,
  });
  const seen = createRecorder();
  await loop.start(seen);
  const hopOf = HOPS[family];
  const want = (hop: number): void =>
    loop.install(place, hop === 4 ? via(hopOf(2), hopOf(4)) : via(hopOf(hop)));
  want(2);
  await eventually('ours', () => loop.isInstalled(place));
  let wanted = true;
  for (const each of steps) {
    if (each.kind === 'deed') agent.do(each.deed);
    if (each.kind === 'between') between.push(() => agent.do(each.deed));
    if (each.kind === 'want') want(each.hop);
    if (each.kind === 'unwant') loop.uninstall(place);
    if (each.kind === 'want' || each.kind === 'unwant') wanted = each.kind === 'want';
    if (each.kind === 'microtasks') await null;
    if (each.kind === 'turn') await pause(0);
  }
  // What has not happened by now never does: the agent is done.
  between.length = 0;
  const nameOf = (hops: readonly KernelNextHop[]): string | undefined =>
    world.links().find(({ ifindex }) => ifindex === hops[0]?.ifindex)?.name;
  const stands = (protocol: number): number =>
    world.routes().filter((route) => route.protocol === protocol).length;
  const inOrder = (): boolean =>
    loop.status().fib.pending === 0 &&
    stands(3) === Number(agent.intent !== 'none') &&
    stands(12) === Number(wanted && agent.intent === 'none') &&
    [...seen.present.values()].join() === (agent.intent === 'none' ? '' : agent.intent) &&
    world.routes().every(({ protocol, nextHops }) => protocol !== 3 || nameOf(nextHops) === agent.intent);
  try {
    await eventually('in order', inOrder);
    // Nothing comes back once all is said.
    await pause(10);
    if (!inOrder()) throw new Error('it did not stay in order');
  } finally {
    await loop.close({ removeRoutes: false });
  }
}

for (const family of ['ipv4', 'ipv6'] as const) {
  for (const groups of ['off', 'on'] as const) {
    test.serial(`an agent against our writes, ${family}, nexthop groups ${groups}`, async (t) => {
      const steps = fc.array(step, { minLength: 3, maxLength: 14 });
      await t.notThrowsAsync(() =>
        fc.assert(
          fc.asyncProperty(steps, (chosen) => play(family, groups, chosen)),
          { numRuns: 60 },
        ),
      );
    });
  }
}
