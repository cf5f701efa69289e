// Every state answers every event, and what it answers is legal.

import test from 'ava';
import fc from 'fast-check';
import { type FsmAction, type Machine, SESSION_STATES, type Step } from '../../src/fsm/events.js';
import { negotiate } from '../../src/fsm/negotiate.js';
import { idleMachine, step, transitions } from '../../src/fsm/transitions.js';
import type { NegotiatedSession, SessionState } from '../../src/fsm/types.js';
import { ALL_EVENTS, CONFIG, EVENTS, OPEN } from './samples.js';

function agreed(): NegotiatedSession {
  const negotiation = negotiate(CONFIG, OPEN);
  if (!negotiation.ok) throw new Error('the sample OPEN must be acceptable');
  return negotiation.session;
}

/** Every shape a machine can have: by state, by role, and waiting for DelayOpen or not. */
const MACHINES: readonly Machine[] = (['active', 'passive'] as const).flatMap((role) =>
  SESSION_STATES.flatMap((state) => {
    const session = state === 'OpenConfirm' || state === 'Established' ? agreed() : null;
    const machine: Machine = { ...idleMachine(role, CONFIG), state, session };
    const waits = state === 'Connect' || state === 'Active';
    return waits ? [machine, { ...machine, delayingOpen: true }] : [machine];
  }),
);

/** RFC 4271 8.2.2: where a state may lead. */
const NEXT: Readonly<Record<SessionState, readonly SessionState[]>> = {
  Idle: ['Idle', 'Connect', 'Active'],
  Connect: ['Idle', 'Connect', 'OpenSent', 'OpenConfirm'],
  Active: ['Idle', 'Active', 'Connect', 'OpenSent', 'OpenConfirm'],
  OpenSent: ['Idle', 'OpenSent', 'OpenConfirm'],
  OpenConfirm: ['Idle', 'OpenConfirm', 'Established'],
  Established: ['Idle', 'Established'],
};

const has = (actions: readonly FsmAction[], kind: FsmAction['kind']): boolean =>
  actions.some((action) => action.kind === kind);

/** What must hold whatever happened. */
function faults(before: Machine, { machine, actions }: Step): readonly string[] {
  const faults: string[] = [];
  const say = (wrong: boolean, text: string): void => {
    if (wrong) faults.push(text);
  };
  const left = before.state === 'Established' && machine.state !== 'Established';
  const ends = actions.filter(({ kind }) => kind === 'notifyAndClose' || kind === 'closeConnection');
  say(!NEXT[before.state].includes(machine.state), `${before.state} must not lead to ${machine.state}`);
  say(left !== has(actions, 'sessionDown'), 'sessionDown exactly when Established is left');
  say(
    (machine.state === 'Established' && before.state !== 'Established') !== has(actions, 'sessionUp'),
    'sessionUp exactly when Established is entered',
  );
  say(ends.length > 1, 'a connection ends once');
  say(
    machine.state === 'Idle' && before.state !== 'Idle' && ends.length !== 1,
    'who goes to Idle closes the connection',
  );
  say(
    (machine.state === 'OpenConfirm' || machine.state === 'Established') !== (machine.session !== null),
    'a session exists from OpenConfirm on',
  );
  say(machine.delayingOpen && machine.state !== 'Connect' && machine.state !== 'Active', 'delays in a wait');
  return faults;
}

for (const before of MACHINES) {
  const name = `${before.role} ${before.state}${before.delayingOpen ? ' delaying OPEN' : ''}`;
  test(`${name} answers every event`, (t) => {
    for (const event of ALL_EVENTS) {
      const frozen = JSON.stringify(before);
      t.deepEqual(faults(before, step(before, event)), [], event.kind);
      t.is(JSON.stringify(before), frozen, `${event.kind} changed its input`);
    }
  });
}

test('the table has a row for each event and nothing else', (t) => {
  const kinds = Object.keys(EVENTS).sort();
  t.deepEqual(
    SESSION_STATES.map((state) => Object.keys(transitions[state]).sort()),
    SESSION_STATES.map(() => kinds),
  );
});

const notified = (state: SessionState, event: (typeof ALL_EVENTS)[number]): string => {
  const before = MACHINES.find((machine) => machine.state === state)!;
  const action = step(before, event).actions.find(({ kind }) => kind === 'notifyAndClose');
  if (action?.kind !== 'notifyAndClose') return 'nothing';
  const { code, subcode, data } = action.notification;
  return `${code}/${subcode} [${[...data].join(',')}]`;
};

// RFC 6608: subcode by state, data by message type.
const UNEXPECTED = [
  ['OpenSent', 'keepaliveReceived', '5/1 [4]'],
  ['OpenSent', 'updateReceived', '5/1 [2]'],
  ['OpenSent', 'routeRefreshReceived', '5/1 [5]'],
  ['OpenSent', 'connectRetryTimerExpires', '5/1 []'],
  ['OpenConfirm', 'openReceived', '5/2 [1]'],
  ['OpenConfirm', 'updateReceived', '5/2 [2]'],
  ['OpenConfirm', 'routeRefreshReceived', '5/2 [5]'],
  ['Established', 'openReceived', '5/3 [1]'],
  ['Established', 'holdTimerExpires', '4/0 []'],
  ['Established', 'sendHoldTimerExpires', '8/0 []'],
  ['Established', 'updateError', '3/1 []'],
  ['OpenSent', 'openError', '2/1 [0,4]'],
  ['OpenSent', 'headerError', '1/1 []'],
  ['OpenSent', 'openCollisionDump', '6/7 []'],
  ['Established', 'notificationReceived', 'nothing'],
  ['Established', 'tcpConnectionFails', 'nothing'],
  ['Idle', 'tcpConnectionConfirmed', '6/5 []'],
] as const;

for (const [state, kind, expected] of UNEXPECTED) {
  test(`${kind} in ${state} is answered by NOTIFICATION ${expected}`, (t) => {
    t.is(notified(state, EVENTS[kind]), expected);
  });
}

test('with hold time 0 there are no keepalives and no hold timer', (t) => {
  const sent: Machine = { ...idleMachine('active', { ...CONFIG, holdTime: 0 }), state: 'OpenSent' };
  const confirm = step(sent, EVENTS.openReceived);
  t.is(confirm.machine.session?.holdTime, 0);
  t.false(has(confirm.actions, 'startTimer'));
  const up = step(confirm.machine, EVENTS.keepaliveReceived);
  t.is(up.machine.state, 'Established');
  t.false(has(up.actions, 'startTimer'));
  t.deepEqual(step(up.machine, EVENTS.updateReceived).actions, []);
});

test('any sequence of events keeps a machine legal', (t) => {
  const events = fc.array(fc.constantFrom(...ALL_EVENTS), { maxLength: 60 });
  const configs = fc.record({
    holdTime: fc.constantFrom(0, 3, 90),
    delayOpenTime: fc.constantFrom(0, 5),
    passive: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.constantFrom('active', 'passive'), configs, events, (role, config, sequence) => {
      let machine = idleMachine(role, { ...CONFIG, ...config });
      for (const event of sequence) {
        const next = step(machine, event);
        const wrong = faults(machine, next);
        if (wrong.length > 0) throw new Error(`${machine.state} ${event.kind}: ${wrong.join('; ')}`);
        machine = next.machine;
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});
