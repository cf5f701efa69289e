// Runs the pure core over an invented table while the daemon is idle after its start, so that the first real table meets
// compiled code: the engine compiles what has run often. Touches nothing of the running daemon.

import { ByteReader, ByteWriter } from '../../base/bytes.js';
import type { PeerId } from '../../base/ids.js';
import type { Config, PeerConfig } from '../../config/types.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import { type Clock, nextTurn } from '../../net/clock.js';
import { communitiesAllow, mayExport } from '../../policy/export-rules.js';
import { exportRewrite } from '../../policy/rewrite.js';
import { Rib } from '../../rib/core.js';
import { DEFAULT_LIMITS } from '../../rib/export/group-limits.js';
import type { RibListener } from '../../rib/rib-options.js';
import { Framer } from '../../wire/framer.js';
import { UpdateDecoder } from '../../wire/update.js';
import type { DriverFactory } from '../peers/bgp-peer.js';
import { type InventedPeer, inventedPeer, modelPeer, ROUTER_ID } from './invented-peers.js';
import { inventedUpdates } from './invented-updates.js';
import { rehearse } from './rehearsal.js';

const SEED = 0x9e3779b9;
const PEERS = 12;
const ROUNDS = 4;
/** Prefixes of one step, and octets: small, so that no step is long while its code is still slow. */
const BUDGET = 250;
const PULLED = 65_536;
/** Prefixes that a newcomer is told at a time: less than the table has. */
const SLICE = 100;
/** Octets of one read: not whole messages. */
const READ = 1500;

const nothing = (): void => undefined;

export interface WarmUpOptions {
  readonly config: Config;
  readonly clock: Clock & { wallClock(): number };
  readonly makeDriver: DriverFactory;
  /** Resolves when the next step with sessions may be taken. Absent: in the next turn of the event loop. */
  readonly turn?: () => Promise<void>;
  /** What is not needed any more goes. */
  readonly collect?: () => Promise<void>;
}

/** What ends it early, and what it leaves behind. */
export interface WarmUp {
  /** Resolves when nothing of it is left that runs. */
  readonly stop: () => Promise<void>;
  /**
   * Some of each kind of object that compiled code deals with. The engine forgets the layout of objects, and throws away
   * the code that was compiled for it, when a collection finds none of them.
   */
  readonly specimens: readonly unknown[];
}

/**
 * The core first, one step a turn, then sessions, then `done`, if it comes to its end. Without peers there is nothing to
 * prepare for.
 */
export function warmUp(options: WarmUpOptions, done: () => void = nothing): WarmUp {
  const like = modelPeer(options.config);
  const specimens: unknown[] = [];
  let stopped = false;
  const ends = (): boolean => stopped;
  const played = like === null ? Promise.resolve(false) : play(options, like, specimens, ends);
  // The daemon does without what goes wrong here.
  const over = played.then((ended) => (ended ? done() : undefined)).catch(nothing);
  const stop = (): Promise<void> => {
    stopped = true;
    return over;
  };
  return { specimens, stop };
}

/** False when it was ended early. */
async function play(
  options: WarmUpOptions,
  like: PeerConfig,
  specimens: unknown[],
  ends: () => boolean,
): Promise<boolean> {
  const { turn = () => nextTurn(options.clock) } = options;
  for (const _step of warmUpSteps(like, specimens)) {
    await nextTurn(options.clock);
    if (ends()) return false;
  }
  await options.collect?.();
  await rehearse({ ...options, like, turn }, specimens, ends);
  if (ends()) return false;
  await options.collect?.();
  return true;
}

function* warmUpSteps(like: PeerConfig, specimens: unknown[]): Generator<void> {
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
    yield* speak(rib, ids, peers, (i) => (i % 2 === round % 2 ? told : withdrawn));
    yield* comeBack(rib, ids, peers, told);
    if (round === ROUNDS - 1) specimens.push(...leftBehind(rib, peers[0]!, told[0]!));
    else for (const id of ids) rib.peerDown(id);
    yield* settle(rib, []);
  }
}

/** A table, with a peer that has been told nothing yet, and what an UPDATE is read and written with. */
function leftBehind(rib: Rib, { view, session }: InventedPeer, told: Uint8Array): readonly unknown[] {
  const id = rib.peerUp(view.peer, view.profile);
  const [framer, decoder] = learn(rib, id, session, told);
  return [rib, framer, decoder, new ByteReader(told), new ByteWriter()];
}

/** Every second peer begins a new session and tells the same again, while its routes are still being withdrawn. */
function* comeBack(
  rib: Rib,
  ids: PeerId[],
  peers: readonly InventedPeer[],
  told: readonly Uint8Array[],
): Generator<void> {
  for (let i = 0; i < ids.length; i += 2) {
    rib.peerDown(ids[i]!);
    rib.run(BUDGET);
    ids[i] = rib.peerUp(peers[i]!.view.peer, peers[i]!.view.profile);
    // It has been told some of the table when it speaks.
    rib.pull(ids[i]!, 1);
    learn(rib, ids[i]!, peers[i]!.session, told[i]!);
    rib.run(BUDGET);
    for (const id of ids) rib.pull(id, PULLED);
    yield;
  }
  yield* settle(rib, ids);
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

function learn(
  rib: Rib,
  id: PeerId,
  session: NegotiatedSession,
  octets: Uint8Array,
): [Framer, UpdateDecoder] {
  const decoder = new UpdateDecoder(session.decode);
  const framer = new Framer();
  for (let at = 0; at < octets.length; at += READ) {
    framer.push(octets.subarray(at, at + READ), (_type, frame) => {
      rib.applyUpdate(id, decoder.decode(frame));
      return true;
    });
  }
  return [framer, decoder];
}

const inventedRib = (listener: RibListener): Rib =>
  new Rib({
    routerId: ROUTER_ID,
    clusterIds: [ROUTER_ID],
    seed: SEED,
    nextHopInterest: null,
    rules: { rewrite: exportRewrite, mayExport, communitiesAllow, isReflector: true },
    limits: { ...DEFAULT_LIMITS, slicePrefixes: SLICE },
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
