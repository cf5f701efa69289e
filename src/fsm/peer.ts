// One peer: at most two machines, one for the connection we dial and one for the connection we accept, with what lies
// between them: collision, who may dial, back-off and idle hold. Pure; the clock's milliseconds come in.

import { ERROR, OPEN_ERROR } from '../wire/iana.js';
import type { Notification, OpenMessage } from '../wire/types.js';
import { collisionSurvivor } from './collision.js';
import { collisionCease, rejectedCease } from './errors.js';
import type { FsmAction, FsmEvent, FsmEventOf, Machine, Role } from './events.js';
import { ROLES } from './events.js';
import { negotiate } from './negotiate.js';
import {
  afterDial,
  afterError,
  afterSession,
  deservesIdleHold,
  FRESH_RETRY,
  holdAfter,
  type Retry,
  retryDelay,
} from './retry.js';
import { idleMachine, step } from './transitions.js';
import type { DownReason, SessionConfig, SessionState } from './types.js';

export interface Peer {
  readonly active: Machine;
  readonly passive: Machine;
  readonly config: SessionConfig;
  /** The peer refused our AS: the machines use `config.alternateAsn` until it refuses that, too. */
  readonly alternate: boolean;
  /** Between ManualStart and ManualStop. */
  readonly running: boolean;
  /** The idle hold after an error runs: no dial, no acceptance. Its timer is the passive machine's. */
  readonly held: boolean;
  readonly retry: Retry;
  /** When Established was entered. */
  readonly upSince: number | null;
}

/** The actions of one machine, in order. */
export interface RoleActions {
  readonly role: Role;
  readonly actions: readonly FsmAction[];
}

export interface PeerStep {
  readonly peer: Peer;
  readonly batches: readonly RoleActions[];
}

/** What to do with a connection that the listener got from this peer. */
export type Admission =
  | { readonly kind: 'accept' }
  /** The peer has given up its older connection: end that one first (`openCollisionDump`), then accept. */
  | { readonly kind: 'replace' }
  /** The session is up, and the peer may have restarted: its OPEN tells (RFC 4724 4.2). */
  | { readonly kind: 'listen' }
  | { readonly kind: 'refuse'; readonly notification: Notification };

export const newPeer = (config: SessionConfig): Peer => ({
  active: idleMachine('active', config),
  passive: idleMachine('passive', config),
  config,
  alternate: false,
  running: false,
  held: false,
  retry: FRESH_RETRY,
  upSince: null,
});

/** The configuration of the next session; one that is up keeps what it has agreed. */
export function withConfig(peer: Peer, config: SessionConfig, alternate = peer.alternate): Peer {
  const { alternateAsn = config.localAsn } = config;
  const used = alternate ? { ...config, localAsn: alternateAsn } : config;
  return {
    ...peer,
    config,
    alternate,
    active: { ...peer.active, config: used },
    passive: { ...peer.passive, config: used },
  };
}

export const otherRole = (role: Role): Role => (role === 'active' ? 'passive' : 'active');

/** RFC 4271 has one state a connection; a peer shows its further one. Who dials is further than who waits. */
const PROGRESS = { Idle: 0, Active: 1, Connect: 2, OpenSent: 3, OpenConfirm: 4, Established: 5 } as const;
export const peerState = ({ active, passive }: Peer): SessionState =>
  PROGRESS[active.state] >= PROGRESS[passive.state] ? active.state : passive.state;

export const establishedRole = (peer: Peer): Role | null =>
  ROLES.find((role) => peer[role].state === 'Established') ?? null;

export const hasConnection = ({ state, delayingOpen }: Machine): boolean =>
  delayingOpen || PROGRESS[state] >= PROGRESS.OpenSent;

/** An OPEN on another connection than that of the session: the peer has restarted, and the session is dead. */
export function restartedBy(peer: Peer, open: OpenMessage): Role | null {
  const role = establishedRole(peer);
  return role !== null && negotiate(peer[role].config, open).ok ? role : null;
}

