// What a change of the configuration would do, before it is done; and a change that waits to be confirmed. Data only.

import type { FamilyName } from '../../base/family.js';

/** Names, as `bgpctl show config` has them. */
export interface ObjectChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Prefixes of one family; the lists may be shorter than the counts. */
export interface PrefixPreview {
  /** Announced to the peer now. */
  readonly before: number;
  readonly announced: number;
  readonly withdrawn: number;
  /** Announced with other attributes. */
  readonly changed: number;
  readonly prefixes: {
    readonly announced: readonly string[];
    readonly withdrawn: readonly string[];
    readonly changed: readonly string[];
  };
}

/**
 * `stays`: the session is not touched. `resets`: it ends and comes back. `fails`: it ends and would not come back. `ends`:
 * the peer is removed or switched off. `down`: it has none now. `new`: the peer is added; its prefixes are those that it
 * would be told.
 */
export type SessionFate = 'stays' | 'resets' | 'fails' | 'ends' | 'down' | 'new';

export interface PeerPreview {
  readonly name: string;
  readonly address: string;
  readonly session: SessionFate;
  /** Why it does not stay. */
  readonly why: readonly string[];
  readonly families: Readonly<Record<FamilyName, PrefixPreview>>;
}

export interface KernelPreview {
  readonly installed: number;
  readonly removed: number;
  readonly changed: number;
  readonly prefixes: {
    readonly installed: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
  };
}

export interface GuardPreview {
  /** Per cent; null: off. */
  readonly maxWithdraw: number | null;
  readonly minWithdraw: number;
  /** Why the change would be refused; empty: it would not. */
  readonly reasons: readonly string[];
}

/** The names may be fewer than the count. */
export interface NamedCount {
  readonly count: number;
  readonly names: readonly string[];
}

export interface ConfigPreview {
  readonly objects: ObjectChanges;
  /** Null: no Calico resources, neither now nor then. */
  readonly calico: ObjectChanges | null;
  /** What would be taken over, a line each. */
  readonly changes: readonly string[];
  /** Keys whose new value would only count after a restart. */
  readonly needsRestart: readonly string[];
  readonly warnings: readonly string[];
  /** What the figures leave out. */
  readonly notes: readonly string[];
  /** Peers of which something changes. */
  readonly peers: readonly PeerPreview[];
  /** Peers with a session of which nothing does. */
  readonly untouchedPeers: number;
  /** All peers that have no session now and are still there: what they would be told is in no figure. */
  readonly peersWithoutSession: NamedCount;
  /** Null: this node has no kernel backend. */
  readonly kernel: KernelPreview | null;
  readonly guard: GuardPreview;
  /** How long it took, and how long one slice of it at most. Milliseconds. */
  readonly elapsed: number;
  readonly longestSlice: number;
}

/** A change that was applied and is taken back unless it is confirmed. */
export interface PendingChange {
  readonly file: string;
  readonly appliedAt: string;
  /** It is rolled back at this time. */
  readonly deadline: string;
  /** The file is written over the configuration file at the confirmation. */
  readonly save: boolean;
  /** Sessions that the change has reset and that are not back. */
  readonly waitingFor: readonly string[];
}

export interface RollbackStatus {
  readonly at: string;
  readonly file: string;
  readonly reason: string;
}

/** A configuration to try: its text, and the name that it has in messages. */
export interface CandidateFile {
  readonly file: string;
  readonly text: string;
}

export interface ApplyOptions {
  /** Seconds until it is rolled back; null: it is in force for good. */
  readonly confirm: number | null;
  readonly save: boolean;
  /** The guard does not count. */
  readonly force: boolean;
}

export type PreviewResult =
  | { readonly ok: true; readonly preview: ConfigPreview }
  /** One line a problem. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** What operators may do with the configuration; on the unix socket only. */
export interface ConfigurationChanges {
  /** `all`: name every prefix. */
  diff(candidate: CandidateFile, all: boolean): Promise<PreviewResult>;
  apply(candidate: CandidateFile, options: ApplyOptions): Promise<ChangeVerdict>;
  confirm(): Promise<ChangeVerdict>;
  rollback(): Promise<ChangeVerdict>;
}

export interface ChangeVerdict {
  readonly ok: boolean;
  /** May have several lines. */
  readonly message: string;
}
