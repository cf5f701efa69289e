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
  const protocol = by.protocol === null ? '' : `, protocol ${protocolText(by.protocol)}`;
  if (by.port === 0) return `the kernel${protocol}`;
  // Of most programs the port is the number of the process.
  return `${by.name ?? 'a process that has ended'} (${by.port})${protocol}`;
}

/** rtm_protocol, as iproute2 calls it where it has a name. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'redirect',
  2: 'kernel',
  3: 'boot',
  4: 'static',
  9: 'ra',
  11: 'zebra',
  12: 'bird',
  16: 'dhcp',
  17: 'mrouted',
  18: 'keepalived',
  186: 'bgp',
  187: 'isis',
  188: 'ospf',
  189: 'rip',
  192: 'eigrp',
};

const protocolText = (protocol: number): string => {
  const name = PROTOCOLS[protocol];
  return name === undefined ? String(protocol) : `${protocol} (${name})`;
};

export const wallTime = (monotonic: number): string =>
  new Date(performance.timeOrigin + monotonic).toISOString();
