// The RTR client against scripts of a cache: what it sends, what it takes over, when it gives up; octets from fixtures.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { fromHex, toHex } from '../../src/base/bytes.js';
import { formatPrefix, prefixFromWords } from '../../src/base/prefix.js';
import { decodePdu, encodeError } from '../../src/rpki/pdu.js';
import {
  newRtrClient,
  type RtrAction,
  type RtrClient,
  type RtrEvent,
  stepRtr,
} from '../../src/rpki/rtr-client.js';
import type { Vrp } from '../../src/rpki/types.js';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'rpki');

const vrpText = ({ family, w0, w1, w2, w3, length, maxLength, asn }: Vrp): string =>
  `${formatPrefix(prefixFromWords(family === 0 ? 'ipv4' : 'ipv6', w0, w1, w2, w3, length))}-${maxLength} AS${asn}`;

function actionText(action: RtrAction): string {
  switch (action.kind) {
    case 'send':
      return `send ${toHex(action.bytes)}`;
    case 'begin':
      return `begin ${action.whole ? 'whole' : 'delta'}`;
    case 'record':
      return `${action.announce ? '+' : '-'} ${vrpText(action.vrp)}`;
    case 'timer':
      return `${action.timer} ${action.seconds ?? 'off'}`;
    case 'connect':
    case 'disconnect':
    case 'commit':
    case 'rollback':
    case 'forget':
      return action.kind;
  }
}

/** Runs events given as text; each gives the actions it made. */
function script(
  lines: readonly string[],
  client: RtrClient = newRtrClient({}),
): { log: string[]; client: RtrClient } {
  let now = client;
  const log: string[] = [];
  for (const line of lines) {
    const step = stepRtr(now, eventOf(line));
    now = step.client;
    log.push(step.actions.map(actionText).join(', '));
  }
  return { log, client: now };
}

function eventOf(line: string): RtrEvent {
  const [kind = '', rest = ''] = line.split(/ (.*)/s);
  if (
    kind === 'start' ||
    kind === 'connected' ||
    kind === 'retry' ||
    kind === 'refresh' ||
    kind === 'expire'
  ) {
    return { kind };
  }
  if (kind === 'lost') return { kind, reason: rest };
  const bytes = fromHex(line.replace(/ /g, ''));
  if (bytes === null) throw new Error(`${line} is no event`);
  return { kind: 'pdu', bytes };
}

const RESPONSE = '01 03 0007 00000008';
const V4 = '01 04 0000 00000014 01 18 18 00 c0000200 0000fde9';
const V4_GONE = '01 04 0000 00000014 00 18 18 00 c0000200 0000fde9';
const V6 = '01 06 0000 00000020 01 20 30 00 20010db8 00000000 00000000 00000000 0000fdea';
const END = '01 07 0007 00000018 00000005 00000e10 00000258 00001c20';
const RESET_QUERY = (version: number): string => `send 0${version}02000000000008`;
const UP = ['start', 'connected'];
const SYNC = [...UP, RESPONSE, V4, V6, END];

test('the whole way: reset query in the newest version, records, end of data', (t) => {
  const { log, client } = script(SYNC);
  t.deepEqual(log, [
    'connect, retry off',
    `${RESET_QUERY(2)}, refresh off`,
    'begin whole',
    '+ 192.0.2.0/24-24 AS65001',
    '+ 2001:db8::/32-48 AS65002',
    'commit, refresh 3600, expire 7200',
  ]);
  t.deepEqual(
    [client.state, client.version, client.session, client.serial, client.hasData],
    ['synced', 1, 7, 5, true],
  );
});

const NOTIFY = '01 00 0007 0000000c 00000006';
const SERIAL_QUERY = 'send 01010007 0000000c 00000005'.replace(/ (?=0)/g, '').replace('send', 'send ');

