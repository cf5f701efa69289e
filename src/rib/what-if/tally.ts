// What a change means to the members of one group, prefix by prefix: counted once for all of them, and once more for each
// that is told otherwise than the others, as it is the source of a route itself.

import type { FamilyIndex } from '../../base/family.js';
import { NONE, type PeerId } from '../../base/ids.js';
import { type Told, type Verdict, verdictFor } from './told.js';

/** Prefixes of one family. */
export interface PrefixTally {
  /** Announced until now. */
  before: number;
  announced: number;
  withdrawn: number;
  changed: number;
}

export type ChangeKind = Extract<Verdict, 'announced' | 'withdrawn' | 'changed'>;

export interface PrefixChange {
  readonly kind: ChangeKind;
  readonly family: FamilyIndex;
  readonly prefix: string;
}

interface GroupChange extends PrefixChange {
  /** For whom it is otherwise. */
  readonly except: readonly PeerId[];
}

type Tallies = readonly [PrefixTally, PrefixTally];

const noTally = (): PrefixTally => ({ before: 0, announced: 0, withdrawn: 0, changed: 0 });

export class GroupTally {
  readonly members: ReadonlySet<PeerId>;
  /** Changes kept, of each kind and family; the others are only counted. */
  readonly #limit: number;
  readonly #common: Tallies = [noTally(), noTally()];
  readonly #own = new Map<PeerId, Tallies>();
  readonly #changes: GroupChange[] = [];
  readonly #ownChanges = new Map<PeerId, PrefixChange[]>();
  readonly #kept = new Map<string, number>();

  constructor(members: readonly PeerId[], limit: number) {
    this.members = new Set(members);
    this.#limit = limit;
  }

  record(family: FamilyIndex, prefix: () => string, before: Told, after: Told): void {
    if (before.count === 0 && after.count === 0) return;
    const common = verdictFor(before, after, NONE);
    count(this.#common[family], common, 1);
    const special = this.#sources(before, after);
    for (const member of special) this.#recordFor(member, family, prefix, common, before, after);
    if (isChange(common) && this.#mayKeep('', common, family)) {
      this.#changes.push({ kind: common, family, prefix: prefix(), except: special });
    }
  }

  /** What it comes to for one member. */
  of(member: PeerId, family: FamilyIndex): PrefixTally {
    const own = this.#own.get(member)?.[family] ?? noTally();
    const common = this.#common[family];
    return {
      before: common.before + own.before,
      announced: common.announced + own.announced,
      withdrawn: common.withdrawn + own.withdrawn,
      changed: common.changed + own.changed,
    };
  }

  /** As far as they were kept. */
  changesOf(member: PeerId): readonly PrefixChange[] {
    const common = this.#changes.filter(({ except }) => !except.includes(member));
    return [...common, ...(this.#ownChanges.get(member) ?? [])];
  }

  #recordFor(
    member: PeerId,
    family: FamilyIndex,
    prefix: () => string,
    common: Verdict,
    before: Told,
    after: Told,
  ): void {
    const verdict = verdictFor(before, after, member);
    let own = this.#own.get(member);
    if (own === undefined) {
      own = [noTally(), noTally()];
      this.#own.set(member, own);
    }
    count(own[family], common, -1);
    count(own[family], verdict, 1);
    if (!isChange(verdict) || !this.#mayKeep(String(member), verdict, family)) return;
    const changes = this.#ownChanges.get(member) ?? [];
    this.#ownChanges.set(member, changes);
    changes.push({ kind: verdict, family, prefix: prefix() });
  }

  #mayKeep(whose: string, kind: ChangeKind, family: FamilyIndex): boolean {
    const key = `${whose} ${kind} ${family}`;
    const kept = this.#kept.get(key) ?? 0;
    if (kept >= this.#limit) return false;
    this.#kept.set(key, kept + 1);
    return true;
  }

  /** The members that tell the prefix themselves. */
  #sources(before: Told, after: Told): readonly PeerId[] {
    let found: PeerId[] | null = null;
    for (const told of [before, after]) {
      for (let i = 0; i < told.count; i++) {
        const source = told.source[i]!;
        if (!this.members.has(source) || found?.includes(source)) continue;
        found ??= [];
        found.push(source);
      }
    }
    return found ?? NOBODY;
  }
}

const NOBODY: readonly PeerId[] = [];

const isChange = (verdict: Verdict): verdict is ChangeKind =>
  verdict === 'announced' || verdict === 'withdrawn' || verdict === 'changed';

function count(tally: PrefixTally, verdict: Verdict, by: 1 | -1): void {
  if (verdict === 'none') return;
  if (verdict !== 'announced') tally.before += by;
  if (isChange(verdict)) tally[verdict] += by;
}
