// A whole MRT file through the codec: routes of tables as the UPDATEs that brought them, messages as they are.

import { Framer } from '../../../src/wire/framer.js';
import { ATTRIBUTE, MESSAGE } from '../../../src/wire/iana.js';
import { MAX_EXTENDED_MESSAGE } from '../../../src/wire/message.js';
import { decodeOpen } from '../../../src/wire/open.js';
import type { DecodeContext } from '../../../src/wire/types.js';
import { Bench, refusal } from '../judge.js';
import type { Report } from '../report.js';
import { Conversation } from '../session-kind.js';
import { type Bgp4mpRecord, readBgp4mp } from './bgp4mp.js';
import { entryUpdate, hasAttribute } from './entry-update.js';
import { MRT, type MrtRecord, readMrt } from './records.js';
import { readTable, type TableEntry, type TablePeer } from './table-dump.js';

type MessageRecord = Extract<Bgp4mpRecord, { kind: 'message' }>;

export function replayMrt(file: Uint8Array, report: Report): void {
  const replay = new MrtReplay(report);
  let records = 0;
  for (const record of readMrt(file)) {
    if (record.kind === 'cut') report.fail(`the file ends inside the record at octet ${record.at}`);
    else replay.take(record, records++);
  }
  report.count('records', records);
}

class MrtReplay {
  readonly #report: Report;
  readonly #bench = new Bench();
  readonly #conversations = new Map<string, Conversation>();
  #peers: readonly TablePeer[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  take(record: MrtRecord, number: number): void {
    switch (record.type) {
      case MRT.tableDump:
      case MRT.tableDumpV2:
        this.#table(record, number);
        break;
      case MRT.bgp4mp:
      case MRT.bgp4mpEt:
        this.#bgp4mp(record, number);
        break;
      default:
        this.#report.count(`records of type ${record.type}, not BGP`);
    }
  }

  #table(record: MrtRecord, number: number): void {
    const table = readTable(record, this.#peers);
    switch (table.kind) {
      case 'peers':
        this.#peers = table.peers;
        break;
      case 'entries':
        for (const entry of table.entries) this.#route(entry, number);
        break;
      case 'other':
        this.#report.count(`records of ${table.name}, not unicast`);
        break;
      case 'broken':
        this.#report.fail(`record ${number}: broken ${table.problem}`);
    }
  }

  #route(entry: TableEntry, number: number): void {
    this.#report.count('routes');
    const update = entryUpdate(entry);
    const where = (): string => `record ${number}, route of AS ${entry.peer.asn}`;
    if (update === null) {
      this.#report.fail(`${where()}: attributes run past their end`);
      return;
    }
    if (update.withoutNextHop) this.#report.count('of them without a next hop');
    if (update.withoutFlags > 0) this.#report.count('attributes without flags', update.withoutFlags);
    const own = entry.peer.address.every((octet) => octet === 0);
    const judgement = this.#bench.of(tableContext(entry)).judge(update.frame);
    this.#report.take(judgement, { file: this.#report.name, agreed: null, own }, where);
  }

  #bgp4mp(record: MrtRecord, number: number): void {
    const message = readBgp4mp(record);
    switch (message.kind) {
      case 'message':
        this.#message(message, number);
        break;
      case 'stateChange':
        this.#report.count('state changes');
        break;
      case 'other':
        this.#report.count(`records of ${message.name}`);
        break;
      case 'broken':
        this.#report.fail(`record ${number}: broken ${message.problem}`);
    }
  }

  #message(message: MessageRecord, number: number): void {
    const framer = new Framer(MAX_EXTENDED_MESSAGE);
    const where = (): string => `record ${number}, message type ${message.frame[18]}`;
    let frames = 0;
    const error = framer.push(message.frame, (type, frame) => {
      frames++;
      this.#judge(message, type, frame, where);
      return true;
    });
    if (error === null && frames === 0) this.#report.fail(`${where()}: no whole message`);
    this.#report.take(refusal(error), { file: this.#report.name, agreed: null, own: message.local }, where);
  }

  #judge(message: MessageRecord, type: number, frame: Uint8Array, where: () => string): void {
    this.#report.count('messages');
    const conversation = this.#conversation(message);
    if (type === MESSAGE.open) {
      const result = decodeOpen(frame);
      if (result.ok) conversation.open(message.local ? 1 : 0, result.open);
    }
    const judgement = this.#bench.mildest(messageContexts(message, conversation), frame);
    const { agreed } = conversation;
    this.#report.take(judgement, { file: this.#report.name, agreed, own: message.local }, where);
  }

  #conversation({ session }: MessageRecord): Conversation {
    let conversation = this.#conversations.get(session);
    if (conversation === undefined) {
      conversation = new Conversation();
      this.#conversations.set(session, conversation);
    }
    return conversation;
  }
}

const EVERYTHING = { extendedNextHop: true, aigp: true, tunnelEncapsulation: true } as const;

/** A table does not say whether a peer was internal; LOCAL_PREF does. */
const tableContext = ({ asn4, family, pathId, attributes }: TableEntry): DecodeContext => ({
  asn4,
  sessionType: hasAttribute(attributes, ATTRIBUTE.localPref) ? 'ibgp' : 'ebgp',
  families: [true, true],
  addPath: [family === 0 && pathId !== null, family === 1 && pathId !== null],
  ...EVERYTHING,
});

/** The record says which form it has; path ids are in the families for which they were agreed on. */
function messageContexts(message: MessageRecord, conversation: Conversation): readonly DecodeContext[] {
  const { asn4, addPath, peerAsn, localAsn } = message;
  const known = conversation.context(message.local ? 1 : 0);
  const base: DecodeContext = {
    ...(known ?? { families: [true, true], addPath: [addPath, addPath] }),
    asn4,
    sessionType: peerAsn === localAsn ? 'ibgp' : 'ebgp',
    ...EVERYTHING,
  };
  if (!addPath) return [{ ...base, addPath: [false, false] }];
  if (known !== null) return [base];
  return (
    [
      [true, true],
      [true, false],
      [false, true],
    ] as const
  ).map((pathIds) => ({ ...base, addPath: pathIds }));
}