const STORIES: readonly (readonly [what: string, events: readonly string[], last: string, state: string])[] =
  [
    ['a notify of a newer serial asks for it', [...SYNC, NOTIFY], `${SERIAL_QUERY}, refresh off`, 'querying'],
    ['a notify of what we have says nothing', [...SYNC, '01 00 0007 0000000c 00000005'], '', 'synced'],
    [
      'a notify of another session asks for everything',
      [...SYNC, '01 00 0008 0000000c 00000005'],
      `${RESET_QUERY(1)}, refresh off`,
      'querying',
    ],
    [
      'a notify before a version is agreed on is ignored',
      [...UP, '05 00 0008 0000000c 00000005'],
      '',
      'querying',
    ],
    ['time to refresh', [...SYNC, 'refresh'], `${SERIAL_QUERY}, refresh off`, 'querying'],
    ['a delta is taken as one', [...SYNC, 'refresh', RESPONSE], 'begin delta', 'receiving'],
    [
      'a withdrawal in a delta',
      [...SYNC, 'refresh', RESPONSE, V4_GONE],
      '- 192.0.2.0/24-24 AS65001',
      'receiving',
    ],
    [
      'cache reset asks for everything',
      [...SYNC, 'refresh', '01 08 0000 00000008'],
      `${RESET_QUERY(1)}, refresh off`,
      'querying',
    ],
    [
      'data stay when the connection is lost',
      [...SYNC, 'lost ECONNRESET'],
      'disconnect, refresh off, retry 600',
      'down',
    ],
    [
      'half an answer is thrown away',
      [...UP, RESPONSE, V4, 'lost x'],
      'rollback, disconnect, refresh off, retry 600',
      'down',
    ],
    ['it connects again', [...SYNC, 'lost x', 'retry'], 'connect, retry off', 'connecting'],
    [
      'and goes on from where it was',
      [...SYNC, 'lost x', 'retry', 'connected'],
      `${SERIAL_QUERY}, refresh off`,
      'querying',
    ],
    ['data expire', [...SYNC, 'lost x', 'expire'], 'forget', 'down'],
    [
      'after that it asks for everything',
      [...SYNC, 'lost x', 'expire', 'retry', 'connected'],
      `${RESET_QUERY(1)}, refresh off`,
      'querying',
    ],
    [
      'a cache that knows version 1 alone is asked again at once',
      [...UP, '01 0a 0004 00000010 00000000 00000000'],
      'disconnect, refresh off, retry 600, connect, retry off',
      'connecting',
    ],
    [
      'in that version',
      [...UP, '01 0a 0004 00000010 00000000 00000000', 'connected'],
      `${RESET_QUERY(1)}, refresh off`,
      'querying',
    ],
    [
      'a cache of version 0',
      [...UP, '00 0a 0004 00000010 00000000 00000000', 'connected'],
      `${RESET_QUERY(0)}, refresh off`,
      'querying',
    ],
    [
      'a cache that hangs up on a new version is asked in an older one',
      [...UP, 'lost closed', 'retry', 'connected'],
      `${RESET_QUERY(1)}, refresh off`,
      'querying',
    ],
    [
      'end of data of version 0 keeps the usual times',
      [...UP, '00 03 0007 00000008', '00 07 0007 0000000c 00000001'],
      'commit, refresh 3600, expire 7200',
      'synced',
    ],
    [
      'times out of bounds count as the bounds',
      [...UP, RESPONSE, '01 07 0007 00000018 00000005 000fffff 00000000 00000001'],
      'commit, refresh 86400, expire 86401',
      'synced',
    ],
    [
      'no data yet: later',
      [...UP, '01 0a 0002 00000010 00000000 00000000'],
      'disconnect, refresh off, retry 600',
      'down',
    ],
    [
      'router keys and provider lists are passed over',
      [...UP, RESPONSE, '01 09 0000 00000008'],
      '',
      'receiving',
    ],
  ];

for (const [what, events, last, state] of STORIES) {
  test(`story: ${what}`, (t) => {
    const { log, client } = script(events);
    t.deepEqual([log.at(-1), client.state], [last, state]);
  });
}

