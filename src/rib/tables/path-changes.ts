// Paths come, change and go: keeps the columns, the references to attribute sets, the uses of next hops and the counts of
// the sources in step, and marks the prefix as one to decide again. It never decides and never asks a policy.

import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, NONE, type PathId, type PeerId, type PrefixId } from '../../base/ids.js';
import type { AdjRibIn } from '../import/adj-rib-in.js';
import type { AttrSets } from './attr-sets.js';
import type { DirtyList } from './dirty-list.js';
import type { NextHopId, NextHops } from './next-hops.js';
import type { PrefixTable } from './prefix-table.js';
import type { Source, Sources } from './sources.js';

export interface PathTables {
  readonly prefixes: readonly [PrefixTable, PrefixTable];
  readonly paths: readonly [AdjRibIn, AdjRibIn];
  readonly attrSets: AttrSets;
  readonly nextHops: NextHops;
  readonly sources: Sources;
}

type Accepted = AttrSetId | typeof NONE;

export class PathChanges {
  readonly #tables: PathTables;
  readonly #dirty: readonly [DirtyList, DirtyList];

  constructor(tables: PathTables, dirty: readonly [DirtyList, DirtyList]) {
    this.#tables = tables;
    this.#dirty = dirty;
  }

  /** The source has this path for the prefix from now on; `accepted` NONE when import refused it. */
  set(
    family: FamilyIndex,
    prefix: PrefixId,
    source: PeerId,
    pathId: number,
    received: AttrSetId,
    accepted: Accepted,
  ): void {
    const { attrSets, prefixes, sources } = this.#tables;
    const paths = this.#tables.paths[family];
    let path = paths.find(prefixes[family].head[prefix]!, source, pathId);
    const from = sources.get(source);
    if (path === NONE) {
      if (from.received[family] >= from.mostPaths[family]) {
        this.#drop(family, prefix, from);
        return;
      }
      path = paths.add(prefixes[family], prefix, source, pathId);
      from.received[family]++;
    }
    paths.round[path] = from.refresh.round[family];
    if (paths.received[path] === received && paths.accepted[path] === accepted) return;
    const oldReceived = paths.received[path]!;
    attrSets.ref(received);
    if (oldReceived !== NONE) attrSets.unref(oldReceived as AttrSetId);
    paths.received[path] = received;
    this.#setAccepted(family, path as PathId, accepted);
    this.#dirty[family].add(prefix);
  }

  /** The peer has told as many as are taken from it. A prefix that came with the path goes again by being decided. */
  #drop(family: FamilyIndex, prefix: PrefixId, from: Source): void {
    from.dropped[family]++;
    this.#dirty[family].add(prefix);
  }

  /** What import makes of the path now. */
  accept(family: FamilyIndex, path: PathId, accepted: Accepted): void {
    const paths = this.#tables.paths[family];
    if (accepted === paths.accepted[path]) return;
    this.#setAccepted(family, path, accepted);
    this.#dirty[family].add(paths.prefix[path]! as PrefixId);
  }

  withdraw(family: FamilyIndex, prefix: PrefixId, source: PeerId, pathId: number): void {
    const path = this.#tables.paths[family].find(this.#tables.prefixes[family].head[prefix]!, source, pathId);
    if (path !== NONE) this.remove(family, path as PathId);
  }

  remove(family: FamilyIndex, path: PathId): void {
    const { attrSets, prefixes, sources } = this.#tables;
    const paths = this.#tables.paths[family];
    const prefix = paths.prefix[path]! as PrefixId;
    sources.get(paths.peer[path]! as PeerId).received[family]--;
    this.#setAccepted(family, path, NONE);
    attrSets.unref(paths.received[path]! as AttrSetId);
    paths.received[path] = NONE;
    paths.remove(prefixes[family], path);
    this.#dirty[family].add(prefix);
  }

  #setAccepted(family: FamilyIndex, path: PathId, accepted: Accepted): void {
    const { attrSets, nextHops, sources } = this.#tables;
    const paths = this.#tables.paths[family];
    const before = paths.accepted[path]!;
    const counts = sources.get(paths.peer[path]! as PeerId).accepted;
    if (accepted !== NONE) {
      attrSets.ref(accepted as AttrSetId);
      nextHops.addPath(attrSets.nextHop[accepted]! as NextHopId);
      counts[family]++;
    }
    if (before !== NONE) {
      attrSets.unref(before as AttrSetId);
      nextHops.removePath(attrSets.nextHop[before]! as NextHopId);
      counts[family]--;
    }
    paths.accepted[path] = accepted;
  }
}