export function admission(peer: Peer): Admission {
  if (!peer.running || peer.held) return { kind: 'refuse', notification: rejectedCease };
  const up = establishedRole(peer);
  if (up !== null) {
    const restarts = peer[up].session?.gracefulRestart != null;
    return restarts ? { kind: 'listen' } : { kind: 'refuse', notification: collisionCease };
  }
  return { kind: hasConnection(peer.passive) ? 'replace' : 'accept' };
}

/** One event on the machine of `role`; ManualStart and ManualStop go to both, whatever the role. `now` is milliseconds. */
export function peerStep(peer: Peer, role: Role, event: FsmEvent, now: number): PeerStep {
  // The hot path: these change no state in Established.
  if (peer[role].state === 'Established' && isPlain(event)) {
    return { peer, batches: [{ role, actions: step(peer[role], event).actions }] };
  }
  const turn: Turn = { peer, now, batches: [] };
  take(turn, role, event);
  return { peer: turn.peer, batches: turn.batches };
}

const isPlain = ({ kind }: FsmEvent): boolean =>
  kind === 'updateReceived' || kind === 'keepaliveReceived' || kind === 'keepaliveTimerExpires';

/** One call of `peerStep` in progress. */
interface Turn {
  peer: Peer;
  readonly now: number;
  readonly batches: RoleActions[];
}

function take(turn: Turn, role: Role, event: FsmEvent): void {
  switch (event.kind) {
    case 'manualStart':
      turn.peer = { ...turn.peer, running: true };
      startIdle(turn, event);
      break;
    case 'manualStop':
      stopBoth(turn, event);
      break;
    case 'idleHoldTimerExpires':
      turn.peer = { ...turn.peer, held: false };
      startIdle(turn, event);
      break;
    case 'openReceived':
      takeOpen(turn, role, event);
      break;
    default:
      run(turn, role, event);
      if (turn.peer[role].state === 'Established') settleOther(turn, role);
  }
}

function run(turn: Turn, role: Role, event: FsmEvent): void {
  const { machine, actions } = step(turn.peer[role], event);
  turn.peer = { ...turn.peer, [role]: machine };
  turn.batches.push({ role, actions });
  for (const action of actions) {
    if (action.kind === 'sessionUp') sessionUp(turn);
    else if (action.kind === 'sessionDown') sessionDown(turn, action.reason);
    else if (action.kind === 'attemptFailed') ended(turn, action.reason);
  }
}

function startIdle(turn: Turn, event: FsmEventOf<'manualStart' | 'idleHoldTimerExpires'>): void {
  if (!turn.peer.running || turn.peer.held) return;
  if (turn.peer.passive.state === 'Idle') run(turn, 'passive', event);
  if (mayDial(turn.peer)) {
    turn.peer = { ...turn.peer, retry: afterDial(turn.peer.retry) };
    const delay = event.kind === 'manualStart' ? (event.delay ?? 0) : 0;
    run(turn, 'active', delay > 0 ? { kind: 'automaticStart', delay } : event);
  }
}

/** Not while the other connection is agreed or about to be: the dial would only lose the collision. */
const mayDial = ({ config, active, passive }: Peer): boolean =>
  !config.passive && active.state === 'Idle' && PROGRESS[passive.state] < PROGRESS.OpenConfirm;

function stopBoth(turn: Turn, event: FsmEventOf<'manualStop'>): void {
  turn.peer = { ...turn.peer, running: false };
  for (const role of ROLES) run(turn, role, event);
  if (turn.peer.held) turn.batches.push({ role: 'passive', actions: [STOP_IDLE_HOLD] });
  turn.peer = { ...turn.peer, held: false, retry: FRESH_RETRY };
}

const STOP_IDLE_HOLD: FsmAction = { kind: 'stopTimer', timer: 'idleHold' };

