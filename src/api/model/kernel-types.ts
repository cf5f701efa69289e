// The kernel's side, as the status model tells it: what is installed, what drifts, who fights.

import type { DriftCause, KernelStatus } from '../../kernel/types.js';

/** A route of ours that was otherwise in the kernel than we wrote it; times as ISO 8601. */
export interface DriftItem {
  readonly prefix: string;
  readonly cause: DriftCause;
  /** `ip (4242), protocol 4`; null when nobody is to blame. */
  readonly by: string | null;
  readonly at: string;
}

export interface FightItem {
  readonly prefix: string;
  readonly by: string | null;
  /** How often they did it. */
  readonly blows: number;
  readonly since: string;
  readonly last: string;
}

export interface KernelReport
  extends Omit<KernelStatus, 'links' | 'addresses' | 'fib' | 'drift' | 'gateways'> {
  readonly gateways: Omit<KernelStatus['gateways'], 'lost'> & {
    /** Gateways of next hops that do not answer; `since` as ISO 8601. */
    readonly lost: readonly {
      readonly address: string;
      readonly interface: string;
      readonly since: string;
    }[];
  };
  readonly drift: Omit<KernelStatus['drift'], 'recent' | 'fights'> & {
    readonly recent: readonly DriftItem[];
    readonly fights: readonly FightItem[];
  };
  readonly links: readonly {
    readonly name: string;
    readonly up: boolean;
    readonly addresses: readonly string[];
  }[];
  readonly workloadRoutes: readonly {
    readonly prefix: string;
    readonly interface: string;
    readonly protocol: number;
  }[];
  readonly fib: Omit<KernelStatus['fib'], 'problems' | 'refusals'> & {
    /** Learned routes kept out of the kernel for the host's own sake. */
    readonly refusals: readonly { readonly prefix: string; readonly reason: string }[];
    readonly problems: readonly {
      readonly prefix: string;
      readonly reason: string;
      readonly attempts: number;
      readonly nextHops: readonly string[];
    }[];
  };
}
