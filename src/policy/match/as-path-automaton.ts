// Expressions over AS numbers as a nondeterministic automaton, run over the octets of AS_PATH in one pass: each step of
// the path costs at most one look at each state, whatever the expression. Allocates nothing while it runs.

import { readU32 } from '../../base/bytes.js';
import type { NumberRange } from '../types.js';
import type { PathExpression } from './as-path-expression.js';

/** Beyond this an expression is refused. */
export const MAX_STATES = 2500;

type StateKind = 'step' | 'split' | 'begin' | 'end' | 'match';

interface State {
  readonly kind: StateKind;
  readonly asns: readonly NumberRange[];
  readonly negated: boolean;
  /** Where it goes on: one for all but `split` and `match`. */
  readonly next: number[];
}

/** What can be reached from a state without another AS. */
interface Closure {
  /** Step states. */
  readonly steps: Int32Array;
  /** The match is among it, the path going on or not. */
  readonly matches: boolean;
  /** The match is among it where the path ends here. */
  readonly matchesAtEnd: boolean;
}

export interface PathAutomaton {
  readonly states: number;
  readonly runs: (bytes: Uint8Array, start: number, end: number) => boolean;
}

/** AS_PATH segment types (RFC 4271 4.3 b, RFC 5065 3). */
const SET = 1;
const SEQUENCE = 2;

/** Null: the expression asks for more than `MAX_STATES` states. */
export function buildAutomaton(expression: PathExpression): PathAutomaton | null {
  const states: State[] = [state('match')];
  const first = add(states, expression, 0);
  return first < 0 ? null : automaton(states, first);
}

const state = (kind: StateKind, next: number[] = []): State => ({ kind, asns: [], negated: false, next });

/** Appends the states of `expression`, which go on at `next`; returns the first, -1 when there are too many. */
function add(states: State[], expression: PathExpression, next: number): number {
  if (next < 0 || states.length > MAX_STATES) return -1;
  switch (expression.kind) {
    case 'step':
      return push(states, { ...expression, next: [next] });
    case 'begin':
    case 'end':
      return push(states, state(expression.kind, [next]));
    case 'sequence':
      return expression.of.reduceRight((behind, part) => add(states, part, behind), next);
    case 'choice': {
      const ways = expression.of.map((part) => add(states, part, next));
      return ways.includes(-1) ? -1 : push(states, state('split', ways));
    }
    case 'repeat':
      return addRepeat(states, expression, next);
  }
}

const push = (states: State[], added: State): number => states.push(added) - 1;

function addRepeat(
  states: State[],
  { of, min, max }: Extract<PathExpression, { kind: 'repeat' }>,
  next: number,
): number {
  let behind = next;
  if (max === null) {
    const loop = push(states, state('split', [next]));
    const body = add(states, of, loop);
    if (body < 0) return -1;
    states[loop]!.next.push(body);
    behind = loop;
  } else {
    for (let i = min; i < max && behind >= 0; i++) {
      const body = add(states, of, behind);
      behind = body < 0 ? -1 : push(states, state('split', [body, next]));
    }
  }
  for (let i = 0; i < min && behind >= 0; i++) behind = add(states, of, behind);
  return behind;
}

/** `atBegin`: no AS came before. */
function closureOf(states: readonly State[], from: number, atBegin: boolean): Closure {
  const steps: number[] = [];
  let matches = false;
  let matchesAtEnd = false;
  // A state can be reached with and without having passed an `end`.
  const seen = new Set<number>();
  const open: { readonly at: number; readonly ended: boolean }[] = [{ at: from, ended: false }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { at, ended } = item;
    const { kind, next } = states[at]!;
    if (seen.has(at * 2 + Number(ended))) continue;
    seen.add(at * 2 + Number(ended));
    if (kind === 'match') {
      matchesAtEnd = true;
      if (!ended) matches = true;
    } else if (kind === 'step') {
      if (!ended) steps.push(at);
    } else if (kind !== 'begin' || atBegin) {
      for (const to of next) open.push({ at: to, ended: ended || kind === 'end' });
    }
  }
  return { steps: Int32Array.from(steps), matches, matchesAtEnd };
}

