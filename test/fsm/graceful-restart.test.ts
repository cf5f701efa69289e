// What two OPENs make of graceful restart, whose routes stay after which end, and what the last word to a peer is.

import test from 'ava';
import { agreeOnRestart, keptAfter, lastWord } from '../../src/fsm/graceful-restart.js';
import type { DownReason, NegotiatedSession, PeerRestart } from '../../src/fsm/types.js';
import { CEASE } from '../../src/wire/iana.js';
import { cease, hardReset, holdTimerExpired, realReason } from '../../src/wire/notification.js';
import type { Capability } from '../../src/wire/types.js';

type RestartCapability = Extract<Capability, { kind: 'gracefulRestart' }>;

const capability = (more: Partial<RestartCapability> = {}): RestartCapability => ({
  kind: 'gracefulRestart',
  restarting: false,
  notification: true,
  restartTime: 120,
  families: [
    { afi: 1, safi: 1, forwarding: true },
    { afi: 2, safi: 1, forwarding: false },
  ],
  ...more,
});

const AGREED: PeerRestart = {
  restarting: false,
  notification: true,
  restartTime: 120,
  preserves: [true, true],
  forwarding: [true, false],
};

test('both have to have it; families are those of the session, the time and the R bit the peer says', (t) => {
  t.is(agreeOnRestart([], [capability()], [0, 1]), null);
  t.is(agreeOnRestart([capability()], [], [0, 1]), null);
  t.deepEqual(agreeOnRestart([capability({ families: [] })], [capability()], [0, 1]), AGREED);
  const restarted = capability({ restarting: true, restartTime: 7, notification: false });
  t.deepEqual(agreeOnRestart([capability()], [restarted], [1]), {
    restarting: true,
    notification: false,
    restartTime: 7,
    preserves: [false, true],
    forwarding: [false, false],
  });
  t.like(agreeOnRestart([capability({ notification: false })], [capability()], [0]), { notification: false });
});

const session = (gracefulRestart: PeerRestart | null): NegotiatedSession =>
  ({ gracefulRestart }) as NegotiatedSession;

const CLOSED: DownReason = { kind: 'connectionClosed', state: 'Established', code: null };
const told = (notification = cease(CEASE.administrativeShutdown)): DownReason => ({
  kind: 'notificationReceived',
  notification,
});
const SAID: DownReason = { kind: 'notificationSent', notification: holdTimerExpired() };
const STOPPED: DownReason = { kind: 'adminDown', text: '' };

/** With RFC 8538 on both sides, and without. */
const ENDS: readonly (readonly [string, DownReason, boolean, boolean])[] = [
  ['a lost connection', CLOSED, true, true],
  ['an expired hold timer', { kind: 'holdTimerExpired' }, true, false],
  ['a Cease of the peer', told(), true, false],
  ['a Hard Reset of the peer', told(hardReset(cease(CEASE.administrativeShutdown))), false, false],
  ['an error that we name', SAID, true, false],
  ['our own stop', STOPPED, false, false],
  ['too many prefixes', { kind: 'maxPrefix', family: 0, limit: 1, restart: null }, false, false],
  ['a collision', { kind: 'collision' }, false, false],
];

for (const [what, reason, notifying, plain] of ENDS) {
  test(`${what}: routes stay ${notifying ? 'with' : 'not even with'} RFC 8538, ${plain ? 'and' : 'not'} without`, (t) => {
    const kept = (agreed: PeerRestart | null) => keptAfter(session(agreed), reason);
    t.deepEqual(kept(AGREED), notifying ? [true, true] : null);
    t.deepEqual(kept({ ...AGREED, notification: false }), plain ? [true, true] : null);
    t.is(kept(null), null);
    t.is(kept({ ...AGREED, restartTime: 0 }), null);
    t.is(kept({ ...AGREED, preserves: [false, false] }), null, 'a helper asks for nothing');
  });
}

test('a stop is a Hard Reset where a Cease would keep routes, and silent where only silence keeps them', (t) => {
  const word = cease(CEASE.administrativeShutdown, 'bye');
  const graceful: DownReason = { kind: 'adminDown', text: 'bye', graceful: true };
  const plain = { ...AGREED, notification: false };
  const says = (agreed: PeerRestart | null, reason: DownReason) => lastWord(session(agreed), word, reason);
  t.deepEqual(says(AGREED, STOPPED), { kind: 'notifyAndClose', notification: hardReset(word) });
  t.deepEqual(says(AGREED, graceful), { kind: 'notifyAndClose', notification: word });
  t.deepEqual(says(plain, STOPPED), { kind: 'notifyAndClose', notification: word });
  t.deepEqual(says(plain, graceful), { kind: 'closeConnection' });
  t.deepEqual(says(null, graceful), { kind: 'notifyAndClose', notification: word });
  t.deepEqual(realReason(hardReset(word)), word);
  t.deepEqual(realReason(word), word);
});
