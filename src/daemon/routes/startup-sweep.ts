// When the routes that an earlier run left in the kernel may be removed if nobody wanted them again: once every configured
// peer has sent its End-of-RIB, or after `kernel.sweepDelay` at the latest.

import type { Clock, Timer } from '../../net/clock.js';
import type { DaemonEvents } from '../events.js';
import type { BgpPeer } from '../peers/bgp-peer.js';
import type { Speaker } from '../speaker.js';

/** Milliseconds between the last End-of-RIB and the sweep: the pass that installs what came before it must have run. */
const SETTLE = 1000;

export function sweepWhenConverged(speaker: Speaker, events: DaemonEvents, clock: Clock): () => void {
  const { kernel } = speaker;
  if (kernel === null) return () => {};
  const end = (): void => {
    events.off('endOfRib', check);
    events.off('restart', check);
    limit.close();
    settle.close();
  };
  const sweep = (): void => {
    end();
    kernel.sweep();
  };
  const limit: Timer = clock.timer(() => {
    if (!speaker.rib.restarts.deferring) {
      sweep();
      return;
    }
    speaker.rib.restarts.select();
    settle.start(SETTLE);
  });
  const settle: Timer = clock.timer(sweep);
  const check = (): void => {
    // What came is not installed as long as it is not chosen from.
    if (!speaker.rib.restarts.deferring && [...speaker.peers.all()].every(hasSaidAll)) settle.start(SETTLE);
  };
  events.on('endOfRib', check);
  events.on('restart', check);
  limit.start(speaker.config.kernel.sweepDelay * 1000);
  return end;
}

/** Dynamic peers are whoever comes: only configured ones are waited for. */
function hasSaidAll({ config, session, endOfRib }: BgpPeer): boolean {
  if (config.dynamic || !config.enabled) return true;
  return session?.families.every((family) => endOfRib.has(family)) ?? false;
}
