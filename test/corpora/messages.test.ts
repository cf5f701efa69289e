// The runner of messages.jsonl, on our own fixtures as such a file, and on records that it must refuse.

import test from 'ava';
import { toHex } from '../../src/base/bytes.js';
import { type Case, readCases } from '../wire/case-file.js';
import { ACTIONS, type Action } from './judge.js';
import { replayMessages } from './messages.js';
import { Report } from './report.js';

function replay(text: string, notes = ''): Report {
  const report = new Report('messages.jsonl');
  replayMessages(text, notes, report);
  return report;
}

/** What the fixture says, in the words of the corpus. */
function expected({ expected: told }: Case): { readonly expect: Action; readonly notification?: unknown } {
  const { reset, verdicts = [] } = told as { reset?: string; verdicts?: readonly string[] };
  if (reset !== undefined) return { expect: 'reset', notification: notificationOf(reset) };
  const actions = verdicts.map((verdict) => verdict.split(' ')[0] as Action);
  return { expect: ACTIONS.findLast((action) => actions.includes(action)) ?? 'accept' };
}

function notificationOf(text: string): readonly [number, number, string] {
  const [codes = '', data = ''] = text.split(' ');
  const [code, subcode] = codes.split('/').map(Number);
  return [code ?? 0, subcode ?? 0, data];
}

const recordOf = (input: Case): Record<string, unknown> => ({
  id: input.name,
  hex: toHex(input.frame),
  context: input.context,
  maxMessage: input.maxMessage,
  ...expected(input),
});

const records = [...readCases('wire'), ...readCases('malformed')].map(recordOf);

test('every fixture gets the verdict that it says', (t) => {
  const report = replay(records.map((record) => JSON.stringify(record)).join('\n'));
  t.deepEqual(report.failures, []);
  t.deepEqual(Object.fromEntries(report.counts), { messages: records.length });
  t.true(records.length > 150);
});

test('a wrong verdict, a wrong NOTIFICATION and wrong data are found', (t) => {
  const [good] = records.filter(({ id }) => id === 'update-unknown-well-known.case');
  const wrong = [
    { ...good, expect: 'accept' },
    { ...good, notification: [3, 9] },
    { ...good, notification: [3, 2, '00'] },
  ];
  const report = replay(wrong.map((record) => JSON.stringify(record)).join('\n'));
  t.is(report.failed, 3);
  t.regex(report.failures[0] ?? '', /reset instead of accept \(reset attribute \d+ unrecognized/);
  t.regex(report.failures[1] ?? '', /NOTIFICATION 3\/2 instead of 3\/9/);
  t.regex(report.failures[2] ?? '', /NOTIFICATION 3\/2\/\w+ instead of 3\/2\/00/);
});

test('a difference that the notes name is counted, not failed', (t) => {
  const line = JSON.stringify({ ...records[0], id: 'case-7', expect: 'withdraw' });
  t.is(replay(line, 'as `case-70` says').failed, 1);
  const report = replay(line, '- `case-7`: why');
  t.is(report.failed, 0);
  t.is(report.counts.get('differences that docs/rfc-notes.md explains'), 1);
});

for (const [name, line] of Object.entries({
  'no JSON': '{',
  'no record': '[]',
  'another shape': '{"id":"x","message":"ff","verdict":"ok"}',
  'hex that is none': '{"id":"x","hex":"f","expect":"accept"}',
  'an unknown verdict': '{"id":"x","hex":"ff","expect":"ignore"}',
  'an unknown field of the context': '{"id":"x","hex":"ff","expect":"accept","context":{"as4":true}}',
})) {
  test(`a record of unknown shape fails the run: ${name}`, (t) => {
    const report = replay(`${line}\n`);
    t.is(report.counts.get('records of unknown shape'), 1);
    t.is(report.failed, 1);
    t.regex(report.failures[0] ?? '', /^line 1: not a record that is known/);
  });
}
