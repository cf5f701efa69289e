// The decision process (RFC 4271 9.1.2, RFC 4456 9): candidates are eliminated step by step, and every loser keeps the
// number of the step that put it out. Elimination, not pairwise comparison: MED is compared only within a neighbour AS,
// which is no total order, so the order of arrival never matters here.

import { type AttrSetId, FIRST_PEER, NONE, type PathId, type PeerId } from '../base/ids.js';
import type { AdjRibIn } from './adj-rib-in.js';
import type { AttrSets } from './attr-sets.js';
import type { NextHopId, NextHops } from './next-hops.js';
import type { Sources } from './sources.js';

/** The steps in order; their numbers are shown to operators. */
export const DECISION_STEPS = [
  'only path',
  'usable: accepted by import policy and next hop reachable',
  'local route before learned ones',
  'highest weight',
  'highest LOCAL_PREF',
  'lowest AIGP with the cost to the next hop',
  'shortest AS_PATH',
  'lowest ORIGIN',
  'lowest MED of the same neighbour AS',
  'eBGP before iBGP',
  'lowest cost to the next hop',
  'lowest router id or ORIGINATOR_ID',
  'shortest CLUSTER_LIST',
  'lowest peer address',
] as const;

export const STEP = {
  only: 0,
  usable: 1,
  local: 2,
  weight: 3,
  localPref: 4,
  aigp: 5,
  asPath: 6,
  origin: 7,
  med: 8,
  ebgp: 9,
  cost: 10,
  routerId: 11,
  clusterList: 12,
  address: 13,
} as const;

/** What operators may want otherwise; the decision is deterministic either way. */
export interface DecisionOptions {
  /** MED is compared between paths of different neighbour ASes, too. */
  readonly alwaysCompareMed: boolean;
  /** A path without MED loses against every other; false: its MED is 0, which is the best. */
  readonly missingMedAsWorst: boolean;
  /** LOCAL_PREF is compared before local routes win: a workload may move to where a higher one comes from. Absent: no. */
  readonly localByPreference?: boolean;
}

export const DEFAULT_DECISION: DecisionOptions = {
  alwaysCompareMed: false,
  missingMedAsWorst: false,
};

export const sameOptions = (a: DecisionOptions, b: DecisionOptions): boolean =>
  a.alwaysCompareMed === b.alwaysCompareMed &&
  a.missingMedAsWorst === b.missingMedAsWorst &&
  (a.localByPreference ?? false) === (b.localByPreference ?? false);

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
}

type Rank = (decision: Decision, path: number) => number;

type Ranks = readonly (readonly [step: number, rank: Rank])[];

const RANKS_BEFORE_AIGP: Ranks = [
  [STEP.local, (d, path) => Math.min(d.paths.peer[path]!, FIRST_PEER)],
  [STEP.weight, (d, path) => -d.tables.attrSets.weight(d.attrs(path))],
  [STEP.localPref, (d, path) => -d.tables.attrSets.localPref(d.attrs(path))],
];

const RANKS_BY_PREFERENCE: Ranks = RANKS_BEFORE_AIGP.toReversed();

const RANKS_BEFORE_MED: Ranks = [
  [STEP.asPath, (d, path) => d.tables.attrSets.asPathLength[d.attrs(path)]!],
  [STEP.origin, (d, path) => d.tables.attrSets.origin[d.attrs(path)]!],
];

const RANKS_AFTER_MED: Ranks = [
  [STEP.ebgp, (d, path) => (d.peerType(path) === 'ibgp' ? 1 : 0)],
  [STEP.cost, (d, path) => d.tables.nextHops.cost(d.nextHop(path))],
  [STEP.routerId, (d, path) => d.routerId(path)],
  [STEP.clusterList, (d, path) => d.tables.attrSets.clusterListLength[d.attrs(path)]!],
];

export class Decision {
  readonly tables: DecisionTables;
  paths: AdjRibIn;
  options: DecisionOptions;
  #candidates = new Int32Array(16);
  #count = 0;
  #report: { path: PathId; step: number }[] | null = null;
  #step = 0;

  constructor(tables: DecisionTables, paths: AdjRibIn, options: DecisionOptions = DEFAULT_DECISION) {
    this.tables = tables;
    this.paths = paths;
    this.options = options;
  }

  /** The best path of the chain that starts at `head`, or NONE. */
  best(head: number): PathId | typeof NONE {
    if (head === NONE) return NONE;
    if (this.paths.next[head] === NONE) return this.#usable(head) ? (head as PathId) : NONE;
    return this.#decide(head);
  }

  /** The same with the reasons. */
  explain(head: number): DecisionReport {
    const losers: { path: PathId; step: number }[] = [];
    this.#report = losers;
    const best = head === NONE ? (NONE as typeof NONE) : this.#decide(head);
    this.#report = null;
    return { best, step: this.#step, losers };
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
    const first = this.options.localByPreference === true ? RANKS_BY_PREFERENCE : RANKS_BEFORE_AIGP;
    for (const [step, rank] of first) this.#keepLowest(step, rank);
    this.#keepLowestAigp();
    for (const [step, rank] of RANKS_BEFORE_MED) this.#keepLowest(step, rank);
    this.#keepLowestMed();
    for (const [step, rank] of RANKS_AFTER_MED) this.#keepLowest(step, rank);
    this.#keepLowestAddress();
    return this.#candidates[0]! as PathId;
  }

  #collect(head: number): void {
    this.#count = 0;
    for (let path = head; path !== NONE; path = this.paths.next[path]!) {
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
    const cost =
      this.tables.attrSets.aigp(this.attrs(path)) + BigInt(this.tables.nextHops.cost(this.nextHop(path)));
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
    let lowest = this.#candidates[0]!;
    for (let i = 1; i < this.#count; i++) {
      const path = this.#candidates[i]!;
      if (this.tables.sources.compareAddress(peerOf(path), peerOf(lowest)) < 0) lowest = path;
    }
    this.#keep(STEP.address, (path) => path === lowest);
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
