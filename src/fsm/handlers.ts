// What one connection's machine does on one event: the handlers that the transition table names (RFC 4271 8.2.2).
// Each is a pure function of the machine and the event.

import type { Notification } from '../wire/types.js';
import { localOpen } from './capabilities.js';
import { collisionCease, fsmError, holdTimerExpired, rejectedCease, sendHoldTimerExpired } from './errors.js';
import type { FsmAction, FsmEvent, FsmEventOf, Machine, Step, TimerName } from './events.js';
import { lastWord } from './graceful-restart.js';
import { negotiate } from './negotiate.js';
import type { DownReason, NegotiatedSession, SessionState } from './types.js';

export type Handler<E extends FsmEvent = FsmEvent> = (machine: Machine, event: E) => Step;

/** RFC 4271 8.2.2: "a large value" for the hold timer until the hold time is agreed, in milliseconds. */
export const OPEN_HOLD = 240_000;
const NOTHING: readonly FsmAction[] = [];
const CLOSE: FsmAction = { kind: 'closeConnection' };
const KEEPALIVE: FsmAction = { kind: 'sendKeepalive' };

const start = (timer: TimerName, seconds: number, jitter = false): FsmAction =>
  seconds > 0
    ? { kind: 'startTimer', timer, milliseconds: seconds * 1000, jitter }
    : { kind: 'stopTimer', timer };
const stop = (timer: TimerName): FsmAction => ({ kind: 'stopTimer', timer });

const LIVE_TIMERS: Readonly<Record<SessionState, readonly FsmAction[]>> = {
  Idle: [stop('idleHold')],
  Connect: [stop('connectRetry'), stop('delayOpen')],
  Active: [stop('connectRetry'), stop('delayOpen')],
  OpenSent: [stop('hold')],
  OpenConfirm: [stop('hold'), stop('keepalive')],
  Established: [stop('hold'), stop('keepalive'), stop('sendHold')],
};

/** To Idle from anywhere: timers off, the connection gone the way `last` says, and the reason told once. */
function toIdle(machine: Machine, last: FsmAction, reason: DownReason): Step {
  const { state } = machine;
  const told: FsmAction =
    state === 'Established' ? { kind: 'sessionDown', reason } : { kind: 'attemptFailed', state, reason };
  return {
    machine: { ...machine, state: 'Idle', delayingOpen: false, session: null },
    actions: [...LIVE_TIMERS[state], last, told],
  };
}

const closed = (machine: Machine, code: string | null): DownReason => ({
  kind: 'connectionClosed',
  state: machine.state,
  code,
});

const refuse = (
  machine: Machine,
  notification: Notification,
  reason: DownReason = { kind: 'notificationSent', notification },
): Step => toIdle(machine, { kind: 'notifyAndClose', notification }, reason);

export const ignore: Handler = (machine) => ({ machine, actions: NOTHING });

// Idle

/** ManualStart, and the end of an idle hold: the active side dials, the passive side listens. */
export const begin: Handler = (machine) => (machine.role === 'active' ? dial(machine) : listen(machine));

const dial = (machine: Machine): Step => ({
  machine: { ...machine, state: 'Connect' },
  actions: [start('connectRetry', machine.config.connectRetryTime, true), { kind: 'connect' }],
});

const listen = (machine: Machine): Step => ({ machine: { ...machine, state: 'Active' }, actions: NOTHING });

export function beginLater(machine: Machine, event: FsmEventOf<'automaticStart'>): Step {
  if (machine.role === 'passive') return listen(machine);
  return {
    machine: { ...machine, state: 'Active' },
    actions: [start('connectRetry', event.delay / 1000, true)],
  };
}

export const rejectConnection: Handler = (machine) => ({
  machine,
  actions: [{ kind: 'notifyAndClose', notification: rejectedCease }],
});

// Connect and Active

/** The connection that waits for a stop may be half made: it is closed without a word, as no OPEN was sent. */
export const stopWaiting: Handler<FsmEventOf<'manualStop' | 'automaticStop'>> = (machine, event) =>
  toIdle(machine, CLOSE, event.reason);

/** In Connect: this dial has taken too long. The state stays and the next dial begins (RFC 4271 8.2.2, event 9). */
export function redial(machine: Machine): Step {
  const { state } = machine;
  const reason: DownReason = { kind: 'connectFailed', code: 'ETIMEDOUT' };
  const next = dial({ ...machine, delayingOpen: false });
  const failed: FsmAction = { kind: 'attemptFailed', state, reason };
  return { machine: next.machine, actions: [stop('delayOpen'), CLOSE, failed, ...next.actions] };
}

/** In Active: the wait is over. Who only listens has no such timer. */
export const dialNow: Handler = (machine) =>
  machine.role === 'active' ? dial({ ...machine, delayingOpen: false }) : { machine, actions: NOTHING };

