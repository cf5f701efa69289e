// Reload: reads the configuration again, applies it when it is good, keeps the running one when it is not.
// One at a time; a request that comes during one is answered by the next.

import type { ConfigStatus } from '../api/types.js';
import { diffConfig } from '../config/diff.js';
import { formatProblem } from '../config/problem.js';
import type { Config, ConfigResult } from '../config/types.js';
import type { DaemonEvents } from './events.js';

export interface ReloadTarget {
  readonly config: Config;
  reconfigure(config: Config): Promise<readonly string[]>;
}

export interface ReloadResult {
  readonly ok: boolean;
  readonly message: string;
}

export class Reloader {
  readonly #target: ReloadTarget;
  readonly #events: DaemonEvents;
  readonly #read: (() => ConfigResult) | null;
  readonly #wallClock: () => number;
  readonly #file: string;
  #generation = 1;
  #loadedAt: number;
  #lastError: string | null = null;
  #running: Promise<ReloadResult> | null = null;

  constructor(
    target: ReloadTarget,
    events: DaemonEvents,
    file: string,
    read: (() => ConfigResult) | null,
    wallClock: () => number,
  ) {
    this.#target = target;
    this.#events = events;
    this.#file = file;
    this.#read = read;
    this.#wallClock = wallClock;
    this.#loadedAt = wallClock();
  }

  status(): ConfigStatus {
    return {
      file: this.#file,
      generation: this.#generation,
      loadedAt: new Date(this.#loadedAt).toISOString(),
      lastError: this.#lastError,
    };
  }

  async reload(): Promise<ReloadResult> {
    const before = this.#running ?? Promise.resolve();
    const mine = before.then(() => this.#once());
    this.#running = mine;
    return mine;
  }

  async #once(): Promise<ReloadResult> {
    if (this.#read === null) return { ok: false, message: 'this daemon was started without a file' };
    const result = this.#read();
    if (!result.ok) {
      this.#events.emit('configRejected', result.problems);
      this.#lastError = result.problems.map(formatProblem).join('\n');
      return { ok: false, message: this.#lastError };
    }
    for (const warning of result.warnings) this.#events.emit('configWarning', warning);
    return this.#apply(result.config);
  }

  async #apply(config: Config): Promise<ReloadResult> {
    const diff = diffConfig(this.#target.config, config);
    const changes = diff.isEmpty ? [] : await this.#target.reconfigure(config);
    const notes = [...changes, ...diff.needsRestart.map((key) => `${key} takes effect at the next start`)];
    this.#generation++;
    this.#loadedAt = this.#wallClock();
    this.#lastError = null;
    this.#events.emit('configLoaded', this.#generation, notes);
    const detail = diff.isEmpty ? 'nothing changed' : notes.join(', ') || 'applied, no session was disturbed';
    return { ok: true, message: `generation ${this.#generation}: ${detail}` };
  }
}
