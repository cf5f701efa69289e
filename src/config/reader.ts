// The configuration as it is read again and again: the operator's file, and the Calico resources that it names. Remembers
// what was good, so that a mistake in one of them does not keep the other from taking effect.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CalicoReport } from './calico-report.js';
import { type CalicoOutcome, CalicoStore } from './calico-store.js';
import type { PlainConfig } from './last-good.js';
import { loadConfig, readConfigFile } from './load.js';
import type { CalicoConfig, ConfigResult } from './types.js';

export class ConfigReader {
  readonly #file: string;
  readonly #store: CalicoStore;
  /** The text of the file when it was good. */
  #text: string | null = null;
  #calico: CalicoConfig | null = null;
  #report: CalicoReport | null = null;

  constructor(file: string) {
    this.#file = file;
    this.#store = new CalicoStore(file);
  }

  /** What became of the resources at the last reading; null: none are configured. */
  get report(): CalicoReport | null {
    return this.#report;
  }

  /** The file and the resources. */
  read(lastGood: PlainConfig | null = null): ConfigResult {
    const text = this.#readText();
    return text === null ? readConfigFile(this.#file) : this.#load(text, lastGood);
  }

  /** The resources alone, under the file as it was last good; null: they are as they were. */
  refresh(lastGood: PlainConfig | null = null): ConfigResult | null {
    if (this.#text === null || this.#calico === null) return null;
    const before = this.#report?.digest;
    const result = this.#load(this.#text, lastGood);
    return this.#report?.digest === before ? null : result;
  }

  /** Where a change of the resources shows; empty: there are none. */
  folders(): readonly string[] {
    return this.#calico === null ? [] : this.#store.folders(this.#calico);
  }

  #load(text: string, lastGood: PlainConfig | null): ConfigResult {
    const calico = (config: CalicoConfig): CalicoOutcome => this.#store.read(config);
    const result = loadConfig(text, this.#file, { hostname: hostname(), calico }, lastGood);
    if (result.ok) {
      this.#text = text;
      this.#calico = result.config.calico;
      this.#report = result.calico;
    }
    return result;
  }

  /** Null where it can't be read: why is found out by who reads it for the operator. */
  #readText(): string | null {
    try {
      return readFileSync(this.#file, 'utf8');
    } catch {
      return null;
    }
  }
}
