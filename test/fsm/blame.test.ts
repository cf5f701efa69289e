// Whose fault it is: every reason with its kind and its fault, and what the kernel's counters add.

import test from 'ava';
import {
  type BlameContext,
  type BlameKind,
  blameFor,
  type Fault,
  type KernelDrops,
  sameBlame,
} from '../../src/fsm/blame.js';
import type { DownReason } from '../../src/fsm/types.js';
import { cease } from '../../src/wire/notification.js';
import type { Capability, OpenMessage } from '../../src/wire/types.js';
import { CONFIG, OPEN } from './samples.js';

const NOTHING: KernelDrops = { md5NotFound: 0, md5Unexpected: 0, md5Failure: 0, minTtl: 0, aoBad: 0 };

const CONTEXT: BlameContext = {
  config: CONFIG,
  hasPassword: false,
  hasTcpAo: false,
  hasTtlSecurity: false,
  drops: NOTHING,
  suspects: () => 1,
};

const note = (code: number, subcode: number, ...data: number[]) => ({
  code,
  subcode,
  data: Uint8Array.from(data),
});
const sent = (code: number, subcode: number, open?: OpenMessage): DownReason => ({
  kind: 'notificationSent',
  notification: note(code, subcode),
  ...(open === undefined ? {} : { open }),
});
const received = (code: number, subcode: number): DownReason => ({
  kind: 'notificationReceived',
  notification: note(code, subcode),
});
const connect = (code: string): DownReason => ({ kind: 'connectFailed', code });
const families = (...kinds: readonly (readonly [number, number])[]): OpenMessage => ({
  ...OPEN,
  capabilities: kinds.map(([afi, safi]): Capability => ({ kind: 'multiprotocol', afi, safi })),
});

const TABLE: readonly (readonly [DownReason | null, BlameKind, Fault, RegExp])[] = [
  [null, 'connecting', 'unknown', /^connecting$/],
  [connect('ECONNREFUSED'), 'refused', 'theirs', /nothing listens/],
  [connect('ETIMEDOUT'), 'noAnswer', 'network', /no answer/],
  [connect('EHOSTUNREACH'), 'noRoute', 'network', /no route/],
  [connect('ENETUNREACH'), 'noRoute', 'network', /no route/],
  [connect('EADDRNOTAVAIL'), 'localAddress', 'config', /not on this host/],
  [connect('EMFILE'), 'resources', 'ours', /descriptors/],
  [connect('EWEIRD'), 'noAnswer', 'unknown', /EWEIRD/],
  [
    { kind: 'connectionClosed', state: 'OpenSent', code: 'ECONNRESET' },
    'reset',
    'theirs',
    /OpenSent: the peer reset/,
  ],
  [{ kind: 'connectionClosed', state: 'OpenSent', code: null }, 'closed', 'theirs', /without a NOTIFICATION/],
  [sent(2, 2, OPEN), 'wrongAs', 'config', /^wrong AS: the peer says AS 65001, configured is AS 65001$/],
  [
    sent(2, 2, { ...OPEN, asn: 65009, capabilities: [] }),
    'wrongAs',
    'config',
    /says AS 65009, configured is AS 65001/,
  ],
  [sent(2, 2), 'wrongAs', 'theirs', /we ended it/],
  [sent(2, 3, OPEN), 'routerId', 'config', /our own router id/],
  [
    sent(2, 7, families([25, 70])),
    'unsupportedFamily',
    'config',
    /here is ipv4-unicast, ipv6-unicast, the peer offers AFI 25 SAFI 70$/,
  ],
  [sent(2, 7, families()), 'unsupportedFamily', 'config', /offers none/],
  [sent(2, 11, OPEN), 'roleMismatch', 'config', /role/],
  [sent(2, 6, OPEN), 'openRefused', 'theirs', /hold time/],
  [sent(1, 1), 'protocolError', 'theirs', /not synchronized/],
  [sent(3, 1), 'protocolError', 'theirs', /UPDATE/i],
  [sent(8, 0), 'sendHoldTimer', 'theirs', /send hold/i],
  [received(2, 2), 'wrongAs', 'config', /^wrong AS: the peer does not expect our AS 64512$/],
  [received(2, 7), 'unsupportedFamily', 'config', /the peer ended it/],
  [received(3, 1), 'protocolError', 'ours', /the peer ended it/],
  [received(4, 0), 'holdTimer', 'unknown', /hold timer/],
  [received(6, 1), 'peerMaxPrefix', 'config', /maximum number of prefixes/],
  [received(6, 2), 'peerAdminDown', 'theirs', /administrative shutdown/],
  [received(6, 5), 'peerCease', 'theirs', /rejected/],
  [received(6, 7), 'collision', 'unknown', /collision/],
  [{ kind: 'holdTimerExpired' }, 'holdTimer', 'unknown', /hold timer expired/],
  [
    { kind: 'maxPrefix', family: 0, limit: 5, restart: null },
    'maxPrefix',
    'theirs',
    /more than 5 ipv4.*until it is cleared/,
  ],
  [
    { kind: 'maxPrefix', family: 1, limit: 5, restart: 60 },
    'maxPrefix',
    'theirs',
    /ipv6-unicast.*again after 60 s/,
  ],
  [{ kind: 'ttlTooLow', ttl: 64, minimum: 255 }, 'ttlSecurity', 'config', /TTL 64, ttlSecurity wants 255/],
  [{ kind: 'collision' }, 'collision', 'unknown', /collision/],
  [{ kind: 'adminDown', text: 'drain' }, 'adminDown', 'ours', /drain/],
];

