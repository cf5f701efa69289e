// Reload: reads the configuration again, applies it when it is good and the guard lets it pass, keeps the running one when
// not. One at a time; a request that comes during one is answered by the next.

import type { CalicoStatus, ConfigStatus, ObjectStatus } from '../../api/model/types.js';
import type { CalicoReport } from '../../config/calico/calico-report.js';
import { diffConfig, liveConfig } from '../../config/diff.js';
import { formatProblem } from '../../config/problem.js';
import { objectsOf, type PlainConfig } from '../../config/sources/last-good.js';
import type { TrialConfig } from '../../config/sources/trial.js';
import type { Config, ConfigProblem, ConfigResult, KeptObject } from '../../config/types.js';
import type { DaemonEvents } from '../events.js';
import { lossesOf, mayWithdraw } from '../preview/config-preview.js';
import type { RoutePreview } from '../preview/route-preview.js';
import { guardReasons, refusalText } from '../preview/withdraw-guard.js';
import { CalicoObjects } from './calico-objects.js';
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
  /** What the configuration in force was made of; null: unknown, its objects are not told apart until a reload. */
  readonly source: PlainConfig | null;
  /** Reads the Calico resources again; null: they are as they were. */
  readonly refresh: (() => ConfigResult | null) | null;
  /** Of the configuration at the start. */
  readonly calico: CalicoReport | null;
  /** What a configuration would do to routes; names at most `limit` prefixes of a kind. */
  readonly preview: (config: Config, limit: number) => Promise<RoutePreview>;
  /** Null: nothing remembers what the configuration in force was made of. */
  readonly trial: TrialConfig | null;
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
  #objects: ReadonlyMap<string, ObjectState>;
  #running: Promise<unknown> = Promise.resolve();
  /** Changes that the guard refused. */
  #guarded = 0;
  /** Why reloads are refused for now; null: they are not. */
  hold: string | null = null;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#objects = objectStates(new Map(), options.source ?? {}, [], 1);
    this.#loadedAt = options.wallClock();
    this.#calico.loaded(options.calico, this.#generation);
  }

  calico(): CalicoStatus | null {
    return this.#calico.status();
  }

  status(): Omit<ConfigStatus, 'pending' | 'lastRollback' | 'rollbacks'> {
    return {
      file: this.#options.file,
      generation: this.#generation,
      loadedAt: new Date(this.#loadedAt).toISOString(),
      lastError: this.#lastError,
      needsRestart: this.#needsRestart,
      guarded: this.#guarded,
    };
  }

  objects(): readonly ObjectStatus[] {
    return [...this.#objects].map(([object, { generation, error }]) => ({ object, generation, error }));
  }

  /** Of the objects in force, by name. */
  objectTexts(): ReadonlyMap<string, string> {
    return new Map([...this.#objects].map(([object, { text }]) => [object, text]));
  }

  preview(config: Config, limit: number): Promise<RoutePreview> {
    return this.#options.preview(config, limit);
  }

  /** `force`: the guard does not count. */
  async reload(force = false): Promise<ReloadResult> {
    const { read } = this.#options;
    if (read === null) return { ok: false, message: 'this daemon was started without a file' };
    return this.inTurn(async () => {
      if (this.hold === null) return this.#once(read, force);
      this.#options.events.emit('configRefused', this.hold);
      return { ok: false, message: this.hold };
    });
  }

  /** Takes over what changed in the Calico resources. */
  async refresh(): Promise<ReloadResult> {
    return this.inTurn(() => this.#once(this.#options.refresh ?? (() => null), false));
  }

  /** Takes a changed configuration over without a new generation: the file is the same. In turn with reloads. */
  async adopt(choose: () => ConfigResult): Promise<ReloadResult> {
    return this.inTurn(async (): Promise<ReloadResult> => {
      const result = choose();
      if (!result.ok) return { ok: false, message: firstOf(result.problems) };
      const { target } = this.#options;
      const sessions = await target.reconfigure(liveConfig(target.config, result.config));
      return { ok: true, message: summarize(sessions) || 'nothing changed' };
    });
  }

  /** When what was asked for before is done. */
  inTurn<T>(job: () => Promise<T>): Promise<T> {
    const mine = this.#running.then(job);
    this.#running = mine.catch(() => undefined);
    return mine;
  }

  /** Why `config` would withdraw too much, in one line that ends in `remedy`; null: it would not. */
  async guard(config: Config, remedy: string): Promise<string | null> {
    const { config: running } = this.#options.target;
    if (running.reload.maxWithdraw === null || !mayWithdraw(diffConfig(running, config))) return null;
    const reasons = guardReasons(running.reload, lossesOf(await this.preview(config, 0)));
    if (reasons.length === 0) return null;
    this.#guarded++;
    return refusalText(reasons, running.reload, remedy);
  }

  async #once(read: Read, force: boolean): Promise<ReloadResult> {
    const { events, target, trial } = this.#options;
    const memory = trial?.memory ?? null;
    const result = read();
    if (result === null) return { ok: true, message: 'nothing changed' };
    if (!result.ok) {
      events.emit('configRejected', result.problems);
      this.#lastError = firstOf(result.problems);
      return { ok: false, message: this.#lastError };
    }
    const refusal = force ? null : await this.guard(liveConfig(target.config, result.config), FORCE);
    if (refusal === null) return this.take(result);
    if (trial !== null && memory !== null) trial.memory = memory;
    events.emit('configRefused', refusal);
    this.#lastError = refusal;
    return { ok: false, message: refusal };
  }

  /** Takes a good configuration over, with a generation of its own. To be called in turn. */
  async take({ config: wanted, source, kept, calico, warnings }: GoodConfig): Promise<ReloadResult> {
    const { target, events, wallClock } = this.#options;
    for (const warning of warnings) events.emit('configWarning', warning);
    if (kept.length > 0) events.emit('configKept', kept);
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
    this.#lastError = kept.length === 0 ? null : firstOf(kept.map(({ problem }) => problem));
    this.#calico.loaded(calico, this.#generation);
    this.#objects = objectStates(this.#objects, source, kept, this.#generation);
    this.#needsRestart = needsRestart;
    events.emit('configLoaded', this.#generation, config, notes);
    const applied = `generation ${this.#generation}: ${summarize(notes) || 'nothing changed'}`;
    if (kept.length === 0) return { ok: true, message: applied };
    const names = kept.map(({ object, fate }) => `${object} ${fate === 'kept' ? 'stays' : 'is left out'}`);
    return { ok: false, message: `${applied}; not taken over: ${names.join(', ')}: ${this.#lastError}` };
  }
}

const FORCE = 'bgpctl reload --force goes ahead, a signal cannot';

type Read = () => ConfigResult | null;

type GoodConfig = Extract<ConfigResult, { readonly ok: true }>;

interface ObjectState {
  readonly text: string;
  readonly generation: number;
  readonly error: string | null;
}

/** An object has the generation in which it became what it is. */
function objectStates(
  before: ReadonlyMap<string, ObjectState>,
  source: PlainConfig,
  kept: readonly KeptObject[],
  generation: number,
): ReadonlyMap<string, ObjectState> {
  const errors = new Map(kept.map(({ object, problem }) => [object, formatProblem(problem)]));
  const states = new Map<string, ObjectState>();
  for (const [object, text] of objectsOf(source)) {
    const was = before.get(object);
    const since = was?.text === text ? was.generation : generation;
    states.set(object, { text, generation: since, error: errors.get(object) ?? null });
  }
  for (const { object } of kept.filter((found) => !states.has(found.object))) {
    states.set(object, { text: '', generation: 0, error: errors.get(object) ?? null });
  }
  return states;
}

/** One line for the status; the log has them all. */
function firstOf(problems: readonly ConfigProblem[]): string {
  const more = problems.length - 1;
  const [first] = problems.map(formatProblem);
  return `${first ?? 'the configuration is wrong'}${more > 0 ? ` (and ${more} more: bgpd --check shows all)` : ''}`;
}
