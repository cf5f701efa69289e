// What the members of one update group are to be told of a prefix, from the paths there are: chooses as the group's
// profile says, asks its exporter. Changes no Adj-RIB-Out.

import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, NONE, type PathId, type PeerId, type PrefixId } from '../../base/ids.js';
import type { Decision } from '../decision.js';
import type { ExportProfile, PathChoice } from '../hooks.js';
import type { AdjRibIn } from '../import/adj-rib-in.js';
import { PathList } from '../tables/path-list.js';
import { ExportedPaths } from './exported-paths.js';
import type { Exporter, ExportTables } from './exporter.js';
import type { VantageCosts } from './vantage.js';

/** What groups that choose paths themselves need besides. */
export interface GroupTables extends ExportTables {
  readonly paths: readonly [AdjRibIn, AdjRibIn];
  readonly decisions: readonly [Decision, Decision];
}

/** A group, as far as it says what is told. */
export interface ChoosingGroup {
  readonly profile: ExportProfile;
  readonly exporter: Exporter;
  readonly vantage: VantageCosts | null;
}

export class ExportChoice {
  readonly #tables: GroupTables;
  readonly #chosen = new PathList();
  readonly #exported = new ExportedPaths();

  constructor(tables: GroupTables) {
    this.#tables = tables;
  }

  /** From the paths there are, which a decision about the prefix may still have to catch up with. Good until the next call. */
  chosen(group: ChoosingGroup, family: FamilyIndex, prefix: PrefixId): ExportedPaths {
    const choice = group.profile.addPath?.[family] ?? null;
    if (choice === null && group.profile.ownBest === true) return this.#ownBest(group, family, prefix);
    this.#choose(group, family, prefix, choice);
    return this.#export(group, family, prefix);
  }

  /** Every path that the group may not be told costs another decision; where the best one will do there is none. */
  #ownBest(group: ChoosingGroup, family: FamilyIndex, prefix: PrefixId): ExportedPaths {
    const { accepted, peer } = this.#tables.paths[family];
    const decision = this.#tables.decisions[family];
    const head = this.#tables.prefixes[family].head[prefix]!;
    const [refused, exported] = [this.#chosen, this.#exported];
    refused.clear();
    exported.clear();
    let path = decision.best(head, group.vantage);
    while (path !== NONE) {
      const source = peer[path]! as PeerId;
      const attrs = group.exporter.export(family, prefix, source, accepted[path]! as AttrSetId);
      if (attrs !== NONE) {
        exported.add(path, source, attrs as AttrSetId);
        return exported;
      }
      refused.add(path);
      path = decision.bestWithout(head, group.vantage, refused);
    }
    return exported;
  }

  #choose(group: ChoosingGroup, family: FamilyIndex, prefix: PrefixId, choice: PathChoice | null): void {
    const chosen = this.#chosen;
    const decision = this.#tables.decisions[family];
    const head = this.#tables.prefixes[family].head[prefix]!;
    chosen.clear();
    switch (choice?.kind) {
      case 'all':
        decision.addUsable(head, chosen);
        break;
      case 'best':
        decision.addBest(head, choice.count, group.vantage, chosen);
        break;
      case 'ecmp':
      case undefined: {
        const best = decision.best(head, group.vantage);
        if (best !== NONE) chosen.add(best);
        if (choice === null) break;
        const { rows, count } = decision.members;
        for (let i = 1; i < count; i++) chosen.add(rows[i]!);
      }
    }
  }

  #export(group: ChoosingGroup, family: FamilyIndex, prefix: PrefixId): ExportedPaths {
    const { rows, count } = this.#chosen;
    const { accepted, peer } = this.#tables.paths[family];
    const exported = this.#exported;
    exported.clear();
    for (let i = 0; i < count; i++) {
      const path = rows[i]! as PathId;
      const source = peer[path]! as PeerId;
      const attrs = group.exporter.export(family, prefix, source, accepted[path]! as AttrSetId);
      if (attrs !== NONE) exported.add(path, source, attrs as AttrSetId);
    }
    return exported;
  }
}
