// Runs the pure core over an invented table while the daemon is idle after its start, so that the first real table meets
// compiled code: the engine compiles what has run often. Touches nothing of the running daemon.

import type { PeerId } from '../../base/ids.js';
import type { Config, PeerConfig } from '../../config/types.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import { communitiesAllow, mayExport } from '../../policy/export-rules.js';
import { exportRewrite } from '../../policy/rewrite.js';
import { Rib } from '../../rib/core.js';
import type { RibListener } from '../../rib/rib-options.js';
import { Framer } from '../../wire/framer.js';
import { UpdateDecoder } from '../../wire/update.js';
import { type InventedPeer, inventedPeer, modelPeer, ROUTER_ID } from './invented-peers.js';
import { inventedUpdates } from './invented-updates.js';

const SEED = 0x9e3779b9;
const PEERS = 12;
const ROUNDS = 5;
/** Prefixes of one step, and octets: small, so that no step is long while its code is still slow. */
const BUDGET = 250;
const PULLED = 65_536;
/** Octets of one read: not whole messages. */
const READ = 1500;

const nothing = (): void => undefined;

/**
 * One step a turn through `defer`, then `done`; returns what stops it early. Without peers there is nothing to prepare for.
 */
export function warmUp(
  config: Config,
  defer: (task: () => void) => void,
  done: () => void = nothing,
): () => void {
  const like = modelPeer(config);
  if (like === null) return nothing;
  const steps = warmUpSteps(like);
  let stopped = false;
  const turn = (): void => {
    if (stopped) return;
    if (steps.next().done === true) done();
    else defer(turn);
  };
  defer(turn);
  return () => {
    stopped = true;
  };
}

function* warmUpSteps(like: PeerConfig): Generator<void> {
  const told = invent('reach');
  const withdrawn = invent('unreach');
  yield;
  for (let round = 0; round < ROUNDS; round++) {
    const rib = inventedRib(LISTENERS[round % LISTENERS.length]!);
    const peers = Array.from({ length: PEERS }, (_, i) => inventedPeer(like, i)).filter(
      (peer) => peer !== null,
    );
    // With settings that an invented peer can't meet there is nothing to warm up with: the daemon does without.
    if (peers.length < PEERS) return;
    const ids = peers.map(({ view }) => rib.peerUp(view.peer, view.profile));
    yield* speak(rib, ids, peers, () => told);
    yield* speak(rib, ids, peers, (i) => (i % 2 === 0 ? told : withdrawn));
    for (const id of ids) rib.peerDown(id);
    yield* settle(rib, []);
  }
}

const invent = (kind: 'reach' | 'unreach'): readonly Uint8Array[] =>
  Array.from({ length: PEERS }, (_, peer) => inventedUpdates(peer, kind));

/** Each peer says its part of what it `says`. */
function* speak(
  rib: Rib,
  ids: readonly PeerId[],
  peers: readonly InventedPeer[],
  says: (peer: number) => readonly Uint8Array[],
): Generator<void> {
  for (const [i, id] of ids.entries()) {
    learn(rib, id, peers[i]!.session, says(i)[i]!);
    if (i % 6 === 0) yield* settle(rib, ids);
  }
  yield* settle(rib, ids);
}

function* settle(rib: Rib, peers: readonly PeerId[]): Generator<void> {
  for (let more = true; more; ) {
    more = rib.run(BUDGET);
    yield;
  }
  for (const id of peers) {
    while (rib.pull(id, PULLED) !== null);
    yield;
  }
}

function learn(rib: Rib, id: PeerId, session: NegotiatedSession, octets: Uint8Array): void {
  const decoder = new UpdateDecoder(session.decode);
  const framer = new Framer();
  for (let at = 0; at < octets.length; at += READ) {
    framer.push(octets.subarray(at, at + READ), (_type, frame) => {
      rib.applyUpdate(id, decoder.decode(frame));
      return true;
    });
  }
}

const inventedRib = (listener: RibListener): Rib =>
  new Rib({
    routerId: ROUTER_ID,
    clusterIds: [ROUTER_ID],
    seed: SEED,
    nextHopInterest: null,
    rules: { rewrite: exportRewrite, mayExport, communitiesAllow, isReflector: true },
    listener,
  });

/** Two, because what has called one function only is compiled for that one. */
const LISTENERS: readonly RibListener[] = [
  { bestChanged: nothing, localChosen: nothing, wake: nothing, workPending: nothing },
  {
    bestChanged: () => undefined,
    localChosen: () => undefined,
    wake: () => undefined,
    workPending: () => undefined,
  },
];
