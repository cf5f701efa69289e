// What differed between the kernel and what we wrote, as the API shows it.

import type { KernelReport } from '../../api/model/types.js';
import { formatPrefix } from '../../base/prefix.js';
import type { DriftCulprit, KernelStatus } from '../../kernel/types.js';

export function driftReport({ recent, fights, ...rest }: KernelStatus['drift']): KernelReport['drift'] {
  return {
    ...rest,
    recent: recent.map(({ prefix, cause, by, at }) => ({
      prefix: formatPrefix(prefix),
      cause,
      by: culpritText(by),
      at: wallTime(at),
    })),
    fights: fights.map(({ prefix, by, blows, since, last }) => ({
      prefix: formatPrefix(prefix),
      by: culpritText(by),
      blows,
      since: wallTime(since),
      last: wallTime(last),
    })),
  };
}

/** Null when nobody is to blame. */
export function culpritText(by: DriftCulprit | null): string | null {
  if (by === null) return null;
  const protocol = by.protocol === null ? '' : `, protocol ${by.protocol}`;
  if (by.port === 0) return `the kernel${protocol}`;
  return `${by.name === null ? `netlink port ${by.port}` : `${by.name} (${by.port})`}${protocol}`;
}

export const wallTime = (monotonic: number): string =>
  new Date(performance.timeOrigin + monotonic).toISOString();
