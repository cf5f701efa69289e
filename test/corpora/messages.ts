// messages.jsonl: one message a line with the verdict that its source gives it. Reads lines, compares verdicts.
//
// A record: { "id": "rfc7606-origin-3", "hex": "ffff…", "expect": "withdraw" } and, where they matter,
//   "context": fields of `DecodeContext`; absent ones are those of an external session with 4-octet AS numbers and both
//              families,
//   "maxMessage": 4096 or 65535,
//   "notification": [3, 1] or [3, 1, "data in hex"], of a message that ends the session.
// `expect` is accept, discard, disable, withdraw or reset: the gravest thing that comes of the message.

import { z } from 'zod';
import { fromHex, toHex } from '../../src/base/bytes.js';
import { Framer } from '../../src/wire/framer.js';
import type { DecodeContext, Notification } from '../../src/wire/types.js';
import { CONTEXT } from '../wire/case-file.js';
import { ACTIONS, Bench, type Judgement, refusal } from './judge.js';
import type { Report } from './report.js';

const pair = z.tuple([z.boolean(), z.boolean()]);

const recordSchema = z.strictObject({
  id: z.string().min(1),
  hex: z.string(),
  expect: z.enum(ACTIONS),
  context: z
    .strictObject({
      asn4: z.boolean(),
      sessionType: z.enum(['ibgp', 'ebgp']),
      families: pair,
      addPath: pair,
      extendedNextHop: z.boolean(),
      aigp: z.boolean(),
      refuseAsSets: z.boolean(),
      tunnelEncapsulation: z.boolean(),
    })
    .partial()
    .optional(),
  maxMessage: z.union([z.literal(4096), z.literal(65535)]).optional(),
  notification: z
    .union([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number(), z.string()])])
    .optional(),
});

type MessageRecord = z.output<typeof recordSchema>;

/** `notes`: the text of docs/rfc-notes.md; a record whose id stands there in back-ticks may differ. */
export function replayMessages(text: string, notes: string, report: Report): void {
  const bench = new Bench();
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    report.count('messages');
    const record = parseRecord(line);
    if (typeof record === 'string') {
      report.count('records of unknown shape');
      report.fail(`line ${i + 1}: not a record that is known (${record}): ${line.slice(0, 60)}`);
    } else compare(record, bench, notes, report);
  });
}

/** A string says what is wrong with it. */
function parseRecord(line: string): (MessageRecord & { readonly octets: Uint8Array }) | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'no JSON';
  }
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return issue === undefined ? 'no record' : `${issue.path.join('.')} ${issue.message}`.trim();
  }
  const octets = fromHex(parsed.data.hex);
  return octets === null ? 'hex is no hex' : { ...parsed.data, octets };
}

function compare(
  record: MessageRecord & { readonly octets: Uint8Array },
  bench: Bench,
  notes: string,
  report: Report,
): void {
  const judgement = judge(record, bench);
  if (judgement.fault !== null) report.fail(`${record.id}: ${judgement.fault}`);
  const difference = differenceOf(record, judgement);
  if (difference === null) return;
  if (notes.includes(`\`${record.id}\``)) report.count('differences that docs/rfc-notes.md explains');
  else report.fail(`${record.id}: ${difference}`);
}

function judge({ octets, context, maxMessage }: MessageRecord & { octets: Uint8Array }, bench: Bench) {
  const whole = { ...CONTEXT, ...defined(context ?? {}) };
  let found: Judgement | null = null;
  const error = new Framer(maxMessage ?? 4096).push(octets, (_type, frame) => {
    found = bench.of(whole).judge(frame);
    return false;
  });
  return found ?? refusal(error);
}

const defined = (fields: Readonly<Record<string, unknown>>): Partial<DecodeContext> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function differenceOf({ expect, notification }: MessageRecord, { action, complaints, reset }: Judgement) {
  const said = complaints.length === 0 ? '' : ` (${complaints.join('; ')})`;
  if (action !== expect) return `${action} instead of ${expect}${said}`;
  if (notification === undefined) return null;
  const want = notification.join('/');
  const got = reset === null ? 'none' : notificationText(reset, notification.length);
  return got === want ? null : `NOTIFICATION ${got} instead of ${want}`;
}

const notificationText = ({ code, subcode, data }: Notification, parts: number): string =>
  [code, subcode, ...(parts === 3 ? [toHex(data)] : [])].join('/');