const OBJECTIONS: readonly (readonly [
  what: string,
  events: readonly string[],
  code: number,
  forgets: boolean,
])[] = [
  ['a record outside an answer', [...UP, V4], 0, false],
  ['end of data outside an answer', [...UP, END], 0, false],
  ['a response that nobody asked for', [...SYNC, RESPONSE], 0, false],
  ['another session in a delta', [...SYNC, 'refresh', '01 03 0008 00000008'], 0, true],
  [
    'another session at the end',
    [...UP, RESPONSE, '01 07 0008 00000018 00000005 00000e10 00000258 00001c20'],
    0,
    true,
  ],
  ['a query from a cache', [...UP, '01 02 0000 00000008'], 3, false],
  ['another version in the middle', [...UP, RESPONSE, V4.replace('01', '00')], 8, false],
  ['a version that we do not know', [...UP, '03 03 0007 00000008'], 4, false],
  ['an unknown type', [...UP, RESPONSE, '01 63 0000 00000008'], 5, false],
  ['a provider list in version 1', [...UP, RESPONSE, '01 0b 0000 00000008'], 5, false],
  ['a mask that is longer than the longest', [...UP, RESPONSE, V4.replace('18 18', '19 18')], 0, false],
  ['a mask that no address has', [...UP, RESPONSE, V4.replace('18 18', '18 21')], 0, false],
  ['a prefix of a wrong length', [...UP, RESPONSE, '01 04 0000 00000008'], 0, false],
];

for (const [what, events, code, forgets] of OBJECTIONS) {
  test(`objects to ${what}`, (t) => {
    const { log, client } = script(events);
    const last = log.at(-1)!;
    t.regex(last, new RegExp(`^send 0.0a000${code}`));
    t.is(last.includes('forget'), forgets);
    t.is(client.state, 'down');
    t.truthy(client.lastError);
  });
}

test('an Error Report is not answered with another', (t) => {
  const { log } = script([...UP, '01 0a 0000 00000010 000000ff 00000000']);
  t.false(log.at(-1)!.includes('send'));
});

test('what the table refuses ends the session with its code', (t) => {
  const { client } = script([...UP, RESPONSE, V4]);
  const { actions } = stepRtr(client, { kind: 'refused', code: 7, bytes: fromHex(V4.replace(/ /g, ''))! });
  t.deepEqual(
    actions.map(({ kind }) => kind),
    ['send', 'rollback', 'disconnect', 'timer', 'timer'],
  );
});

test('times that the operator set are not the cache’s to change', (t) => {
  const { log } = script(SYNC, newRtrClient({ refresh: 30, expire: 900 }));
  t.is(log.at(-1), 'commit, refresh 30, expire 900');
});

/** One PDU a line, hex, and what it says. */
for (const line of readFileSync(join(fixtures, 'pdus.txt'), 'utf8').split('\n')) {
  const [hex = '', says = ''] = line.split(' = ');
  if (says === '') continue;
  test(`pdu ${says}`, (t) => {
    const pdu = decodePdu(fromHex(hex.replace(/ /g, ''))!);
    const text =
      pdu.kind === 'prefix' ? `${pdu.announce ? '+' : '-'} ${vrpText(pdu.vrp)}` : JSON.stringify(pdu);
    t.is(text, says);
  });
}

test('any octets are a PDU or a fault, and an Error Report comes back as it was', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (bytes) => {
      t.true(decodePdu(bytes).kind.length > 0);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.stringMatching(/^[a-z ]{0,50}$/), (inner, text) => {
      t.deepEqual(decodePdu(encodeError(1, 3, inner, text)), { kind: 'error', code: 3, text });
    }),
  );
});

test('whatever a cache sends, the client stays in one of its states and asks for no timer below a second', (t) => {
  const events = fc.array(
    fc.oneof(
      fc.constantFrom(
        ...SYNC,
        NOTIFY,
        'refresh',
        'lost x',
        'retry',
        'expire',
        '01 08 0000 00000008',
        V4_GONE,
      ),
      fc.uint8Array({ minLength: 8, maxLength: 40 }).map(toHex),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(events, (lines) => {
      let client = newRtrClient({});
      let open = false;
      for (const line of lines) {
        const { client: next, actions } = stepRtr(client, eventOf(line));
        for (const action of actions) {
          if (action.kind === 'timer' && action.seconds !== null) t.true(action.seconds >= 1);
          if (action.kind === 'record' || action.kind === 'commit') t.true(open, line);
          if (action.kind === 'begin') open = true;
          if (action.kind === 'commit' || action.kind === 'rollback') open = false;
        }
        client = next;
      }
    }),
    { numRuns: 1000 },
  );
});
