// Random histories: once everything has been worked off, the Loc-RIB and what every peer was told are what the model
// works out from scratch; and when everything is gone, nothing is left behind.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { toHex } from '../../src/base/bytes.js';
import { type AttrSetId, KERNEL_SOURCE, NONE, type PrefixId, STATIC_SOURCE } from '../../src/base/ids.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { DEFAULT_DECISION, type DecisionOptions } from '../../src/rib/decision.js';
import { findPrefix, livePrefixes, prefixOf } from '../../src/rib/views.js';
import { decodeBlock, encodeBlock } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import {
  type Action,
  ALL_PREFIXES,
  type History,
  history,
  originated,
  received,
  slowHistory,
} from './histories.js';
import { bestRoute, type ModelPeer, type ModelWorld, toldRoute } from './model.js';
import { Neighbour } from './neighbour.js';
import { attributesText, familyOf, prefix } from './routes.js';
import { TestRib } from './test-rib.js';

/** The RIB with its neighbours, and beside it the plain facts that the model works from. */
class World {
  readonly test: TestRib;
  readonly neighbours: readonly Neighbour[];
  readonly routes: readonly Map<string, PathAttributes>[];
  /** By family: what the peer has not told again since its BoRR. */
  readonly stale: readonly [Set<string>, Set<string>][];
  readonly kernel = new Map<string, PathAttributes>();
  readonly static = new Map<string, PathAttributes>();
  readonly history: History;
  decision: DecisionOptions = DEFAULT_DECISION;

  constructor(of: History) {
    this.history = of;
    const { reflector, tracksNextHops, slicePrefixes, queueBytes } = of;
    const limits = { queueBytes, slicePrefixes };
    this.test = new TestRib({ reflector, tracksNextHops, limits });
    this.neighbours = of.peers.map((options) => new Neighbour(this.test, options));
    this.routes = of.peers.map(() => new Map());
    this.stale = of.peers.map(() => [new Set(), new Set()]);
  }

  apply(action: Action): void {
    switch (action.kind) {
      case 'run':
        this.test.run(action.budget);
        return;
      case 'link':
        this.test.setLink(action.nextHop, action.reachable, action.cost);
        return;
      case 'local':
        this.local(action.source, action.prefix, action.sample);
        return;
      case 'check':
        return;
      case 'decision':
        this.decision = action.options;
        this.test.rib.setDecision(action.options);
        return;
      case 'pass':
        this.#pass(action.slow);
        return;
      case 'up':
        if (!this.neighbours[action.peer]!.established) this.neighbours[action.peer]!.up();
        return;
      default:
        if (this.neighbours[action.peer]!.established) this.#applyToPeer(action);
    }
  }