export const connected: Handler = (machine, event) => {
  if (machine.config.delayOpenTime === 0) return sayOpen(machine, event);
  return {
    machine: { ...machine, delayingOpen: true },
    actions: [stop('connectRetry'), start('delayOpen', machine.config.delayOpenTime)],
  };
};

/** The DelayOpenTimer has run out, or there was no delay. */
export const sayOpen: Handler = (machine) => ({
  machine: { ...machine, state: 'OpenSent', delayingOpen: false },
  actions: [
    ...LIVE_TIMERS[machine.state],
    { kind: 'sendOpen', open: localOpen(machine.config) },
    start('hold', OPEN_HOLD / 1000),
  ],
});

export const delayedOpen: Handler = (machine, event) =>
  machine.delayingOpen ? sayOpen(machine, event) : ignore(machine, event);

/** The dial failed, or the peer closed while we waited to say OPEN. */
export const lostBeforeOpen: Handler<FsmEventOf<'tcpConnectionFails'>> = (machine, { code }) =>
  toIdle(
    machine,
    CLOSE,
    machine.delayingOpen ? closed(machine, code) : { kind: 'connectFailed', code: code ?? 'ECONNRESET' },
  );

/** Event 20: the peer's OPEN came while ours waits. */
export function openWhileDelaying(machine: Machine, event: FsmEventOf<'openReceived'>): Step {
  if (!machine.delayingOpen) return dropQuietly(machine, event);
  const said = sayOpen(machine, event);
  const next = opened(said.machine, event);
  return { machine: next.machine, actions: [...said.actions, ...next.actions] };
}

/** RFC 4271 8.2.2, Connect and Active: every other event drops the connection. */
export const dropQuietly: Handler = (machine) => toIdle(machine, CLOSE, closed(machine, null));

export const dumpedBeforeOpen: Handler = (machine) => toIdle(machine, CLOSE, { kind: 'collision' });

// OpenSent, OpenConfirm and Established

export const stopWithCease: Handler<FsmEventOf<'manualStop' | 'automaticStop'>> = (
  machine,
  { notification, reason },
) =>
  machine.state === 'Established'
    ? toIdle(machine, lastWord(agreed(machine), notification, reason), reason)
    : refuse(machine, notification, reason);

export const lost: Handler<FsmEventOf<'tcpConnectionFails'>> = (machine, { code }) =>
  toIdle(machine, CLOSE, closed(machine, code));

export function opened(machine: Machine, { open }: FsmEventOf<'openReceived'>): Step {
  const negotiation = negotiate(machine.config, open);
  if (!negotiation.ok) {
    const { notification, detail } = negotiation;
    const told = detail === null ? {} : { detail };
    return refuse(machine, notification, { kind: 'notificationSent', notification, open, ...told });
  }
  const { session } = negotiation;
  return {
    machine: { ...machine, state: 'OpenConfirm', session },
    actions: [
      KEEPALIVE,
      start('keepalive', session.keepaliveTime, true),
      // Negotiated to 0, the large OpenSent timer has to go too.
      start('hold', session.holdTime),
    ],
  };
}

export function confirmed(machine: Machine): Step {
  const session = agreed(machine);
  return {
    machine: { ...machine, state: 'Established' },
    actions: [start('hold', session.holdTime), { kind: 'sessionUp', session }],
  };
}

/** KEEPALIVE, UPDATE and ROUTE-REFRESH prove the peer alive. */
export function alive(machine: Machine): Step {
  const { holdTime } = agreed(machine);
  return { machine, actions: holdTime > 0 ? [start('hold', holdTime)] : NOTHING };
}

export const sayKeepalive: Handler = (machine) => ({
  machine,
  actions: [KEEPALIVE, start('keepalive', agreed(machine).keepaliveTime, true)],
});

export const holdExpired: Handler = (machine) =>
  refuse(machine, holdTimerExpired, { kind: 'holdTimerExpired' });

export const sendHoldExpired: Handler = (machine) => refuse(machine, sendHoldTimerExpired);

export const refuseMessage: Handler<FsmEventOf<'headerError' | 'openError' | 'updateError'>> = (
  machine,
  event,
) => refuse(machine, event.notification);

export const dumped: Handler = (machine) => refuse(machine, collisionCease, { kind: 'collision' });

export const toldWhy: Handler<FsmEventOf<'notificationReceived'>> = (machine, { notification }) =>
  toIdle(machine, CLOSE, { kind: 'notificationReceived', notification });

/** RFC 6608: the state goes into the subcode, the message type into the data. */
export const unexpected: Handler = (machine, event) => refuse(machine, fsmError(machine.state, event.kind));

function agreed(machine: Machine): NegotiatedSession {
  if (machine.session === null) throw new Error(`a machine in ${machine.state} has no negotiated session`);
  return machine.session;
}
