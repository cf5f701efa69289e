// Where the kernel was found to differ from what we last wrote: how often and why, the latest cases, how long repairs
// took, and who keeps doing it. Bounded; decides nothing.

import { Latency } from '../../base/latency.js';
import type { Prefix } from '../../base/prefix.js';
import type { DriftCause, DriftCulprit, DriftEntry, DriftStatus, Fight, KernelEvent } from '../types.js';

const KEPT = 100;
const FIGHTS_KEPT = 100;
/** Milliseconds without another blow after which a fight is over. */
const FIGHT_MEMORY = 300_000;
const NOTHING: readonly KernelEvent[] = [];

export class DriftLog {
  readonly #counts: Record<DriftCause, number> = {
    deleted: 0,
    changed: 0,
    taken: 0,
    linkLost: 0,
    missing: 0,
    differs: 0,
    overrun: 0,
    overwrote: 0,
  };
  readonly #recent: DriftEntry[] = [];
  /** Rows not put right yet, with when they were found. */
  readonly #open = new Map<number, number>();
  readonly #fights = new Map<number, Fight>();
  readonly #repair = new Latency();
  /** Found since the last `take`. */
  #news: DriftEntry[] = [];
  #fightNews: Fight[] = [];
  #fightCount = 0;

  /** `key` is the row's. A loss with its link is counted only: thousands go at once and nobody is to blame. */
  record(key: number, prefix: Prefix, cause: DriftCause, by: DriftCulprit | null, now: number): void {
    this.#counts[cause]++;
    if (cause === 'linkLost') return;
    if (this.#open.size < 1_000_000) this.#open.set(key, this.#open.get(key) ?? now);
    this.#keep({ prefix, cause, by, at: now });
  }

  /** A route of `by`'s that a write of ours had displaced is back: there is nothing left to put right. */
  overwrote(prefix: Prefix, by: DriftCulprit | null, now: number): void {
    this.#counts.overwrote++;
    this.#keep({ prefix, cause: 'overwrote', by, at: now });
  }

  #keep(entry: DriftEntry): void {
    if (this.#recent.push(entry) > KEPT) this.#recent.shift();
    if (this.#news.length < KEPT) this.#news.push(entry);
  }

  /** Somebody insists: `blows` times by now. */
  fight(key: number, prefix: Prefix, by: DriftCulprit | null, blows: number, now: number): void {
    const known = this.#fights.get(key);
    const fight = { prefix, by: by ?? known?.by ?? null, blows, since: known?.since ?? now, last: now };
    this.#fights.delete(key);
    this.#fights.set(key, fight);
    if (known === undefined) {
      this.#fightCount++;
      this.#fightNews.push(fight);
    }
    if (this.#fights.size > FIGHTS_KEPT) this.#fights.delete(this.#fights.keys().next().value!);
  }

  /** The row's route is as it should be. */
  repaired(key: number, now: number): void {
    const since = this.#open.get(key);
    if (since === undefined) return;
    this.#open.delete(key);
    this.#repair.observe(now - since);
  }

  /** The row is nobody's any more. */
  erase(key: number): void {
    this.#open.delete(key);
    this.#fights.delete(key);
  }

  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** What is to be told since the last call: of many differences the first one and how many. */
  takeEvents(): readonly KernelEvent[] {
    const [drifts, fights] = [this.#news, this.#fightNews];
    if (drifts.length === 0 && fights.length === 0) return NOTHING;
    this.#news = [];
    this.#fightNews = [];
    const first = drifts[0];
    const events: KernelEvent[] = fights.map((fight) => ({ kind: 'fight', fight }));
    return first === undefined ? events : [{ kind: 'drift', first, count: drifts.length }, ...events];
  }

  status(now: number): DriftStatus {
    for (const [key, { last }] of this.#fights) if (now - last > FIGHT_MEMORY) this.#fights.delete(key);
    return {
      counts: { ...this.#counts },
      open: this.#open.size,
      recent: [...this.#recent],
      fights: [...this.#fights.values()],
      fightCount: this.#fightCount,
      repair: this.#repair.snapshot(),
    };
  }
}