  #pass(slow: readonly number[]): void {
    this.test.settle();
    for (const [i, neighbour] of this.neighbours.entries()) {
      if (neighbour.established && !slow.includes(i)) neighbour.pullAll();
    }
    this.test.settle();
  }

  local(source: 'kernel' | 'static', text: string, sample: number | null): void {
    const attributes = sample === null ? null : originated(this.history.samples[sample]!);
    const id = source === 'kernel' ? KERNEL_SOURCE : STATIC_SOURCE;
    this.test.rib.applyLocal(id, prefix(text), attributes === null ? null : encodeBlock(attributes));
    if (attributes === null) this[source].delete(text);
    else this[source].set(text, attributes);
  }

  #applyToPeer(
    action: Exclude<Action, { kind: 'run' | 'link' | 'local' | 'pass' | 'check' | 'decision' }> & {
      readonly peer: number;
    },
  ) {
    const neighbour = this.neighbours[action.peer]!;
    switch (action.kind) {
      case 'up':
        return;
      case 'down':
        neighbour.down();
        this.routes[action.peer]!.clear();
        for (const stale of this.stale[action.peer]!) stale.clear();
        return;
      case 'refresh':
        neighbour.refresh(action.family, action.marked);
        return;
      case 'beginning':
        neighbour.sayBeginning(action.family);
        this.stale[action.peer]![action.family] = new Set(
          [...this.routes[action.peer]!.keys()].filter((text) => familyOf(text) === action.family),
        );
        return;
      case 'end':
        neighbour.sayEnd(action.family);
        for (const text of this.stale[action.peer]![action.family]) this.routes[action.peer]!.delete(text);
        this.stale[action.peer]![action.family].clear();
        return;
      case 'change':
        neighbour.change(action.changes);
        return;
      case 'pull':
        for (let i = 0; i < action.times && neighbour.pull(); i++);
        return;
      case 'announce':
        this.#announce(action.peer, action.prefixes, action.sample);
        return;
      case 'withdraw':
        this.#withdraw(action.peer, action.prefixes);
    }
  }

  #announce(peer: number, prefixes: readonly string[], sample: number): void {
    const neighbour = this.neighbours[peer]!;
    for (const family of [0, 1] as const) {
      const mine = prefixes.filter((text) => familyOf(text) === family && neighbour.speaks(text));
      if (mine.length === 0) continue;
      const attributes = received(this.history.samples[sample]!, family, neighbour.options.peerType);
      neighbour.announce(mine, attributes);
      for (const text of mine) {
        this.routes[peer]!.set(text, attributes);
        this.stale[peer]![family].delete(text);
      }
    }
  }

  #withdraw(peer: number, prefixes: readonly string[]): void {
    const neighbour = this.neighbours[peer]!;
    for (const family of [0, 1] as const) {
      const mine = prefixes.filter((text) => familyOf(text) === family && neighbour.speaks(text));
      if (mine.length === 0) continue;
      neighbour.withdraw(mine);
      for (const text of mine) {
        this.routes[peer]!.delete(text);
        this.stale[peer]![family].delete(text);
      }
    }
  }

  /** Works everything off. Only those who were woken pull: who should have been and was not stays behind. */
  drain(): void {
    this.test.settle(3);
    for (const neighbour of this.neighbours) {
      if (neighbour.established && this.test.awake.has(neighbour.id)) neighbour.pullAll();
    }
    this.test.settle(3);
  }

  /** What the model works from, with the peers in the order of `neighbours`; null for those without a session. */
  model(): { readonly world: ModelWorld; readonly peers: readonly (ModelPeer | null)[] } {
    const { reflector, tracksNextHops } = this.history;
    const peers = this.neighbours.map((neighbour, i) =>
      neighbour.established ? { options: neighbour.options, routes: this.routes[i]! } : null,
    );
    const link: ModelWorld['link'] = (ip) =>
      tracksNextHops ? this.test.linkState(ip) : { reachable: true, cost: 0 };
    return {
      peers,
      world: {
        reflector,
        decision: this.decision,
        link,
        peers: peers.filter((peer) => peer !== null),
        kernel: this.kernel,
        originated: this.static,
      },
    };
  }
}

function locRib({ test: { rib }, neighbours }: World): Record<string, string> {
  const found: Record<string, string> = {};
  for (const family of [0, 1] as const) {
    const table = rib.prefixes[family];
    for (const id of livePrefixes(rib, family)) {
      if (table.best[id] === NONE) continue;
      const source = rib.paths[family].peer[table.best[id]!]!;
      const name =
        source === KERNEL_SOURCE
          ? 'kernel'
          : source === STATIC_SOURCE
            ? 'static'
            : neighbours.find((peer) => peer.established && peer.id === source)?.options.address;
      const attributes = decodeBlock(rib.attrSets.block(table.bestAttrs[id] as AttrSetId));
      found[formatPrefix(prefixOf(rib, family, id))] = `${name} ${attributesText(attributes)}`;
    }
  }
  return found;
}

function expectedLocRib(world: ModelWorld): Record<string, string> {
  const expected: Record<string, string> = {};
  for (const text of ALL_PREFIXES) {
    const best = bestRoute(world, text);
    if (best === null) continue;
    const name = typeof best.from === 'string' ? best.from : best.from.options.address;
    expected[text] = `${name} ${attributesText(best.attributes)}`;
  }
  return expected;
}

