// What a change that may be taken back needs of the configuration file: another text tried in its place, what was in force
// remembered, and the text written over the file when it is to stay. The contract only.

import type { CalicoOutcome, CalicoStore } from '../calico/calico-store.js';
import type { CalicoConfig, ConfigResult } from '../types.js';
import type { PlainConfig } from './last-good.js';
import type { RuntimePeers } from './runtime-peers.js';

/** What the configuration in force was made of. */
export interface FileMemory {
  /** Null: nothing was good yet. */
  readonly text: string | null;
  readonly source: PlainConfig | null;
  readonly calico: CalicoConfig | null;
  readonly outcome: CalicoOutcome | null;
  readonly store: CalicoStore;
}

export interface TrialConfig {
  /**
   * Loads `text` as if it stood in the configuration file: relative paths start there. `name` names it in problems, each
   * of which is one of the whole. Nothing is taken over.
   */
  trial(text: string, name: string, runtime: RuntimePeers): Trial;
  /** What is in force; set again when something turns out not to be. */
  memory: FileMemory;
  /** What was tried is in force. */
  adopt(memory: FileMemory): void;
  /** Null when the file holds the text now, else why not. Readers see the old file or the new one. */
  save(text: string): string | null;
}

export interface Trial {
  readonly result: ConfigResult;
  /** To be made the memory when it is taken over. */
  readonly memory: FileMemory;
}