function automaton(states: readonly State[], first: number): PathAutomaton {
  const atBegin = closureOf(states, first, true);
  const anew = closureOf(states, first, false);
  const behind = states.map(({ kind, next }) =>
    kind === 'step' ? closureOf(states, next[0]!, false) : anew,
  );
  const run = new Run(states, behind, atBegin, anew);
  return { states: states.length, runs: (bytes, start, end) => run.over(bytes, start, end) };
}

/** The sets of states of one automaton; used again for every path. */
class Run {
  readonly #states: readonly State[];
  readonly #behind: readonly Closure[];
  readonly #atBegin: Closure;
  readonly #anew: Closure;
  #now: Int32Array;
  #next: Int32Array;
  /** By state: the step of the path at which it was added last. */
  readonly #addedAt: Int32Array;
  #count = 0;
  #nextCount = 0;
  #step = 0;
  #matchesAtEnd = false;

  constructor(states: readonly State[], behind: readonly Closure[], atBegin: Closure, anew: Closure) {
    this.#states = states;
    this.#behind = behind;
    this.#atBegin = atBegin;
    this.#anew = anew;
    this.#now = new Int32Array(states.length);
    this.#next = new Int32Array(states.length);
    this.#addedAt = new Int32Array(states.length);
  }

  /** `bytes` from `start` to `end` is a value of AS_PATH with 4-octet AS numbers; nothing is an empty path. */
  over(bytes: Uint8Array, start: number, end: number): boolean {
    this.#begin();
    if (this.#atBegin.matches) return true;
    for (let at = start; at < end; ) {
      const type = bytes[at]!;
      const next = at + 2 + bytes[at + 1]! * 4;
      if (type === SET) {
        if (this.#advance(bytes, at + 2, next)) return true;
      } else if (type === SEQUENCE) {
        for (let asn = at + 2; asn < next; asn += 4) if (this.#advance(bytes, asn, asn + 4)) return true;
      }
      at = next;
    }
    return this.#matchesAtEnd;
  }

  #begin(): void {
    this.#addedAt.fill(-1);
    this.#step = 0;
    this.#nextCount = 0;
    this.#enter(this.#atBegin);
    this.#turn(this.#atBegin.matchesAtEnd);
  }

  /** One AS, or the members of a set at `start` to `end`. True: it matches, whatever follows. */
  #advance(bytes: Uint8Array, start: number, end: number): boolean {
    this.#step++;
    let matchesAtEnd = this.#anew.matchesAtEnd;
    for (let i = 0; i < this.#count; i++) {
      const at = this.#now[i]!;
      if (!takes(this.#states[at]!, bytes, start, end)) continue;
      const closure = this.#behind[at]!;
      if (closure.matches) return true;
      matchesAtEnd ||= closure.matchesAtEnd;
      this.#enter(closure);
    }
    // It may begin anywhere.
    this.#enter(this.#anew);
    this.#turn(matchesAtEnd);
    return false;
  }

  #enter({ steps }: Closure): void {
    for (let i = 0; i < steps.length; i++) {
      const at = steps[i]!;
      if (this.#addedAt[at] === this.#step) continue;
      this.#addedAt[at] = this.#step;
      this.#next[this.#nextCount++] = at;
    }
  }

  #turn(matchesAtEnd: boolean): void {
    const before = this.#now;
    this.#now = this.#next;
    this.#next = before;
    this.#count = this.#nextCount;
    this.#nextCount = 0;
    this.#matchesAtEnd = matchesAtEnd;
  }
}

function takes({ asns, negated }: State, bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4) if (holds(asns, readU32(bytes, at)) !== negated) return true;
  return false;
}

function holds(asns: readonly NumberRange[], asn: number): boolean {
  for (let i = 0; i < asns.length; i++) if (asn >= asns[i]!.min && asn <= asns[i]!.max) return true;
  return false;
}
