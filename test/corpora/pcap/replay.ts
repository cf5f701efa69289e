// A whole capture through the codec: each TCP connection put together, each direction with a framer of its own, decoded
// as the two OPENs say.

import { readU16 } from '../../../src/base/bytes.js';
import { Framer } from '../../../src/wire/framer.js';
import { MESSAGE } from '../../../src/wire/iana.js';
import { MAX_EXTENDED_MESSAGE } from '../../../src/wire/message.js';
import { decodeOpen } from '../../../src/wire/open.js';
import type { DecodeContext } from '../../../src/wire/types.js';
import { Bench, refusal } from '../judge.js';
import type { Report } from '../report.js';
import { Conversation, type End } from '../session-kind.js';
import { readCapture } from './capture-file.js';
import { isSegment, type Segment, segmentOf } from './segment.js';
import { type StreamEvent, TcpStream } from './tcp-stream.js';

export function replayCapture(file: Uint8Array, report: Report): void {
  const capture = readCapture(file);
  if (capture.kind === 'unknown') {
    report.fail('neither pcap nor pcapng');
    return;
  }
  const connections = new Map<string, Connection>();
  const bench = new Bench();
  capture.packets.forEach((packet, i) => {
    const segment = segmentOf(packet);
    if (isSegment(segment)) connectionOf(connections, segment, bench, report).take(segment, i + 1);
    else if (segment !== null) report.count(`packets left out: ${segment}`);
  });
  for (const connection of connections.values()) connection.end();
  report.count('packets', capture.packets.length);
  report.count('connections', connections.size);
  if (capture.cutAt !== null) report.count('octets of a packet that is cut off', file.length - capture.cutAt);
}

function connectionOf(
  connections: Map<string, Connection>,
  { from, to }: Segment,
  bench: Bench,
  report: Report,
): Connection {
  const key = from < to ? `${from} ${to}` : `${to} ${from}`;
  let connection = connections.get(key);
  if (connection === undefined) {
    connection = new Connection(from, bench, report);
    connections.set(key, connection);
  }
  return connection;
}

interface Direction {
  readonly stream: TcpStream;
  framer: Framer | null;
}

class Connection {
  readonly #from: string;
  readonly #bench: Bench;
  readonly #report: Report;
  readonly #directions: readonly [Direction, Direction] = [
    { stream: new TcpStream(), framer: null },
    { stream: new TcpStream(), framer: null },
  ];
  #conversation = new Conversation();
  /** Of the capture, from 1. */
  #packet = 0;

  constructor(from: string, bench: Bench, report: Report) {
    this.#from = from;
    this.#bench = bench;
    this.#report = report;
  }

  take(segment: Segment, packet: number): void {
    this.#packet = packet;
    const end: End = segment.from === this.#from ? 0 : 1;
    this.#directions[end].stream.take(segment, (event) => this.#happened(end, event));
  }

  end(): void {
    for (const end of [0, 1] as const) {
      this.#directions[end].stream.end((event) => this.#happened(end, event));
    }
  }

  #happened(end: End, event: StreamEvent): void {
    const direction = this.#directions[end];
    switch (event.kind) {
      case 'begin':
        direction.framer = null;
        this.#conversation = new Conversation();
        return;
      case 'gap':
        this.#report.count('gaps in the capture');
        direction.framer = null;
        return;
      case 'octets':
        this.#octets(end, direction, event.octets);
    }
  }

  /** Inside a connection that the capture did not see from the start, messages begin at a marker. */
  #octets(end: End, direction: Direction, octets: Uint8Array): void {
    let start = 0;
    if (direction.framer === null) {
      start = markerAt(octets);
      if (start < 0) {
        this.#report.count('segments before the first marker');
        return;
      }
      direction.framer = new Framer(MAX_EXTENDED_MESSAGE);
    }
    const error = direction.framer.push(octets.subarray(start), (type, frame) => {
      this.#judge(end, type, frame);
      return true;
    });
    this.#report.take(refusal(error), this.#circumstances(), () => this.#where('header'));
  }

  #judge(end: End, type: number, frame: Uint8Array): void {
    this.#report.count('messages');
    if (type === MESSAGE.open) {
      const result = decodeOpen(frame);
      if (result.ok) this.#conversation.open(end, result.open);
    }
    const known = this.#conversation.context(end);
    const judgement =
      known === null ? this.#bench.mildest(GUESSES, frame) : this.#bench.of(known).judge(frame);
    this.#report.take(judgement, this.#circumstances(), () => this.#where(`message type ${type}`));
    const longest = this.#conversation.maxMessage;
    if (longest !== null && frame.length > longest) {
      this.#report.fail(`${this.#where('message')}: ${frame.length} octets in a session of ${longest}`);
    }
  }

  #circumstances() {
    return { file: this.#report.name, agreed: this.#conversation.agreed, own: false } as const;
  }

  #where(what: string): string {
    return `packet ${this.#packet}, ${what}`;
  }
}

/** Offset of a plausible header, or -1. */
function markerAt(octets: Uint8Array): number {
  for (let at = 0; at + 19 <= octets.length; at++) {
    if (!octets.subarray(at, at + 16).every((octet) => octet === 0xff)) continue;
    const type = octets[at + 18]!;
    if (readU16(octets, at + 16) >= 19 && type >= 1 && type <= 5) return at;
  }
  return -1;
}

const ANY = { families: [true, true], extendedNextHop: true, aigp: true, tunnelEncapsulation: true } as const;

/** The kinds of session that one may be of which the OPENs were not seen, likeliest first. */
const GUESSES: readonly DecodeContext[] = (['ebgp', 'ibgp'] as const).flatMap((sessionType) =>
  ([true, false] as const).flatMap((asn4) =>
    ([false, true] as const).map((pathIds) => ({
      ...ANY,
      sessionType,
      asn4,
      addPath: [pathIds, pathIds] as const,
    })),
  ),
);
