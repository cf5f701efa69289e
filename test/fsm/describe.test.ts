// Reasons in words, and which of them hold a peer back.

import test from 'ava';
import { describeDown } from '../../src/fsm/describe.js';
import { afterError, deservesIdleHold, FRESH_RETRY, retryDelay } from '../../src/fsm/retry.js';
import type { DownReason } from '../../src/fsm/types.js';
import { cease } from '../../src/wire/notification.js';

const notification = (code: number, subcode: number, ...data: number[]) => ({
  code,
  subcode,
  data: Uint8Array.from(data),
});

const TABLE: readonly (readonly [DownReason, RegExp, boolean])[] = [
  [{ kind: 'notificationSent', notification: notification(2, 2, 0, 0, 0xfd, 0xe9) }, /says AS 65001$/, true],
  [{ kind: 'notificationSent', notification: notification(2, 2, 0xfd, 0xea) }, /says AS 65002$/, true],
  [{ kind: 'notificationSent', notification: notification(1, 1) }, /^we ended it: .*not synchronized/, true],
  [{ kind: 'notificationSent', notification: notification(8, 0) }, /^we ended it: /, false],
  [{ kind: 'notificationReceived', notification: cease(2, 'upgrade') }, /peer ended it: .*"upgrade"/, false],
  [{ kind: 'notificationReceived', notification: cease(1) }, /maximum number of prefixes/, true],
  [{ kind: 'notificationReceived', notification: cease(8) }, /out of resources/, true],
  [{ kind: 'notificationReceived', notification: notification(4, 0) }, /hold timer expired/, false],
  [{ kind: 'holdTimerExpired' }, /sent nothing within the hold time/, false],
  [{ kind: 'connectFailed', code: 'ECONNREFUSED' }, /nothing listens .*\(ECONNREFUSED\)/, false],
  [{ kind: 'connectFailed', code: 'EWEIRD' }, /could not connect: EWEIRD/, false],
  [
    { kind: 'connectionClosed', state: 'OpenSent', code: null },
    /closed the connection in OpenSent without a NOTIFICATION/,
    false,
  ],
  [
    { kind: 'connectionClosed', state: 'Established', code: 'ECONNRESET' },
    /lost in Established: the peer reset/,
    false,
  ],
  [{ kind: 'collision' }, /the other of two connections/, false],
  [{ kind: 'adminDown', text: '' }, /^stopped by the operator$/, false],
  [{ kind: 'adminDown', text: 'drain' }, /^stopped by the operator: drain$/, false],
];

for (const [reason, words, holds] of TABLE) {
  test(`${describeDown(reason)} (${holds ? 'holds back' : 'tries again'})`, (t) => {
    t.regex(describeDown(reason), words);
    t.is(deservesIdleHold(reason), holds);
  });
}

test('waits double from 250 ms up to the ConnectRetryTime', (t) => {
  const waits = Array.from({ length: 8 }, (_, attempt) => retryDelay(attempt, 5));
  t.deepEqual(waits, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  t.is(retryDelay(1000, 30), 30_000);
  t.is(retryDelay(3, 0), 250);
});

const IDLE_HOLD = { first: 1, longest: 30, forget: 120 };

test('errors add up until they are forgotten', (t) => {
  const twice = afterError(afterError(FRESH_RETRY, 0, IDLE_HOLD), 60_000, IDLE_HOLD);
  t.is(twice.errors, 2);
  t.is(afterError(twice, 60_000 + 120_001, IDLE_HOLD).errors, 1);
});
