// The configuration file with the state file beside it: read from disk, or loaded again from what was read last, so that
// a change at run time never brings in edits of the file that nobody has asked to reload.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasTcpAo } from '../sys/tcp-ao.js';
import type { CalicoReport } from './calico-report.js';
import { CalicoStore } from './calico-store.js';
import type { PlainConfig } from './last-good.js';
import { type ConfigEnvironment, loadConfig } from './load.js';
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
import type { CalicoConfig, ConfigProblem, ConfigResult } from './types.js';

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

export class ConfigFile implements RuntimeConfig, CalicoFile {
  readonly path: string;
  /** The text of the last load that was good, and what stands in for its broken objects. */
  #text: string | null = null;
  #source: PlainConfig | null = null;
  readonly #store: CalicoStore;
  #calico: CalicoConfig | null = null;
  #report: CalicoReport | null = null;

  constructor(path: string) {
    this.path = path;
    this.#store = new CalicoStore(path);
  }

  get report(): CalicoReport | null {
    return this.#report;
  }

  /** Reads the file and loads it, with `runtime` over what the state file keeps. */
  read(runtime: RuntimePeers = NO_RUNTIME): ConfigResult {
    const text = readText(this.path);
    if (typeof text !== 'string') return { ok: false, problems: [text] };
    const kept = this.kept();
    if (!kept.ok) return { ok: false, problems: [kept.problem] };
    const result = this.#load(text, layered(kept.runtime, runtime));
    if (!result.ok) return result;
    this.#text = text;
    this.#source = result.source;
    return result;
  }

  refresh(runtime: RuntimePeers): ConfigResult | null {
    if (this.#text === null || this.#calico === null) return null;
    const kept = this.kept();
    if (!kept.ok) return null;
    const before = this.#report?.digest;
    const result = this.#load(this.#text, layered(kept.runtime, runtime));
    return this.#report?.digest === before ? null : result;
  }

  folders(): readonly string[] {
    return this.#calico === null ? [] : this.#store.folders(this.#calico);
  }

  kept(): RuntimeResult {
    return readRuntimeFile(runtimeFileOf(this.path));
  }

  keep(runtime: RuntimePeers): string | null {
    return writeRuntimeFile(runtimeFileOf(this.path), runtime);
  }

  again(kept: RuntimePeers, runtime: RuntimePeers): ConfigResult {
    return this.#text === null ? this.read(runtime) : this.#load(this.#text, layered(kept, runtime));
  }

  #load(text: string, runtime: RuntimePeers): ConfigResult {
    const environment: ConfigEnvironment = {
      hostname: hostname(),
      secrets: systemSecrets(this.path, process.env),
      hasTcpAo,
      runtime,
      lastGood: this.#source,
      calico: (config) => this.#store.read(config),
    };
    const result = loadConfig(text, this.path, environment);
    if (result.ok) {
      this.#calico = result.config.calico;
      this.#report = result.calico;
    }
    return result;
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
