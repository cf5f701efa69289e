// Random histories: once everything has been worked off, the Loc-RIB and what every peer was told are what the model
// works out from scratch; and when everything is gone, nothing is left behind.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { toHex } from '../../src/base/bytes.js';
import { type AttrSetId, KERNEL_SOURCE, NONE, type PrefixId, STATIC_SOURCE } from '../../src/base/ids.js';
import { formatIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import type { DecisionOptions } from '../../src/rib/decision-steps.js';
import type { PathChoice } from '../../src/rib/hooks.js';
import { findPrefix, prefixOf } from '../../src/rib/views.js';
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
import {
  bestRoute,
  type ModelPeer,
  type ModelRoute,
  type ModelWorld,
  multipathRoutes,
  toldRoutes,
} from './model.js';
import { hopText } from './model-decision.js';
import { Neighbour, prefixOfKey } from './neighbour.js';
import { attributesText, familyOf, prefix } from './routes.js';
import { TestRib } from './test-rib.js';

/** The RIB with its neighbours, and beside it the plain facts that the model works from. */
class World {
  readonly test: TestRib;
  readonly neighbours: readonly Neighbour[];
  readonly routes: readonly Map<string, Map<number, PathAttributes>>[];
  /** By family: prefix and path id of what the peer has not told again since its BoRR. */
  readonly stale: readonly [Set<string>, Set<string>][];
  /** By family: the same since the peer restarted; null when it does not. */
  readonly restart: [Set<string> | null, Set<string> | null][];
  readonly kernel = new Map<string, PathAttributes>();
  readonly static = new Map<string, PathAttributes>();
  readonly history: History;
  decision: DecisionOptions;

  constructor(of: History) {
    this.history = of;
    this.decision = of.decision;
    const { reflector, tracksNextHops, slicePrefixes, queueBytes, decision } = of;
    const limits = { queueBytes, slicePrefixes };
    this.test = new TestRib({ reflector, tracksNextHops, limits, decision });
    this.neighbours = of.peers.map((options) => new Neighbour(this.test, options));
    this.routes = of.peers.map(() => new Map());
    this.stale = of.peers.map(() => [new Set(), new Set()]);
    this.restart = of.peers.map(() => [null, null]);
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
        if (!this.neighbours[action.peer]!.known) this.neighbours[action.peer]!.up();
        return;
      case 'back':
        this.#back(action.peer, action.kept);
        return;
      case 'down':
      case 'change':
        if (this.neighbours[action.peer]!.known) this.#applyToPeer(action);
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
    action: Exclude<Action, { kind: 'run' | 'link' | 'local' | 'pass' | 'check' | 'decision' | 'back' }> & {
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
        this.restart[action.peer] = [null, null];
        return;
      case 'lose':
        this.#lose(action.peer, action.kept);
        return;
      case 'endOfRib':
        neighbour.sayEndOfRib(action.family);
        this.#endRestart(action.peer, action.family);
        return;
      case 'refresh':
        neighbour.refresh(action.family, action.marked);
        return;
      case 'beginning':
        neighbour.sayBeginning(action.family);
        if (this.restart[action.peer]![action.family] !== null) return;
        this.stale[action.peer]![action.family] = this.#held(action.peer, action.family);
        return;
      case 'end':
        neighbour.sayEnd(action.family);
        this.#forgetAll(action.peer, this.stale[action.peer]![action.family]);
        this.stale[action.peer]![action.family].clear();
        return;
      case 'change':
        neighbour.change(action.changes);
        return;
      case 'pull':
        for (let i = 0; i < action.times && neighbour.pull(); i++);
        return;
      case 'announce':
        this.#announce(action.peer, action.prefixes, action.sample, action.pathId);
        return;
      case 'withdraw':
        this.#withdraw(action.peer, action.prefixes, action.pathId);
        return;
      case 'choice':
        this.#changeChoice(neighbour, action.choice);
    }
  }

  /** Prefix and path id of everything that it has told of the family. */
  #held(peer: number, family: 0 | 1): Set<string> {
    const mine = [...this.routes[peer]!].filter(([text]) => familyOf(text) === family);
    return new Set(mine.flatMap(([text, paths]) => [...paths.keys()].map((id) => `${text} ${id}`)));
  }

  #forgetAll(peer: number, keys: Iterable<string>): void {
    for (const key of keys) {
      const [text, id] = key.split(' ');
      this.#forget(peer, text!, Number(id));
    }
  }

  /** RFC 4724 4.2: what was stale already goes, what is there becomes stale, or goes where nothing is kept. */
  #lose(peer: number, kept: readonly [boolean, boolean]): void {
    this.neighbours[peer]!.lose(kept);
    for (const family of [0, 1] as const) {
      this.stale[peer]![family].clear();
      this.#endRestart(peer, family);
      const held = this.#held(peer, family);
      if (kept[family]) this.restart[peer]![family] = held;
      else this.#forgetAll(peer, held);
    }
  }

  #back(peer: number, kept: readonly [boolean, boolean]): void {
    const neighbour = this.neighbours[peer]!;
    if (!neighbour.known || neighbour.established) return;
    neighbour.back(kept);
    for (const family of [0, 1] as const) if (!kept[family]) this.#endRestart(peer, family);
  }

  #endRestart(peer: number, family: 0 | 1): void {
    this.#forgetAll(peer, this.restart[peer]![family] ?? []);
    this.restart[peer]![family] = null;
  }

  #toldAgain(peer: number, family: 0 | 1, key: string): void {
    this.stale[peer]![family].delete(key);
    this.restart[peer]![family]?.delete(key);
  }

  /** Whether path ids are sent is settled for the session. */
  #changeChoice(neighbour: Neighbour, choice: PathChoice): void {
    const [ipv4, ipv6] = neighbour.options.addPath;
    neighbour.change({ addPath: [ipv4 && choice, ipv6 && choice] });
  }

  #forget(peer: number, text: string, pathId: number): void {
    const paths = this.routes[peer]!.get(text);
    paths?.delete(pathId);
    if (paths?.size === 0) this.routes[peer]!.delete(text);
  }

  #announce(peer: number, prefixes: readonly string[], sample: number, pathId: number): void {
    const neighbour = this.neighbours[peer]!;
    for (const family of [0, 1] as const) {
      const mine = prefixes.filter((text) => familyOf(text) === family && neighbour.speaks(text));
      if (mine.length === 0) continue;
      const attributes = received(this.history.samples[sample]!, family, neighbour.options.peerType);
      neighbour.announce(mine, attributes, pathId);
      const id = neighbour.options.sendsPathIds[family] ? pathId : 0;
      for (const text of mine) {
        const paths = this.routes[peer]!.get(text) ?? new Map<number, PathAttributes>();
        this.routes[peer]!.set(text, paths.set(id, attributes));
        this.#toldAgain(peer, family, `${text} ${id}`);
      }
    }
  }

  #withdraw(peer: number, prefixes: readonly string[], pathId: number): void {
    const neighbour = this.neighbours[peer]!;
    for (const family of [0, 1] as const) {
      const mine = prefixes.filter((text) => familyOf(text) === family && neighbour.speaks(text));
      if (mine.length === 0) continue;
      neighbour.withdraw(mine, pathId);
      const id = neighbour.options.sendsPathIds[family] ? pathId : 0;
      for (const text of mine) {
        this.#forget(peer, text, id);
        this.#toldAgain(peer, family, `${text} ${id}`);
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
    const known = this.neighbours.map((neighbour, i) =>
      neighbour.known ? { options: neighbour.options, routes: this.routes[i]! } : null,
    );
    const peers = known.map((peer, i) => (this.neighbours[i]!.established ? peer : null));
    const link: ModelWorld['link'] = (ip) =>
      tracksNextHops ? this.test.linkState(ip) : { reachable: true, cost: 0 };
    return {
      peers,
      world: {
        reflector,
        decision: this.decision,
        link,
        peers: known.filter((peer) => peer !== null),
        kernel: this.kernel,
        originated: this.static,
      },
    };
  }
}

