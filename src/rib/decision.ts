// The decision process (RFC 4271 9.1.2, RFC 4456 9): candidates are eliminated step by step, and every loser keeps the
// number of the step that put it out. Elimination, not pairwise comparison: MED is compared only within a neighbour AS,
// which is no total order, so the order of arrival never matters here.

import type { FamilyIndex } from '../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PathId, type PeerId } from '../base/ids.js';
import { DEFAULT_DECISION, type DecisionOptions, STEP } from './decision-steps.js';
import type { VantageCosts } from './export/vantage.js';
import type { AdjRibIn } from './import/adj-rib-in.js';
import { type EqualPathVerdict, MultipathChoice } from './multipath/multipath-choice.js';
import type { AttrSets } from './tables/attr-sets.js';
import type { NextHopId, NextHops } from './tables/next-hops.js';
import { PathList } from './tables/path-list.js';
import type { Sources } from './tables/sources.js';

/** The highest MED that a path can bring. */
const WORST_MED = 0xffffffff;
/** RFC 7311 3: what the sum of metric and cost cannot exceed. */
const WORST_AIGP = 0xffffffffffffffffn;

export interface DecisionTables {
  readonly attrSets: AttrSets;
  readonly nextHops: NextHops;
  readonly sources: Sources;
}

/** Why each candidate lost; the winner has the last step that was needed. */
export interface DecisionReport {
  readonly best: PathId | typeof NONE;
  readonly step: number;
  readonly losers: readonly { readonly path: PathId; readonly step: number }[];
  /** The multipath set, the best path among them; empty when there is none. */
  readonly members: ReadonlySet<PathId>;
  /** Paths as good as the best up to the router id that are no members nevertheless. */
  readonly left: ReadonlyMap<PathId, EqualPathVerdict>;
}

type Rank = (decision: Decision, path: number) => number;

type Ranks = readonly (readonly [step: number, rank: Rank])[];

const RANKS_BEFORE_AIGP: Ranks = [
  [STEP.weight, (d, path) => -d.weight(path)],
  [STEP.localPref, (d, path) => -d.tables.attrSets.localPref(d.attrs(path))],
  [STEP.local, (d, path) => Math.min(d.paths.peer[path]!, FIRST_PEER)],
];

const RANKS_BEFORE_MED: Ranks = [
  [STEP.asPath, (d, path) => d.tables.attrSets.asPathLength[d.attrs(path)]!],
  [STEP.origin, (d, path) => d.tables.attrSets.origin[d.attrs(path)]!],
];

const RANKS_AFTER_MED: Ranks = [
  [STEP.ebgp, (d, path) => (d.peerType(path) === 'ibgp' ? 1 : 0)],
  [STEP.cost, (d, path) => d.cost(path)],
];

const RANKS_OF_EQUALS: Ranks = [
  [STEP.routerId, (d, path) => d.routerId(path)],
  [STEP.clusterList, (d, path) => d.tables.attrSets.clusterListLength[d.attrs(path)]!],
];

/** Stays empty. */
const NOTHING = new PathList();

export class Decision {
  readonly tables: DecisionTables;
  paths: AdjRibIn;
  /** The multipath set of the latest decision, the best path first; empty when there is none. */
  readonly members = new PathList();
  readonly #family: FamilyIndex;
  #options: DecisionOptions = DEFAULT_DECISION;
  #multipath: MultipathChoice | null = null;
  #candidates = new Int32Array(16);
  #count = 0;
  readonly #ranked = new PathList();
  /** Left out of the decision: they were chosen, or refused, before. */
  #chosen = NOTHING;
  /** Whose costs to next hops count; null: ours. */
  #vantage: VantageCosts | null = null;
  #report: { path: PathId; step: number }[] | null = null;
  #step = 0;

  constructor(
    tables: DecisionTables,
    paths: AdjRibIn,
    options: DecisionOptions = DEFAULT_DECISION,
    family: FamilyIndex = 0,
  ) {
    this.tables = tables;
    this.paths = paths;
    this.#family = family;
    this.options = options;
  }

  get options(): DecisionOptions {
    return this.#options;
  }

