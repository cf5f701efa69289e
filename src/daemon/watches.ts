// What the daemon looks at again and again, how often, and while what: a look that nothing needs would only wake an idle
// daemon. What is looked for is written where it is looked for.

import type { Clock, Timer } from '../net/clock.js';
import type { DaemonEvents } from './events.js';
import { LateTimers } from './log/late-timers.js';
import type { AddressSource } from './routes/address-source.js';
import type { Speaker } from './speaker.js';

interface Watch {
  /** Milliseconds from one look to the next. */
  readonly period: number;
  /** Asked after each look: whether there will be another one. Null: always. */
  readonly needed: (() => boolean) | null;
  readonly look: () => void;
}

export interface WatchOptions {
  readonly speaker: Speaker;
  readonly clock: Clock;
  readonly events: DaemonEvents;
  readonly addresses: AddressSource;
}

function watchesOf({ speaker, clock, events, addresses }: WatchOptions): readonly Watch[] {
  const { peers, alarms, foreignOrigins } = speaker;
  const lateTimers = new LateTimers(clock, events);
  const watches: readonly Watch[] = [
    { period: 1000, needed: () => peers.countDown() > 0, look: () => speaker.watchDrops() },
    {
      period: 1000,
      needed: () => alarms.status(speaker.config.limits).length > 0,
      look: () => alarms.check(speaker.config.limits),
    },
    {
      period: 1000,
      needed: () => foreignOrigins.contested,
      look: () => foreignOrigins.check(speaker.config.pools),
    },
    {
      period: 10_000,
      needed: () => speaker.config.dynamicPeers.length > 0,
      look: () => peers.sweepDynamic(clock.now()),
    },
    { period: 30_000, needed: null, look: () => lateTimers.check() },
  ];
  return speaker.kernel?.status().backend === 'netlink'
    ? watches
    : [...watches, addressWatch(speaker, addresses)];
}

/** Where no kernel backend tells of addresses. The first question opens what tells of them: what was before is not known. */
function addressWatch(speaker: Speaker, addresses: AddressSource): Watch {
  let stale = addresses.mayHaveChanged();
  const look = (): void => {
    if (stale || addresses.mayHaveChanged()) speaker.checkAddresses();
    stale = false;
  };
  return { period: 5000, needed: null, look };
}

/** Returns what ends them. */
export function startWatches(options: WatchOptions): () => void {
  const { clock, events, speaker } = options;
  const timers = watchesOf(options).map((watch) => ({ timer: watchTimer(clock, watch), ...watch }));
  const wake = (): void => {
    for (const { timer, period } of timers) if (!timer.running) timer.start(period);
  };
  events.on('peerState', wake);
  events.on('configLoaded', wake);
  speaker.foreignOrigins.onContest = wake;
  wake();
  return () => {
    events.off('peerState', wake);
    events.off('configLoaded', wake);
    for (const { timer } of timers) timer.close();
  };
}

function watchTimer(clock: Clock, { period, needed, look }: Watch): Timer {
  const timer = clock.timer(() => {
    look();
    if (needed === null || needed()) timer.start(period);
  });
  return timer;
}
