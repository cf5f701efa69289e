// When our own start is over (RFC 4724 4.1): how long the choice between the routes of peers waits for all of them, and
// how long our End-of-RIB does, with which peers drop what they have kept of us and we have not told again.

import type { Clock, Timer } from '../../net/clock.js';
import type { DaemonEvents } from '../events.js';
import type { Speaker } from '../speaker.js';
import type { BgpPeer } from './bgp-peer.js';

/** Milliseconds after which the choice does not wait for those who have no session. */
const PATIENCE = 5_000;
/** Milliseconds from what happened to the look at what it means. */
const LOOK_DELAY = 20;

/** Returns what ends it early. */
export function endRestartWhenHeard(speaker: Speaker, events: DaemonEvents, clock: Clock): () => void {
  const begun = speaker.rib.restarts.deferring;
  let patient = true;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    for (const name of ['endOfRib', 'peerState', 'peerEstablished'] as const) events.off(name, lookSoon);
    soon.close();
    patience.close();
    limit.close();
  };
  const complete = (detail: string): void => {
    end();
    speaker.endRestart();
    if (begun) events.emit('restart', 'complete', detail);
  };
  const look = (): void => {
    const peers = [...speaker.peers.all()].filter(({ config }) => config.enabled);
    const silent = peers.filter((peer) => !hasSaidAll(peer));
    if (silent.every(({ config }) => config.dynamic) && speaker.config.dynamicPeers.length === 0) {
      complete('all peers have told their routes');
    } else if (speaker.rib.restarts.deferring && !silent.some((peer) => isAwaited(peer, patient))) {
      speaker.rib.restarts.select();
      events.emit('restart', 'selected', 'all peers with a session have told their routes');
    }
  };
  const impatient = (): void => {
    patient = false;
    look();
  };
  /** Many come at a time. */
  const soon: Timer = clock.timer(look);
  const lookSoon = (): void => {
    if (!soon.running) soon.start(LOOK_DELAY);
  };
  const patience: Timer = clock.timer(impatient);
  const limit: Timer = clock.timer(() => complete('selectionDeferral is over'));
  const { selectionDeferral, restartTime } = speaker.config.gracefulRestart;
  // After a cold start peers may wait for the run before it as long as that one asked them to.
  limit.start((begun ? selectionDeferral : restartTime) * 1000);
  if (begun) {
    patience.start(PATIENCE);
    for (const name of ['endOfRib', 'peerState', 'peerEstablished'] as const) events.on(name, lookSoon);
  }
  return end;
}

/** Nobody waits for who never says End-of-RIB, nor for who has just restarted, too: it waits for us. */
function hasSaidAll({ session, endOfRib }: BgpPeer): boolean {
  if (session === null) return false;
  const { gracefulRestart, families } = session;
  return (
    gracefulRestart === null || gracefulRestart.restarting || families.every((family) => endOfRib.has(family))
  );
}

/** The one without a session may not come at all. */
const isAwaited = ({ session, config }: BgpPeer, patient: boolean): boolean =>
  session !== null || (patient && !config.dynamic);
