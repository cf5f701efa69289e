// Gateways that do not answer (ARP, RFC 4861), judged by what the kernel tells of its neighbours as it happens: what an
// old entry says may be long over. Sends nothing and asks nothing: all probing is the kernel's own.

import { formatIp, type IpAddress } from '../../base/ip.js';
import type { NeighbourState } from '../types.js';

/** Milliseconds that a failure has to stand before it counts; doubled for one that came back a short while ago. */
const CONFIRM = 1000;
const LONGEST_CONFIRM = 64_000;
/** Milliseconds after the last sign of failure until the gateway is used again on trial; doubled with each trial. */
const HOLD = 30_000;
const LONGEST_HOLD = 480_000;
/** Milliseconds that a gateway which is in use again has to last until its past is forgotten. */
const MEMORY = 300_000;

/** `failing`: not confirmed; `lost`: not used; `back`: used again, its past remembered. */
interface Case {
  readonly ifindex: number;
  readonly address: IpAddress;
  phase: 'failing' | 'lost' | 'back';
  /** When the phase began and when it ends, monotonic milliseconds. */
  since: number;
  due: number;
  /** Times it answered again after it was lost. */
  relapses: number;
  /** Times in a row that it was used again without an answer. */
  trials: number;
}

export interface NeighbourVerdict {
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly lost: boolean;
}

/** Whether packets of ours leave through the gateway: of others nothing is kept. */
export type LeadsTo = (ifindex: number, address: IpAddress) => boolean;

export class Neighbours {
  readonly #cases = new Map<string, Case>();
  #verdicts: NeighbourVerdict[] = [];
  #lost = 0;
  #losses = 0;

  /** Gateways that are not used now. */
  get lostCount(): number {
    return this.#lost;
  }

  /** Times a gateway was given up. */
  get losses(): number {
    return this.#losses;
  }

  isLost(ifindex: number, address: IpAddress): boolean {
    return this.#lost > 0 && this.#cases.get(keyOf(ifindex, address))?.phase === 'lost';
  }

  /** What the kernel told; `now` in monotonic milliseconds. */
  observe(ifindex: number, address: IpAddress, state: NeighbourState, now: number, leadsTo: LeadsTo): void {
    const known = this.#cases.get(keyOf(ifindex, address));
    if (state === 'failed') this.#failed(known, ifindex, address, now, leadsTo);
    else if (known !== undefined) this.#answered(known, state, now);
  }

  /** Phases that are over end. */
  advance(now: number): void {
    for (const each of this.#cases.values()) if (each.due <= now) this.#expire(each, now);
  }

  /** When the next phase ends, null when there is none. */
  nextDue(): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#cases.values()) next = Math.min(next, due);
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  /** The interface was down, or is another: what was known of it is void. */
  forgetLink(ifindex: number): void {
    for (const each of this.#cases.values()) if (each.ifindex === ifindex) this.#forget(each);
  }

  /** Events were lost, or nobody wants to know any more. */
  forgetAll(): void {
    for (const each of this.#cases.values()) this.#forget(each);
  }

  /** Gateways that nothing leads to any more begin anew when they are used again. */
  keepOnly(leadsTo: LeadsTo): void {
    for (const each of this.#cases.values()) if (!leadsTo(each.ifindex, each.address)) this.#forget(each);
  }

  /** What changed since the last call, in order. */
  takeVerdicts(): readonly NeighbourVerdict[] {
    return this.#verdicts.length === 0 ? NO_VERDICTS : this.#verdicts.splice(0);
  }

  *lost(): Generator<{ readonly ifindex: number; readonly address: IpAddress; readonly since: number }> {
    for (const each of this.#cases.values()) if (each.phase === 'lost') yield each;
  }

  #failed(known: Case | undefined, ifindex: number, address: IpAddress, now: number, leadsTo: LeadsTo): void {
    if (known === undefined) {
      if (!leadsTo(ifindex, address)) return;
      const due = now + CONFIRM;
      const fresh: Case = { ifindex, address, phase: 'failing', since: now, due, relapses: 0, trials: 0 };
      this.#cases.set(keyOf(ifindex, address), fresh);
    } else if (known.phase === 'lost') known.due = Math.max(known.due, now + holdOf(known));
    else if (known.phase === 'back') this.#enter(known, 'failing', now, confirmOf(known));
  }

  #answered(known: Case, state: 'valid' | 'gone', now: number): void {
    switch (known.phase) {
      case 'failing':
        // An entry that somebody deletes is told as failed first.
        if (known.relapses === 0 && known.trials === 0) this.#forget(known);
        else this.#enter(known, 'back', now, MEMORY);
        return;
      case 'lost':
        if (state === 'gone') return;
        known.relapses++;
        known.trials = 0;
        this.#enter(known, 'back', now, MEMORY);
        return;
      case 'back':
        if (state === 'valid') known.trials = 0;
        return;
      default:
        known.phase satisfies never;
    }
  }

  #expire(each: Case, now: number): void {
    switch (each.phase) {
      case 'failing':
        this.#losses++;
        this.#enter(each, 'lost', now, holdOf(each));
        return;
      case 'lost':
        each.trials++;
        this.#enter(each, 'back', now, MEMORY);
        return;
      case 'back':
        this.#forget(each);
        return;
      default:
        each.phase satisfies never;
    }
  }

  #enter(each: Case, phase: Case['phase'], now: number, lasts: number): void {
    this.#tell(each, phase === 'lost');
    each.phase = phase;
    each.since = now;
    each.due = now + lasts;
  }

  #forget(each: Case): void {
    this.#tell(each, false);
    this.#cases.delete(keyOf(each.ifindex, each.address));
  }

  #tell({ phase, ifindex, address }: Case, lost: boolean): void {
    if ((phase === 'lost') === lost) return;
    this.#lost += lost ? 1 : -1;
    this.#verdicts.push({ ifindex, address, lost });
  }
}

const NO_VERDICTS: readonly NeighbourVerdict[] = [];

const confirmOf = ({ relapses }: Case): number => Math.min(LONGEST_CONFIRM, CONFIRM * 2 ** relapses);

const holdOf = ({ trials }: Case): number => Math.min(LONGEST_HOLD, HOLD * 2 ** trials);

const keyOf = (ifindex: number, address: IpAddress): string => `${ifindex} ${formatIp(address)}`;
