// The configuration file with the state file beside it: read from disk, or loaded again from what was read last, so that
// a change at run time never brings in edits of the file that nobody has asked to reload.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasTcpAo } from '../../sys/tcp-ao.js';
import type { CalicoReport } from '../calico/calico-report.js';
import { type CalicoOutcome, CalicoStore } from '../calico/calico-store.js';
import { type ConfigEnvironment, loadConfig } from '../load.js';
import type { ConfigProblem, ConfigResult } from '../types.js';
import { replaceFile } from './replace-file.js';
import {
  layered,
  NO_RUNTIME,
  type RuntimePeers,
  type RuntimeResult,
  readRuntimeFile,
  runtimeFileOf,
  writeRuntimeFile,
} from './runtime-peers.js';
import { systemSecrets } from './secrets.js';
import type { FileMemory, Trial, TrialConfig } from './trial.js';

/** What changes of the configuration at run time need of it. */
export interface RuntimeConfig {
  /** What the state file keeps. */
  kept(): RuntimeResult;
  /** Null when it is kept now, else why not. */
  keep(runtime: RuntimePeers): string | null;
  /** The configuration that is in force, with these changes instead of those it has. */
  again(kept: RuntimePeers, runtime: RuntimePeers): ConfigResult;
}

/** The Calico resources that the configuration names. */
export interface CalicoFile {
  /** What became of them at the last reading; null: none are configured. */
  readonly report: CalicoReport | null;
  /** Reads them again, under the file as it was last good; null: they are as they were. */
  refresh(runtime: RuntimePeers): ConfigResult | null;
  /** Where a change of them shows; empty: there are none. */
  folders(): readonly string[];
}

export class ConfigFile implements RuntimeConfig, CalicoFile, TrialConfig {
  readonly path: string;
  memory: FileMemory;
  /** Of the resources that were read last, whatever became of them. */
  #seen: string | null = null;

  constructor(path: string) {
    this.path = path;
    const store = new CalicoStore(path);
    this.memory = { text: null, source: null, calico: null, outcome: null, store };
  }

  get report(): CalicoReport | null {
    return this.memory.outcome?.report ?? null;
  }

  /** Reads the file and loads it, with `runtime` over what the state file keeps. */
  read(runtime: RuntimePeers = NO_RUNTIME): ConfigResult {
    const text = readText(this.path);
    if (typeof text !== 'string') return { ok: false, problems: [text] };
    const kept = this.kept();
    if (!kept.ok) return { ok: false, problems: [kept.problem] };
    return this.#take(this.#load(text, this.path, layered(kept.runtime, runtime), this.memory));
  }

  refresh(runtime: RuntimePeers): ConfigResult | null {
    const { text, calico } = this.memory;
    if (text === null || calico === null) return null;
    const kept = this.kept();
    if (!kept.ok) return null;
    const before = this.#seen;
    const tried = this.#load(text, this.path, layered(kept.runtime, runtime), this.memory);
    if (tried.memory.outcome?.report.digest !== before) return this.#take(tried);
    // Equal resources: what stands in for those that can't be read now is known as well.
    return null;
  }

  trial(text: string, name: string, runtime: RuntimePeers): Trial {
    const kept = this.kept();
    const { memory } = this;
    if (!kept.ok) return { result: { ok: false, problems: [kept.problem] }, memory };
    return this.#load(text, name, layered(kept.runtime, runtime), {
      ...memory,
      source: null,
      store: memory.store.fork(),
    });
  }

  adopt(memory: FileMemory): void {
    this.memory = memory;
    this.#seen = memory.outcome?.report.digest ?? null;
  }

  save(text: string): string | null {
    return replaceFile(this.path, text);
  }

  folders(): readonly string[] {
    const { calico, store } = this.memory;
    return calico === null ? [] : store.folders(calico);
  }

  kept(): RuntimeResult {
    return readRuntimeFile(runtimeFileOf(this.path));
  }

  keep(runtime: RuntimePeers): string | null {
    return writeRuntimeFile(runtimeFileOf(this.path), runtime);
  }

  /** The resources are those in force: others come in by a reading of their own. */
  again(kept: RuntimePeers, runtime: RuntimePeers): ConfigResult {
    const { text, outcome } = this.memory;
    if (text === null) return this.read(runtime);
    return this.#load(text, this.path, layered(kept, runtime), this.memory, outcome).result;
  }

  #take({ result, memory }: Trial): ConfigResult {
    if (result.ok) this.memory = memory;
    this.#seen = memory.outcome?.report.digest ?? null;
    return result;
  }

  /** `known`: what the resources said; null: they are read. */
  #load(
    text: string,
    name: string,
    runtime: RuntimePeers,
    before: FileMemory,
    known: CalicoOutcome | null = null,
  ): Trial {
    let outcome: CalicoOutcome | null = null;
    const environment: ConfigEnvironment = {
      hostname: hostname(),
      secrets: systemSecrets(this.path, process.env),
      hasTcpAo,
      runtime,
      lastGood: before.source,
      calico: (config) => {
        outcome = known ?? before.store.read(config);
        return outcome;
      },
    };
    const result = loadConfig(text, name, environment);
    if (!result.ok) return { result, memory: before };
    const { calico } = result.config;
    return { result, memory: { text, source: result.source, calico, outcome, store: before.store } };
  }
}

/** Reads the file and the host's name, and loads it. A file that can't be read is one problem without a line. */
export const readConfigFile = (path: string): ConfigResult => new ConfigFile(path).read();

function readText(path: string): string | ConfigProblem {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    const remedy = READ_REMEDIES[code] ?? 'give a file that can be read';
    const message = `can't read the configuration (${code})`;
    return { file: path, line: 0, column: 0, key: '', message, remedy };
  }
}

const READ_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file: name it with --config FILE',
  EACCES: 'let the user of the daemon read it',
  EISDIR: 'it is a directory: name a file in it',
};
