// Watches the sessions that were up when a change was applied: tells of one that drops although the change was not expected
// to end it. Changes nothing.

import { describeDown } from '../../fsm/describe.js';
import type { DownReason, SessionState } from '../../fsm/types.js';
import type { DaemonEvents } from '../events.js';
import type { ForeseenPeer } from '../preview/foresight.js';

export class SessionWatch {
  readonly #events: DaemonEvents;
  readonly #onDrop: (peer: string, reason: string) => void;
  /** Peers with a session that is to stay, or was reset and is back. */
  readonly #up = new Set<string>();
  /** Peers whose session the change ends once. */
  readonly #resets = new Set<string>();
  readonly #waiting = new Set<string>();
  #applying = true;

  constructor(
    events: DaemonEvents,
    foreseen: readonly ForeseenPeer[],
    onDrop: (peer: string, reason: string) => void,
  ) {
    this.#events = events;
    this.#onDrop = onDrop;
    for (const { name, fate } of foreseen) {
      if (fate === 'stays') this.#up.add(name);
      if (fate === 'resets' || fate === 'fails') this.#resets.add(name);
    }
    events.on('peerState', this.#changed);
    events.on('peerEstablished', this.#established);
  }

  /** Sessions that were reset and are not back. */
  get waitingFor(): readonly string[] {
    return [...this.#waiting];
  }

  /** The change is made: what ends sessions from now on is not it. */
  applied(): void {
    this.#applying = false;
  }

  close(): void {
    this.#events.off('peerState', this.#changed);
    this.#events.off('peerEstablished', this.#established);
  }

  readonly #changed = (
    peer: string,
    from: SessionState,
    _to: SessionState,
    reason: DownReason | null,
  ): void => {
    if (from !== 'Established') return;
    if (this.#resets.delete(peer)) {
      this.#waiting.add(peer);
      return;
    }
    // An operator who ends a session meanwhile knows why.
    if (!this.#applying && reason?.kind === 'adminDown') {
      this.#up.delete(peer);
      return;
    }
    if (this.#up.delete(peer)) this.#onDrop(peer, reason === null ? 'no reason known' : describeDown(reason));
  };

  readonly #established = (peer: string): void => {
    if (this.#waiting.delete(peer)) this.#up.add(peer);
  };
}
