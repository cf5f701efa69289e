// What a daemon that has its process for itself does once it serves: warm up, collect, compile less from then on. Loaded late:
// sessions do not wait for it.

import type { StatusSource } from '../../api/model/types.js';
import { type Clock, pause } from '../../net/clock.js';
import { collectGarbage, compileLess, returnMemory } from '../../sys/engine.js';
import type { Parts } from '../parts.js';
import type { DriverFactory } from '../peers/bgp-peer.js';
import { quietTurns } from './quiet-turns.js';
import { warmUpStatus } from './status-warm-up.js';
import { warmUp } from './warm-up.js';

/** Milliseconds: after a collection the engine's threads go on to free what it found. */
const SWEEP_TIME = 50;

/** The list of peers once the sessions are up: what compiled code has not met it compiles again. */
export function warmAll(
  { options, speaker, clock, events, stops }: Parts,
  status: StatusSource,
  makeDriver: DriverFactory,
): void {
  const collect = (): Promise<void> => collectAll(clock);
  let others = 0;
  const turns = quietTurns(clock, () => (speaker.busy ? ++others : others) + speaker.rib.updates);
  events.on('peerEstablished', () => others++);
  const { config } = options;
  const warming = warmUp({ config, clock, makeDriver, turn: turns.next, collect }, compileLess);
  // Holds on to all of it: `warming.specimens` must outlive collections.
  stops.unshift(() => {
    turns.end();
    void warming.stop();
  });
  // The sessions do not wait for its end, but the process is to have nothing left that runs.
  stops.push(() => warming.stop());
  events.on('restart', (phase) => {
    if (phase === 'complete') stops.unshift(warmUpStatus(status));
  });
}

/** The heap and what lies beside it hold no more than is needed. */
async function collectAll(clock: Clock): Promise<void> {
  collectGarbage();
  await pause(clock, SWEEP_TIME);
  returnMemory();
}
