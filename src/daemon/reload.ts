// Reload: reads the configuration again, applies it when it is good, keeps the running one when it is not.
// One at a time; a request that comes during one is answered by the next.

import type { CalicoStatus, ConfigStatus } from '../api/types.js';
import type { CalicoReport } from '../config/calico-report.js';
import { diffConfig, liveConfig } from '../config/diff.js';
import { formatProblem } from '../config/problem.js';
import type { Config, ConfigProblem, ConfigResult } from '../config/types.js';
import { CalicoObjects } from './calico-objects.js';
import type { DaemonEvents } from './events.js';
import { describeChanges, summarize } from './reload-notes.js';

export interface ReloadTarget {
  /** What is in force. */
  readonly config: Config;
  /** Returns what happened to sessions. */
  reconfigure(config: Config): Promise<readonly string[]>;
}

export interface ReloadOptions {
  readonly target: ReloadTarget;
  readonly events: DaemonEvents;
  readonly file: string;
  /** Null: there is nothing to read again. */
  readonly read: (() => ConfigResult) | null;
  /** Reads the Calico resources again; null: they are as they were. */
  readonly refresh: (() => ConfigResult | null) | null;
  /** Of the configuration at the start. */
  readonly calico: CalicoReport | null;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

export interface ReloadResult {
  readonly ok: boolean;
  /** One line. */
  readonly message: string;
}

export class Reloader {
  readonly #options: ReloadOptions;
  #generation = 1;
  readonly #calico = new CalicoObjects();
  #loadedAt: number;
  #lastError: string | null = null;
  #needsRestart: readonly string[] = [];
  #running: Promise<ReloadResult> | null = null;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#loadedAt = options.wallClock();
    this.#calico.loaded(options.calico, this.#generation);
  }

  calico(): CalicoStatus | null {
    return this.#calico.status();
  }

  status(): ConfigStatus {
    return {
      file: this.#options.file,
      generation: this.#generation,
      loadedAt: new Date(this.#loadedAt).toISOString(),
      lastError: this.#lastError,
      needsRestart: this.#needsRestart,
    };
  }

  async reload(): Promise<ReloadResult> {
    const { read } = this.#options;
    if (read === null) return { ok: false, message: 'this daemon was started without a file' };
    return this.#next(read);
  }

  /** Takes over what changed in the Calico resources. */
  async refresh(): Promise<ReloadResult> {
    return this.#next(this.#options.refresh ?? (() => null));
  }

  async #next(read: () => ConfigResult | null): Promise<ReloadResult> {
    const before = this.#running ?? Promise.resolve();
    const mine = before.then(() => this.#once(read));
    this.#running = mine;
    return mine;
  }

  async #once(read: () => ConfigResult | null): Promise<ReloadResult> {
    const { events } = this.#options;
    const result = read();
    if (result === null) return { ok: true, message: 'nothing changed' };
    if (!result.ok) {
      events.emit('configRejected', result.problems);
      this.#lastError = firstOf(result.problems);
      return { ok: false, message: this.#lastError };
    }
    for (const warning of result.warnings) events.emit('configWarning', warning);
    return this.#apply(result.config, result.calico);
  }

  async #apply(wanted: Config, calico: CalicoReport | null): Promise<ReloadResult> {
    const { target, events, wallClock } = this.#options;
    const config = liveConfig(target.config, wanted);
    const { needsRestart } = diffConfig(target.config, wanted);
    const diff = diffConfig(target.config, config);
    const sessions = diff.isEmpty ? [] : await target.reconfigure(config);
    const notes = [
      ...sessions,
      ...describeChanges(diff),
      ...needsRestart.map((key) => `${key} takes effect at the next start`),
    ];
    this.#generation++;
    this.#loadedAt = wallClock();
    this.#lastError = null;
    this.#calico.loaded(calico, this.#generation);
    this.#needsRestart = needsRestart;
    events.emit('configLoaded', this.#generation, config, notes);
    return { ok: true, message: `generation ${this.#generation}: ${summarize(notes) || 'nothing changed'}` };
  }
}

/** One line for the status; the log has them all. */
function firstOf(problems: readonly ConfigProblem[]): string {
  const more = problems.length - 1;
  const [first] = problems.map(formatProblem);
  return `${first ?? 'the configuration is wrong'}${more > 0 ? ` (and ${more} more: bgpd --check shows all)` : ''}`;
}