function* livePrefixes({ prefixes }: TestRib['rib'], family: 0 | 1): Generator<PrefixId> {
  const table = prefixes[family];
  for (let id = 0; id < table.rows; id++) {
    if (table.isLive(id as PrefixId) && table.head[id] !== NONE) yield id as PrefixId;
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
            : neighbours.find((peer) => peer.known && peer.id === source)?.options.address;
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

/** By prefix: the routes, in some order of their own. */
type View = Record<string, readonly string[]>;

function expectedView(world: ModelWorld, peer: ModelPeer): View {
  const expected: View = {};
  for (const text of ALL_PREFIXES) {
    const told = toldRoutes(world, peer, text);
    if (told.length > 0) expected[text] = told.map(attributesText).sort();
  }
  return expected;
}

function toldView({ told }: Neighbour): View {
  const view: View = {};
  for (const [key, text] of told) {
    const prefix = prefixOfKey(key);
    view[prefix] = [...(view[prefix] ?? []), text].sort();
  }
  return view;
}

/** By prefix: next hops and weights of those that share the traffic. */
function multipathSets({ test: { rib }, neighbours }: World): View {
  const sets: View = {};
  for (const family of [0, 1] as const) {
    for (const id of livePrefixes(rib, family)) {
      const set = rib.multipath.of(family, id);
      if (set === null) continue;
      sets[formatPrefix(prefixOf(rib, family, id))] = set.members
        .map(({ address, peer, weight }) => {
          const from = neighbours.find((one) => one.known && one.id === peer)?.options.address;
          return `${formatIp(address)}${peer === null ? '' : ` ${from}`} weight ${weight}`;
        })
        .sort();
    }
  }
  return sets;
}

function expectedSets(world: ModelWorld): View {
  const sets: View = {};
  for (const text of ALL_PREFIXES) {
    const routes = multipathRoutes(world, text);
    if (routes.length < 2) continue;
    const weights = expectedWeights(world, routes);
    sets[text] = routes.map((route, i) => `${hopText(route)} weight ${weights[i]}`).sort();
  }
  return sets;
}

/** The larger the link, the larger the share, 255 at most; the smallest whole numbers that are off by half a hundredth at most. */
function expectedWeights({ decision }: ModelWorld, routes: readonly ModelRoute[]): readonly number[] {
  const rates = routes.map(({ attributes }) => {
    const octets = attributes.extendedCommunities.find(
      ([type, subtype]) => (type! & 0xbf) === 0 && subtype === 4,
    );
    return octets === undefined ? null : new DataView(octets.buffer, octets.byteOffset).getFloat32(4);
  });
  const known = rates.filter((rate) => rate !== null);
  if (!decision.multipath.linkBandwidth || known.length < routes.length) return routes.map(() => 1);
  const scales = Array.from({ length: 255 }, (_, i) => i + 1);
  const sharesAt = (scale: number): readonly number[] =>
    known.map((rate) => rate / (Math.max(...known) / scale));
  const near = (share: number): boolean => Math.abs(share - Math.round(share)) <= share * 0.005;
  const scale = scales.find((each) => sharesAt(each).every(near)) ?? 255;
  return sharesAt(scale).map((share) => Math.max(1, Math.round(share)));
}

const sorted = (record: Iterable<readonly [string, unknown]>): Record<string, unknown> =>
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
  same(
    'multipath sets',
    sorted(Object.entries(multipathSets(world))),
    sorted(Object.entries(expectedSets(model))),
  );
  for (const [i, neighbour] of world.neighbours.entries()) {
    const peer = peers[i];
    if (neighbour.known) {
      const stale = world.restart[i]!.reduce((sum, keys) => sum + (keys?.size ?? 0), 0);
      same(`peer ${i + 1}, stale paths`, world.test.rib.restarts.staleCount(neighbour.id), stale);
    }
    if (peer == null) continue;
    const name = `peer ${i + 1}`;
    same(`${name} objects`, neighbour.objections, []);
    same(
      `${name} was told`,
      sorted(Object.entries(toldView(neighbour))),
      sorted(Object.entries(expectedView(model, peer))),
    );
    same(`${name}, refreshes without an end`, neighbour.stale, [null, null]);
    same(`${name} has nothing to pull`, neighbour.pull(), false);
    same(`${name}, End-of-RIBs`, neighbour.endOfRibs, neighbour.options.families.map(Number));
    checkCounts(world, neighbour, peer);
  }
}

function checkCounts({ test: { rib } }: World, neighbour: Neighbour, peer: ModelPeer): void {
  for (const family of [0, 1] as const) {
    const inFamily = (text: string): boolean => familyOf(text) === family;
    const received = [...peer.routes].reduce((sum, [text, { size }]) => sum + (inFamily(text) ? size : 0), 0);
    same('received', rib.sources.get(neighbour.id).received[family], received);
    const advertised = [...neighbour.told.keys()].map(prefixOfKey).filter(inFamily).length;
    same('advertised', rib.groups.of(neighbour.id)!.advertised(neighbour.id, family), advertised);
  }
}

function checkNothingLeft(world: World): void {
  for (const neighbour of world.neighbours) if (neighbour.known) neighbour.down();
  for (const map of world.routes) map.clear();
  for (const text of ALL_PREFIXES)
    for (const source of ['kernel', 'static'] as const) world.local(source, text, null);
  world.drain();
  const { rib, tracked } = world.test;
  same('groups', rib.groups.size, 0);
  same('multipath', [rib.multipath.size, rib.multipath.prefixes(0), rib.multipath.prefixes(1)], [0, 0, 0]);
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