function expectedView(world: ModelWorld, peer: ModelPeer): Record<string, string> {
  const expected: Record<string, string> = {};
  for (const text of ALL_PREFIXES) {
    const told = toldRoute(world, peer, text);
    if (told !== null) expected[text] = attributesText(told);
  }
  return expected;
}

const sorted = (record: Iterable<readonly [string, string]>): Record<string, string> =>
  Object.fromEntries([...record].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Throws at the first difference, so that fast-check can shrink. */
function same(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual, null, 1), JSON.stringify(expected, null, 1)];
  if (a !== b) throw new Error(`${what}: is ${a}, should be ${b}`);
}

function check(world: World): void {
  world.drain();
  const { world: model, peers } = world.model();
  same('Loc-RIB', sorted(Object.entries(locRib(world))), sorted(Object.entries(expectedLocRib(model))));
  for (const [i, neighbour] of world.neighbours.entries()) {
    const peer = peers[i];
    if (peer == null) continue;
    const name = `peer ${i + 1}`;
    same(`${name} objects`, neighbour.objections, []);
    same(`${name} was told`, sorted(neighbour.told), sorted(Object.entries(expectedView(model, peer))));
    same(`${name}, refreshes without an end`, neighbour.stale, [null, null]);
    same(`${name} has nothing to pull`, neighbour.pull(), false);
    same(`${name}, End-of-RIBs`, neighbour.endOfRibs, neighbour.options.families.map(Number));
    checkCounts(world, neighbour, peer);
  }
}

function checkCounts({ test: { rib } }: World, neighbour: Neighbour, peer: ModelPeer): void {
  for (const family of [0, 1] as const) {
    const inFamily = (text: string): boolean => familyOf(text) === family;
    const received = [...peer.routes.keys()].filter(inFamily).length;
    same('received', rib.sources.get(neighbour.id).received[family], received);
    const advertised = [...neighbour.told.keys()].filter(inFamily).length;
    same('advertised', rib.groups.of(neighbour.id)!.advertised(neighbour.id, family), advertised);
  }
}

function checkNothingLeft(world: World): void {
  for (const neighbour of world.neighbours) if (neighbour.established) neighbour.down();
  for (const map of world.routes) map.clear();
  for (const text of ALL_PREFIXES)
    for (const source of ['kernel', 'static'] as const) world.local(source, text, null);
  world.drain();
  const { rib, tracked } = world.test;
  same('groups', rib.groups.size, 0);
  same('attribute sets', rib.attrSets.size, 0);
  same('next hops', [rib.nextHops.size, tracked.size], [0, 0]);
  same('paths', [rib.paths[0].size, rib.paths[1].size], [0, 0]);
  same('prefixes', [rib.prefixes[0].size, rib.prefixes[1].size], [0, 0]);
  const found = ALL_PREFIXES.map((text) => findPrefix(rib, prefix(text)) as PrefixId | typeof NONE);
  same('ids', new Set(found).size === 1 && found[0] === NONE, true);
}

function live(of: History): void {
  const world = new World(of);
  for (const action of of.actions) {
    world.apply(action);
    if (action.kind === 'check') check(world);
  }
  check(world);
  checkNothingLeft(world);
}

/** A history as text, short enough to be read. */
const historyText = (of: History): string =>
  JSON.stringify(of, (key, value) => {
    if (value instanceof Uint8Array) return toHex(value);
    return key.endsWith('Policy') ? value.key : value;
  }).replaceAll('{"kind"', '\n{"kind"');

function holds(t: ExecutionContext, histories: fc.Arbitrary<History>, numRuns: number): void {
  const result = fc.check(fc.property(histories, live), { numRuns });
  if (!result.failed) {
    t.pass();
    return;
  }
  const counterexample = result.counterexample?.map(historyText).join() ?? 'no history';
  t.fail(
    `seed ${result.seed}, path ${result.counterexamplePath}\n${counterexample}\n${result.errorInstance}`,
  );
}

test('whatever happens, the RIB ends where the model does, and nothing is left when all is gone', (t) => {
  holds(t, history, 800);
});

test('slow members of a reflector, while prefixes come and go and their ids are used again', (t) => {
  holds(t, slowHistory, 300);
});
