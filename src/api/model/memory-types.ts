// What takes how much memory, as the status model tells it.

import type { FamilyName } from '../../base/family.js';

/** Octets, unless the name says otherwise. */
export interface MemoryReport {
  /** The whole process, from the system and from the engine. */
  readonly process: {
    readonly rss: number;
    readonly heapUsed: number;
    readonly heapTotal: number;
    readonly external: number;
    readonly arrayBuffers: number;
  };
  readonly tables: Readonly<
    Record<FamilyName, { readonly prefixes: MemoryShare; readonly paths: MemoryShare }>
  >;
  readonly attributeSets: {
    readonly count: number;
    readonly columnBytes: number;
    readonly arenaBytes: number;
  };
  readonly nextHops: MemoryShare;
  /** Lists of what is to be decided. */
  readonly work: { readonly bytes: number };
  readonly updateGroups: readonly UpdateGroupMemory[];
  /** Of all tables and groups. */
  readonly ribBytes: number;
  readonly peers: readonly {
    readonly name: string;
    /** Paths received from it. */
    readonly paths: number;
    /** To send, and not taken by the system yet. */
    readonly queuedBytes: number;
  }[];
  readonly limits: readonly LimitStatus[];
}

export interface MemoryShare {
  readonly count: number;
  readonly bytes: number;
}

export interface UpdateGroupMemory {
  readonly id: number;
  readonly members: number;
  readonly adjRibOut: number;
  /** What became of attribute sets on their way out. */
  readonly memo: number;
  /** Room for the changes of a pass. */
  readonly pending: number;
  /** Packets that members have not taken, and the same of those who are behind. */
  readonly queue: number;
  readonly catchUps: number;
}

/** A configured limit. `memory` is in octets here. */
export interface LimitStatus {
  readonly name: 'paths' | 'attributeSets' | 'memory';
  readonly limit: number;
  readonly used: number;
  readonly exceeded: boolean;
}