/** RFC 4271 6.8: an OPEN tells who the peer is, which decides between this connection and the other. */
function takeOpen(turn: Turn, role: Role, event: FsmEventOf<'openReceived'>): void {
  const other = turn.peer[otherRole(role)];
  const agreed = step(turn.peer[role], event).machine.session;
  if (agreed === null || PROGRESS[other.state] < PROGRESS.OpenSent) {
    run(turn, role, event);
    if (agreed !== null) settleOther(turn, role);
    return;
  }
  const survivor = collisionSurvivor(
    { active: turn.peer.active.state, passive: turn.peer.passive.state },
    { routerId: turn.peer.config.routerId, asn: turn.peer[role].config.localAsn },
    { routerId: agreed.peerRouterId, asn: agreed.peerAsn },
  );
  if (survivor === role) run(turn, role, event);
  run(turn, otherRole(survivor), DUMP);
}

const DUMP: FsmEvent = { kind: 'openCollisionDump' };

/** `role` is agreed: an unfinished dial is dropped, and once it is Established any other connection too. */
function settleOther(turn: Turn, role: Role): void {
  const other = otherRole(role);
  const { state } = turn.peer[other];
  const unfinishedDial = other === 'active' && (state === 'Connect' || state === 'Active');
  const lateComer = turn.peer[role].state === 'Established' && hasConnection(turn.peer[other]);
  if (unfinishedDial || lateComer) run(turn, other, DUMP);
}

function sessionUp(turn: Turn): void {
  if (turn.peer.held) turn.batches.push({ role: 'passive', actions: [STOP_IDLE_HOLD] });
  turn.peer = { ...turn.peer, held: false, upSince: turn.now };
}

function sessionDown(turn: Turn, reason: DownReason): void {
  const { upSince, retry } = turn.peer;
  const lasted = upSince === null ? 0 : turn.now - upSince;
  turn.peer = { ...turn.peer, upSince: null, retry: afterSession(retry, lasted) };
  ended(turn, reason);
}

/** A machine went to Idle (or will dial again): an error holds both back, anything else tries again. */
function ended(turn: Turn, reason: DownReason): void {
  if (!turn.peer.running || turn.peer.held) return;
  if (isBadPeerAs(reason) && turn.peer.config.alternateAsn !== undefined) {
    turn.peer = withConfig(turn.peer, turn.peer.config, !turn.peer.alternate);
  }
  if (deservesIdleHold(reason)) hold(turn, reason);
  else again(turn);
}

const isBadPeerAs = (reason: DownReason): boolean =>
  reason.kind === 'notificationReceived' &&
  reason.notification.code === ERROR.open &&
  reason.notification.subcode === OPEN_ERROR.badPeerAs;

function hold(turn: Turn, reason: DownReason): void {
  const { idleHold } = turn.peer.config;
  const retry = afterError(turn.peer.retry, turn.now, idleHold);
  turn.peer = { ...turn.peer, held: true, retry };
  for (const role of ROLES) {
    const machine = turn.peer[role];
    if (machine.state === 'Idle' || hasConnection(machine)) continue;
    run(turn, role, { kind: 'automaticStop', notification: rejectedCease, reason });
  }
  const milliseconds = holdAfter(reason, retry.errors, idleHold);
  if (milliseconds === null) return;
  // An operator's restart time is meant as it was written.
  const jitter = reason.kind !== 'maxPrefix';
  const action: FsmAction = { kind: 'startTimer', timer: 'idleHold', milliseconds, jitter };
  turn.batches.push({ role: 'passive', actions: [action] });
}

/** The passive side listens again at once; the active side dials after its back-off. */
function again(turn: Turn): void {
  if (turn.peer.passive.state === 'Idle') run(turn, 'passive', { kind: 'automaticStart', delay: 0 });
  if (!mayDial(turn.peer)) return;
  const { retry, config } = turn.peer;
  turn.peer = { ...turn.peer, retry: afterDial(retry) };
  run(turn, 'active', {
    kind: 'automaticStart',
    delay: retryDelay(Math.max(retry.attempts - 1, 0), config.connectRetryTime),
  });
}
