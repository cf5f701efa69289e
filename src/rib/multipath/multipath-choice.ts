// Which of the paths that are as good as the best one share its traffic (RFC 4271 9.1.2.2 up to e): the multipath set of
// one decision. Fills the set; keeps nothing of it.

import type { FamilyIndex } from '../../base/family.js';
import { FIRST_PEER, type PathId } from '../../base/ids.js';
import type { Decision } from '../decision.js';
import type { MultipathLimits, MultipathOptions } from '../decision-steps.js';
import { PathList } from '../tables/path-list.js';

/** Why a path that is as good as the best is no member. */
export type EqualPathVerdict = 'asPath' | 'nextHop' | 'limit' | 'cost';

export class MultipathChoice {
  /** Filled with those that are left out, while somebody asks for it. */
  report: Map<PathId, EqualPathVerdict> | null = null;
  readonly #decision: Decision;
  readonly #limits: MultipathLimits;
  readonly #asPathRelax: boolean;
  readonly #equals = new PathList();
  readonly #compare: (a: number, b: number) => number;

  constructor(decision: Decision, options: MultipathOptions, family: FamilyIndex) {
    this.#decision = decision;
    this.#limits = options.families[family];
    this.#asPathRelax = options.asPathRelax;
    this.#compare = (a, b) => this.#kind(a) - this.#kind(b) || decision.compareEquals(a, b);
  }

  /** The candidates that are equal up to MED. */
  begin(candidates: Int32Array, count: number): void {
    this.#equals.clear();
    if (this.#limits.eibgp > 1) this.#take(candidates, count);
  }

  /** The candidates that are equal up to the cost of the next hop. */
  narrow(candidates: Int32Array, count: number): void {
    if (this.#limits.eibgp <= 1) this.#take(candidates, count);
  }

  /** Adds the set, `best` first, when it has more than that. */
  choose(best: PathId, members: PathList): void {
    const equals = this.#equals;
    if (equals.count < 2 || this.#decision.paths.peer[best]! < FIRST_PEER) return;
    equals.sort(this.#compare);
    const limit = this.#limit(best);
    members.add(best);
    for (let i = 0; i < equals.count; i++) {
      const path = equals.rows[i]!;
      if (path === best) continue;
      const verdict = this.#verdict(best, path, members, limit);
      if (verdict === null) members.add(path);
      else this.report?.set(path as PathId, verdict);
    }
    if (members.count === 1) members.clear();
  }

  #take(candidates: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#equals.add(candidates[i]!);
  }

  #limit(best: PathId): number {
    const { ebgp, ibgp, eibgp } = this.#limits;
    if (eibgp > 1) return eibgp;
    return this.#kind(best) === 0 ? ebgp : ibgp;
  }

  #verdict(best: PathId, path: number, members: PathList, limit: number): EqualPathVerdict | null {
    if (this.#limits.eibgp > 1 && !this.#isNearest(path)) return 'cost';
    if (!this.#asPathRelax && !this.#sameAsPath(best, path)) return 'asPath';
    if (this.#sharesNextHop(path, members)) return 'nextHop';
    return members.count < limit ? null : 'limit';
  }

  /** No path of its kind has a lower cost. */
  #isNearest(path: number): boolean {
    const { rows, count } = this.#equals;
    const cost = this.#decision.cost(path);
    for (let i = 0; i < count; i++) {
      if (this.#kind(rows[i]!) === this.#kind(path) && this.#decision.cost(rows[i]!) < cost) return false;
    }
    return true;
  }

  #sameAsPath(a: number, b: number): boolean {
    const { attrSets } = this.#decision.tables;
    return attrSets.sameAsPath(this.#decision.attrs(a), this.#decision.attrs(b));
  }

  /** A link-local next hop is another one on the link of another peer. */
  #sharesNextHop(path: number, members: PathList): boolean {
    const { paths, tables } = this.#decision;
    const nextHop = this.#decision.nextHop(path);
    const isLocal = tables.nextHops.isLinkLocal(nextHop);
    for (let i = 0; i < members.count; i++) {
      const member = members.rows[i]!;
      if (!tables.nextHops.sameAddress(this.#decision.nextHop(member), nextHop)) continue;
      if (!isLocal || paths.peer[member] === paths.peer[path]) return true;
    }
    return false;
  }

  #kind(path: number): 0 | 1 {
    return this.#decision.peerType(path) === 'ebgp' ? 0 : 1;
  }
}