for (const [index, [reason, kind, fault, words]] of TABLE.entries()) {
  test(`${index}: ${kind} is the fault of ${fault}`, (t) => {
    const blame = blameFor(reason, CONTEXT);
    t.like(blame, { kind, fault });
    t.regex(blame.text, words);
    t.notRegex(blame.text, /\.$/);
  });
}

test('who waits for the peer says so', (t) => {
  t.is(blameFor(null, { ...CONTEXT, config: { ...CONFIG, passive: true } }).kind, 'waiting');
});

test('the text of a shutdown is shown', (t) => {
  const reason: DownReason = { kind: 'notificationReceived', notification: cease(2, 'new cable') };
  t.regex(blameFor(reason, CONTEXT).text, /"new cable"/);
});

const SILENCE = connect('ETIMEDOUT');
const DROPS: readonly (readonly [Partial<KernelDrops>, Partial<BlameContext>, BlameKind])[] = [
  [{ md5Failure: 3 }, { hasPassword: true }, 'md5Mismatch'],
  [{ md5NotFound: 3 }, { hasPassword: true }, 'md5Missing'],
  [{ md5Unexpected: 3 }, { hasPassword: false }, 'md5Unexpected'],
  [{ aoBad: 1 }, { hasTcpAo: true }, 'aoMismatch'],
  [{ minTtl: 1 }, { hasTtlSecurity: true }, 'ttlSecurity'],
  // What does not fit to the peer is not held against it.
  [{ md5Failure: 3, md5NotFound: 3 }, { hasPassword: false }, 'noAnswer'],
  [{ md5Unexpected: 3 }, { hasPassword: true }, 'noAnswer'],
  [{ minTtl: 3 }, {}, 'noAnswer'],
];

for (const [drops, more, kind] of DROPS) {
  test(`silence and ${JSON.stringify(drops)} with ${JSON.stringify(more)} is ${kind}`, (t) => {
    const context = { ...CONTEXT, ...more, drops: { ...NOTHING, ...drops } };
    t.is(blameFor(SILENCE, context).kind, kind);
    t.is(blameFor(connect('ECONNREFUSED'), context).kind, 'refused', 'who answers is not silent');
  });
}

test('the evidence says how many, and when it may have been another peer', (t) => {
  const context = { ...CONTEXT, hasPassword: true, drops: { ...NOTHING, md5Failure: 3 } };
  t.deepEqual(blameFor(SILENCE, context).evidence, ['the kernel dropped 3 segments lately (TCPMD5Failure)']);
  t.is(blameFor(SILENCE, { ...context, suspects: () => 4 }).evidence.length, 2);
  t.regex(blameFor(SILENCE, { ...context, drops: null }).evidence[0] ?? '', /would be as silent/);
});

test('other counts in the evidence are no news, another kind is', (t) => {
  const drops = (md5Failure: number) =>
    blameFor(SILENCE, { ...CONTEXT, hasPassword: true, drops: { ...NOTHING, md5Failure } });
  t.true(sameBlame(drops(1), drops(9)));
  t.false(sameBlame(drops(1), drops(0)));
  t.false(sameBlame(null, drops(1)));
  t.true(sameBlame(null, null));
});