  set options(options: DecisionOptions) {
    this.#options = options;
    const { ebgp, ibgp, eibgp } = options.multipath.families[this.#family];
    const isOff = ebgp <= 1 && ibgp <= 1 && eibgp <= 1;
    this.#multipath = isOff ? null : new MultipathChoice(this, options.multipath, this.#family);
  }

  /**
   * The best path of the chain that starts at `head`, or NONE; `members` has the multipath set then. RFC 9107 3.1: seen
   * from `vantage`, where there is one.
   */
  best(head: number, vantage: VantageCosts | null = null): PathId | typeof NONE {
    this.members.clear();
    if (head === NONE) return NONE;
    if (this.paths.next[head] === NONE) return this.#usable(head) ? (head as PathId) : NONE;
    this.#vantage = vantage;
    return this.#decide(head);
  }

  /** Adds the best `limit` paths of the chain, each the best of those that are left. */
  addBest(head: number, limit: number, vantage: VantageCosts | null, into: PathList): void {
    this.#ranked.clear();
    while (this.#ranked.count < limit) {
      const best = this.bestWithout(head, vantage, this.#ranked);
      if (best === NONE) break;
      this.#ranked.add(best);
      into.add(best);
    }
  }

  /** The best of those paths of the chain that are not in `without`, or NONE. */
  bestWithout(head: number, vantage: VantageCosts | null, without: PathList): PathId | typeof NONE {
    this.members.clear();
    if (head === NONE) return NONE;
    this.#vantage = vantage;
    this.#chosen = without;
    const best = this.#decide(head);
    this.#chosen = NOTHING;
    return best;
  }

  /** The best of what starts here, or NONE: while the routes of peers are waited for (RFC 4724 4.1). */
  bestLocal(head: number): PathId | typeof NONE {
    this.members.clear();
    this.#ranked.clear();
    let hasLocal = false;
    for (let path = head; path !== NONE; path = this.paths.next[path]!) {
      if (this.paths.peer[path]! < FIRST_PEER) hasLocal = true;
      else this.#ranked.add(path);
    }
    return hasLocal ? this.bestWithout(head, null, this.#ranked) : NONE;
  }

  /** Adds every path of the chain that could be the best one. */
  addUsable(head: number, into: PathList): void {
    for (let path = head; path !== NONE; path = this.paths.next[path]!)
      if (this.#usable(path)) into.add(path);
  }

  /** The same as `best` with the reasons. */
  explain(head: number): DecisionReport {
    const losers: { path: PathId; step: number }[] = [];
    const left = new Map<PathId, EqualPathVerdict>();
    this.members.clear();
    this.#vantage = null;
    this.#report = losers;
    if (this.#multipath !== null) this.#multipath.report = left;
    const best = head === NONE ? (NONE as typeof NONE) : this.#decide(head);
    this.#report = null;
    if (this.#multipath !== null) this.#multipath.report = null;
    return { best, step: this.#step, losers, members: this.members.toSet(), left };
  }

  /** What the path was given, else what its kind of source has. */
  weight(path: number): number {
    const own = this.tables.attrSets.weight(this.attrs(path));
    if (own > 0) return own;
    const { localWeight, localByPreference = false } = this.#options;
    return this.paths.peer[path]! < FIRST_PEER && !localByPreference ? localWeight : 0;
  }

  /** To the next hop, from the vantage of this decision. */
  cost(path: number): number {
    const { nextHops } = this.tables;
    const nextHop = this.nextHop(path);
    return this.#vantage === null ? nextHops.cost(nextHop) : this.#vantage.cost(nextHops, nextHop);
  }

  attrs(path: number): AttrSetId {
    return this.paths.accepted[path]! as AttrSetId;
  }

  nextHop(path: number): NextHopId {
    return this.tables.attrSets.nextHop[this.attrs(path)]! as NextHopId;
  }

  peerType(path: number): 'ebgp' | 'ibgp' {
    const { peerType } = this.tables.sources.get(this.paths.peer[path]! as PeerId).origin;
    // RFC 5065 5.3: what another member AS told is as internal as what our own did.
    return peerType === 'ebgp' || peerType === 'local' ? 'ebgp' : 'ibgp';
  }

  /** RFC 4456 9: ORIGINATOR_ID stands in for the router id. */
  routerId(path: number): number {
    const originator = this.tables.attrSets.originatorId(this.attrs(path));
    if (originator >= 0) return originator;
    return this.tables.sources.get(this.paths.peer[path]! as PeerId).origin.peerRouterId;
  }

  #decide(head: number): PathId | typeof NONE {
    this.#collect(head);
    this.#step = STEP.only;
    if (this.#count === 0) return NONE;
    for (const [step, rank] of RANKS_BEFORE_AIGP) this.#keepLowest(step, rank);
    this.#keepLowestAigp();
    for (const [step, rank] of RANKS_BEFORE_MED) this.#keepLowest(step, rank);
    this.#keepLowestMed();
    const multipath = this.#multipath;
    multipath?.begin(this.#candidates, this.#count);
    for (const [step, rank] of RANKS_AFTER_MED) this.#keepLowest(step, rank);
    multipath?.narrow(this.#candidates, this.#count);
    for (const [step, rank] of RANKS_OF_EQUALS) this.#keepLowest(step, rank);
    this.#keepLowestAddress();
    this.#keepLowestPathId();
    const best = this.#candidates[0]! as PathId;
    multipath?.choose(best, this.members);
    return best;
  }

  /** The order of paths that are equal up to the router id: the last steps as a comparison. */
  compareEquals(a: number, b: number): number {
    for (const [, rank] of RANKS_OF_EQUALS) {
      const difference = rank(this, a) - rank(this, b);
      if (difference !== 0) return difference;
    }
    const [peerA, peerB] = [this.paths.peer[a]! as PeerId, this.paths.peer[b]! as PeerId];
    return this.tables.sources.compareAddress(peerA, peerB) || this.paths.pathId(a) - this.paths.pathId(b);
  }

  #collect(head: number): void {
    this.#count = 0;
    for (let path = head; path !== NONE; path = this.paths.next[path]!) {
      if (this.#chosen.count > 0 && this.#chosen.has(path)) continue;
      if (!this.#usable(path)) this.#lose(path, STEP.usable);
      else {
        if (this.#count === this.#candidates.length) this.#growCandidates();
        this.#candidates[this.#count++] = path;
      }
    }
  }

  #usable(path: number): boolean {
    const attrs = this.paths.accepted[path]!;
    return (
      attrs !== NONE && this.tables.nextHops.reachable(this.tables.attrSets.nextHop[attrs]! as NextHopId)
    );
  }

  #keepLowest(step: number, rank: Rank): void {
    if (this.#count < 2) return;
    const candidates = this.#candidates;
    let lowest = rank(this, candidates[0]!);
    for (let i = 1; i < this.#count; i++) lowest = Math.min(lowest, rank(this, candidates[i]!));
    this.#keep(step, (path) => rank(this, path) === lowest);
  }

  /** RFC 7311 4.1: with an AIGP metric before without; of those the lowest sum of it and the cost to the next hop. */
  #keepLowestAigp(): void {
    if (this.#count < 2 || !this.#someAigp()) return;
    const { attrSets } = this.tables;
    const costs = new Map<number, bigint>();
    let lowest = WORST_AIGP;
    for (let i = 0; i < this.#count; i++) {
      const path = this.#candidates[i]!;
      if (!attrSets.hasAigp(this.attrs(path))) continue;
      const cost = this.#aigpCost(path);
      costs.set(path, cost);
      if (cost < lowest) lowest = cost;
    }
    this.#keep(STEP.aigp, (path) => costs.get(path) === lowest);
  }

  #someAigp(): boolean {
    for (let i = 0; i < this.#count; i++) {
      if (this.tables.attrSets.hasAigp(this.attrs(this.#candidates[i]!))) return true;
    }
    return false;
  }

  #aigpCost(path: number): bigint {
    const cost = this.tables.attrSets.aigp(this.attrs(path)) + BigInt(this.cost(path));
    return cost > WORST_AIGP ? WORST_AIGP : cost;
  }

  #med(attrs: AttrSetId): number {
    const { attrSets } = this.tables;
    return this.options.missingMedAsWorst && !attrSets.hasMed(attrs) ? WORST_MED : attrSets.med(attrs);
  }

  /** RFC 4271 9.1.2.2 c: within each neighbour AS only the lowest MED stays. */
  #keepLowestMed(): void {
    if (this.#count < 2) return;
    const { neighbourAs } = this.tables.attrSets;
    const groupOf = (attrs: AttrSetId): number => (this.options.alwaysCompareMed ? 0 : neighbourAs[attrs]!);
    const lowest = new Map<number, number>();
    for (let i = 0; i < this.#count; i++) {
      const attrs = this.attrs(this.#candidates[i]!);
      const group = groupOf(attrs);
      lowest.set(group, Math.min(lowest.get(group) ?? Number.POSITIVE_INFINITY, this.#med(attrs)));
    }
    this.#keep(STEP.med, (path) => {
      const attrs = this.attrs(path);
      return this.#med(attrs) === lowest.get(groupOf(attrs));
    });
  }

  #keepLowestAddress(): void {
    if (this.#count < 2) return;
    const peerOf = (path: number): PeerId => this.paths.peer[path]! as PeerId;
    let lowest = peerOf(this.#candidates[0]!);
    for (let i = 1; i < this.#count; i++) {
      const peer = peerOf(this.#candidates[i]!);
      if (this.tables.sources.compareAddress(peer, lowest) < 0) lowest = peer;
    }
    this.#keep(STEP.address, (path) => peerOf(path) === lowest);
  }

  /** RFC 7911 leaves it open which of two equal paths of one peer is the better. */
  #keepLowestPathId(): void {
    this.#keepLowest(STEP.pathId, (d, path) => d.paths.pathId(path));
  }

  #keep(step: number, stays: (path: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      const path = this.#candidates[i]!;
      if (stays(path)) this.#candidates[kept++] = path;
      else this.#lose(path, step);
    }
    if (kept < this.#count) this.#step = step;
    this.#count = kept;
  }

  #lose(path: number, step: number): void {
    this.#report?.push({ path: path as PathId, step });
  }

  #growCandidates(): void {
    const grown = new Int32Array(this.#candidates.length * 2);
    grown.set(this.#candidates);
    this.#candidates = grown;
  }
}
