// Whose fault it is that one peer is not up: keeps the reason of what failed last, looks at the kernel's counters, and knows
// since when it is so. Tells of each change once.

import { type Blame, blameFor, sameBlame } from '../../fsm/blame.js';
import type { DownReason, SessionConfig } from '../../fsm/types.js';
import type { DropWatch } from './drop-watch.js';
import { isUnfound, type RunningPeerConfig } from './session-setup.js';

export interface BlameSource {
  readonly drops: DropWatch;
  /** Steady milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** How many peers that are down have a password, or none, as this one. */
  readonly suspects: (hasPassword: boolean) => number;
}

/** A blame and since when. Times are milliseconds since 1970. */
export interface Blamed extends Blame {
  readonly since: number;
}

/** What ended last, with the blame of that moment. */
export interface Failure extends Blame {
  readonly at: number;
  /** A session, not an attempt. */
  readonly ended: boolean;
}

/** A SYN goes out again after one second, then after two, then after four: within this one was dropped again. */
const SHORTEST_LOOK_BACK = 8_000;

/**
 * Milliseconds that `no route` outlasts attempts that merely end: the kernel says it once its three seconds of address
 * resolution are over, and attempts may be shorter.
 */
const UNREACHABLE_LASTS = 15_000;

const UNREACHABLE: readonly string[] = ['EHOSTUNREACH', 'ENETUNREACH'];

const isUnreachable = (reason: DownReason | null): boolean =>
  reason?.kind === 'connectFailed' && UNREACHABLE.includes(reason.code);

const isTimeout = (reason: DownReason): boolean =>
  reason.kind === 'connectFailed' && reason.code === 'ETIMEDOUT';

export class PeerBlame {
  #reason: DownReason | null = null;
  #unreachableAt = Number.NEGATIVE_INFINITY;
  #current: Blamed | null = null;
  #failure: Failure | null = null;

  /** Why an interface peer cannot be looked for; null: nothing is in the way. */
  obstacle: string | null = null;

  /** Null while Established. */
  get current(): Blamed | null {
    return this.#current;
  }

  /** Survives the sessions after it. */
  get failure(): Failure | null {
    return this.#failure;
  }

  established(): void {
    this.#reason = null;
    this.#current = null;
  }

  /** Returns the blame when it is news. `ended`: a session was up until now, not only an attempt. */
  failed(
    reason: DownReason,
    ended: boolean,
    config: RunningPeerConfig,
    session: SessionConfig,
    source: BlameSource,
  ): Blame | null {
    source.drops.look(source.now());
    const now = source.now();
    if (isUnreachable(reason)) this.#unreachableAt = now;
    const saysLess = isTimeout(reason) && isUnreachable(this.#reason);
    if (!saysLess || now - this.#unreachableAt > UNREACHABLE_LASTS) this.#reason = reason;
    if (ended) this.#failure = null;
    const news = this.judge(config, session, source);
    // An attempt that fails does not hide why there is no session any more.
    if (this.#current !== null && this.#failure?.ended !== true) {
      this.#failure = { ...this.#current, at: source.wallClock(), ended };
    }
    return news;
  }

  /** The same reason in the light of what the kernel has counted since, and of what is configured now. */
  judge(config: RunningPeerConfig, session: SessionConfig, source: BlameSource): Blame | null {
    const blame = this.#judgeNow(config, session, source);
    const isNews = !sameBlame(this.#current, blame);
    const since = isNews || this.#current === null ? source.wallClock() : this.#current.since;
    this.#current = { ...blame, since };
    return isNews ? blame : null;
  }

  /** What ended the last session is evidence for why the next one does not come. */
  #withPast(blame: Blame): Blame {
    const past = this.#failure;
    if (past === null || !past.ended || past.text === blame.text) return blame;
    return { ...blame, evidence: [...blame.evidence, `the last session ended so: ${past.text}`] };
  }

  #judgeNow(config: RunningPeerConfig, session: SessionConfig, source: BlameSource): Blame {
    if (!config.enabled) return disabled(config);
    if (isUnfound(config)) return unfound(config, this.obstacle);
    return this.#withPast(this.#blame(config, session, source));
  }

  #blame(config: RunningPeerConfig, session: SessionConfig, source: BlameSource): Blame {
    const lookBack = Math.max(SHORTEST_LOOK_BACK, 2 * session.connectRetryTime * 1000);
    const hasPassword = config.password !== null;
    return blameFor(this.#reason, {
      config: session,
      hasPassword,
      hasTcpAo: config.tcpAo.length > 0,
      hasTtlSecurity: config.ttlSecurity !== null,
      drops: source.drops.since(source.now() - lookBack),
      suspects: () => source.suspects(hasPassword),
    });
  }
}

const unfound = ({ interface: name }: RunningPeerConfig, obstacle: string | null): Blame => ({
  kind: 'waiting',
  fault: obstacle === null ? 'unknown' : 'ours',
  text: `no router has been heard on ${name} yet${obstacle === null ? '' : `: ${obstacle}`}`,
  evidence: [],
});

const disabled = ({ shutdownText }: RunningPeerConfig): Blame => ({
  kind: 'adminDown',
  fault: 'ours',
  text: shutdownText === '' ? 'disabled in the configuration' : `disabled: ${shutdownText}`,
  evidence: [],
});
