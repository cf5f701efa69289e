// The fuzz loop: picks seeds, mutates them, runs them through the targets, keeps those that behave as none before, and
// collects what broke. Reads no clock and writes no file.

import { Mutator } from './mutator.js';
import type { Random } from './random.js';
import { CONTEXTS, type Outcome, type Run, Target } from './target.js';

export interface Finding {
  readonly fault: string;
  /** Index into `CONTEXTS`. */
  readonly session: number;
  readonly octets: Uint8Array;
}

/** Messages kept for what they did, besides the seeds. */
const MAX_KEPT = 5000;
/** Kinds of faults after which more of them would tell nothing. */
const MAX_FINDINGS = 20;

export class FuzzLoop {
  messages = 0;
  octets = 0;
  readonly findings: Finding[] = [];
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #sessions: readonly Run[];
  readonly #pool: Uint8Array[];
  readonly #seeds: number;
  readonly #steps = new Set<number>();
  readonly #faults = new Set<string>();

  constructor(seeds: readonly Uint8Array[], random: Random, sessions: readonly Run[] = realSessions()) {
    this.#random = random;
    this.#mutator = new Mutator(random);
    this.#pool = [...seeds];
    this.#seeds = seeds.length;
    this.#sessions = sessions;
    for (const seed of seeds) {
      for (let session = 0; session < sessions.length; session += 1) this.#try(seed, session, []);
    }
  }

  /** Different steps of behaviour, seen so far. */
  get behaviours(): number {
    return this.#steps.size;
  }

  /** Few messages, seeds among them, that show every behaviour seen so far. */
  cover(): readonly Uint8Array[] {
    const rows = this.#pool
      .map((octets) => ({ octets, steps: this.#stepsOf(octets) }))
      .sort((a, b) => b.steps.size - a.steps.size || a.octets.length - b.octets.length);
    const shown = new Set<number>();
    return rows
      .filter(({ steps }) => {
        const before = shown.size;
        for (const step of steps) shown.add(step);
        return shown.size > before;
      })
      .map(({ octets }) => octets);
  }

  get exhausted(): boolean {
    return this.findings.length >= MAX_FINDINGS;
  }

  run(count: number): void {
    const random = this.#random;
    const mutator = this.#mutator;
    for (let i = 0; i < count && !this.exhausted; i += 1) {
      mutator.mutate(this.#pick(), this.#pick());
      const octets = mutator.bytes.subarray(0, mutator.length);
      const session = random.below(this.#sessions.length);
      const isNew = this.#try(octets, session, this.#cuts(octets.length));
      if (isNew && this.#pool.length < this.#seeds + MAX_KEPT) this.#pool.push(octets.slice());
    }
  }

  /** What was found later must not crowd out the seeds. */
  #pick(): Uint8Array {
    const random = this.#random;
    return this.#pool[random.below(random.oneIn(2) ? this.#seeds : this.#pool.length)]!;
  }

  /** Mostly the message arrives whole. */
  #cuts(length: number): readonly number[] {
    const random = this.#random;
    if (length === 0 || !random.oneIn(16)) return [];
    return Array.from({ length: 1 + random.below(4) }, () => random.below(length)).sort((a, b) => a - b);
  }

  /** True when the message behaved as none before. */
  #try(octets: Uint8Array, session: number, cuts: readonly number[]): boolean {
    this.messages += 1;
    this.octets += octets.length;
    const run = this.#sessions[session];
    if (run === undefined) throw new Error(`no session ${session}`);
    const { fault, steps } = outcomeOf(run, octets, cuts);
    if (fault !== null) this.#found({ fault, session, octets: octets.slice() });
    const known = this.#steps.size;
    for (let i = 0; i < steps.length; i += 1) this.#steps.add(steps[i]!);
    return this.#steps.size > known;
  }

  /** In sessions of all kinds. */
  #stepsOf(octets: Uint8Array): ReadonlySet<number> {
    return new Set(this.#sessions.flatMap((run) => outcomeOf(run, octets, []).steps));
  }

  #found(finding: Finding): void {
    if (this.#faults.has(finding.fault)) return;
    this.#faults.add(finding.fault);
    this.findings.push(finding);
  }
}

const realSessions = (): readonly Run[] =>
  CONTEXTS.map((context) => {
    const target = new Target(context);
    return (octets, cuts) => target.run(octets, cuts);
  });

/** An exception is a fault, told by its place. */
function outcomeOf(run: Run, octets: Uint8Array, cuts: readonly number[]): Outcome {
  try {
    return run(octets, cuts);
  } catch (error) {
    const lines = error instanceof Error ? (error.stack ?? error.message).split('\n') : [String(error)];
    return { fault: `exception: ${lines.slice(0, 2).join(' ').replace(/\s+/g, ' ')}`, steps: [] };
  }
}
