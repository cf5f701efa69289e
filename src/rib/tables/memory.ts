// How much memory the RIB holds and for what, in octets. Reads the tables; typed arrays are counted exactly, next hops about.

import type { GroupId } from '../../base/ids.js';
import type { Rib } from '../core.js';
import type { GroupMemory } from '../export/group-limits.js';

interface TableMemory {
  readonly prefixes: { readonly count: number; readonly bytes: number };
  readonly paths: { readonly count: number; readonly bytes: number };
}

export interface RibMemory {
  /** By family index. */
  readonly tables: readonly [TableMemory, TableMemory];
  readonly attributeSets: {
    readonly count: number;
    readonly columnBytes: number;
    readonly arenaBytes: number;
  };
  readonly nextHops: { readonly count: number; readonly bytes: number };
  readonly work: { readonly bytes: number };
  readonly groups: readonly (GroupMemory & { readonly id: GroupId; readonly members: number })[];
  /** Of all the above. */
  readonly total: number;
}

export function ribMemory(rib: Rib): RibMemory {
  const tables = [tableMemory(rib, 0), tableMemory(rib, 1)] as const;
  const { attrSets, nextHops } = rib;
  const attributeSets = {
    count: attrSets.size,
    columnBytes: attrSets.columnBytes,
    arenaBytes: attrSets.arenaBytes,
  };
  const groups = rib.groups.all().map((group) => ({
    id: group.id,
    members: group.size,
    ...group.memory(),
  }));
  const groupBytes = groups.map(({ adjRibOut, memo, pending, queue, catchUps }) =>
    sum([adjRibOut, memo, pending, queue, catchUps]),
  );
  const total = sum([
    ...tables.flatMap(({ prefixes, paths }) => [prefixes.bytes, paths.bytes]),
    attributeSets.columnBytes,
    attributeSets.arenaBytes,
    nextHops.bytes,
    rib.workBytes,
    ...groupBytes,
  ]);
  return {
    tables,
    attributeSets,
    nextHops: { count: nextHops.size, bytes: nextHops.bytes },
    work: { bytes: rib.workBytes },
    groups,
    total,
  };
}

const tableMemory = (rib: Rib, family: 0 | 1): TableMemory => ({
  prefixes: {
    count: rib.prefixes[family].occupied,
    bytes: rib.prefixes[family].bytes + rib.multipath.bytes(family),
  },
  paths: { count: rib.paths[family].size, bytes: rib.paths[family].bytes },
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
