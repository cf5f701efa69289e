// One passive BGP session of the benchmark's own speaker. Takes the time of everything it receives; selects nothing,
// stores no routes.

import type { Socket } from 'node:net';
import { parseIpv4 } from '../../src/base/ip.js';
import { Framer } from '../../src/wire/framer.js';
import { AS_TRANS, MESSAGE } from '../../src/wire/iana.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { encodeOpen } from '../../src/wire/open.js';
import type { Capability, DecodeContext, UpdateView } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { monotonicMs } from './clock.js';
import { ASN, type SessionPlan } from './plan.js';

/** One prefix of a received UPDATE. */
export interface Arrival {
  readonly address: number;
  readonly reach: boolean;
  /** When the octets that held it were read, `monotonicMs`. */
  readonly at: number;
}

const CONTEXT: DecodeContext = {
  asn4: true,
  sessionType: 'ibgp',
  families: [true, false],
  addPath: [false, false],
};

const CAPABILITIES: readonly Capability[] = [
  { kind: 'multiprotocol', afi: 1, safi: 1 },
  { kind: 'routeRefresh' },
  { kind: 'fourOctetAs', asn: ASN },
];

const endOfRib = (): Uint8Array => {
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  packer.endOfRib(0);
  return packer.take();
};

export class SpeakerSession {
  readonly arrivals: Arrival[] = [];
  readonly keepalives: number[] = [];
  /** When the peer's first KEEPALIVE came; null while the session is not Established. */
  establishedAt: number | null = null;
  readonly #socket: Socket;
  readonly #plan: SessionPlan;
  readonly #framer = new Framer();
  readonly #decoder = new UpdateDecoder(CONTEXT);
  readonly #cursor = new NlriCursor();
  #timer: NodeJS.Timeout | null = null;

  /** `onChange` is called after every piece of the stream and at its end. */
  constructor(socket: Socket, plan: SessionPlan, onChange: () => void) {
    this.#socket = socket;
    this.#plan = plan;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#read(chunk);
      onChange();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#end();
      onChange();
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    const at = monotonicMs();
    const error = this.#framer.push(chunk, (type, frame) => this.#take(type, frame, at));
    if (error !== null) this.#socket.destroy();
  }

  #take(type: number, frame: Uint8Array, at: number): boolean {
    if (type === MESSAGE.open) this.#answerOpen();
    if (type === MESSAGE.keepalive) this.#takeKeepalive(at);
    if (type === MESSAGE.update) this.#takeUpdate(this.#decoder.decode(frame), at);
    return type !== MESSAGE.notification;
  }

  #answerOpen(): void {
    const routerId = parseIpv4(this.#plan.address) ?? 0;
    const asn = ASN > 0xffff ? AS_TRANS : ASN;
    const { holdTime } = this.#plan;
    this.send(encodeOpen({ version: 4, asn, holdTime, routerId, capabilities: CAPABILITIES }));
    this.send(KEEPALIVE);
    this.#timer = setInterval(() => this.send(KEEPALIVE), (holdTime * 1000) / 3);
  }

  #takeKeepalive(at: number): void {
    this.keepalives.push(at);
    if (this.establishedAt !== null) return;
    this.establishedAt = at;
    this.send(endOfRib());
  }

  #takeUpdate(view: UpdateView, at: number): void {
    for (const run of view.runs) {
      this.#cursor.open(view.frame, run);
      while (this.#cursor.next()) {
        this.arrivals.push({ address: this.#cursor.w0, reach: run.kind === 'reach', at });
      }
    }
  }

  #end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.establishedAt = null;
  }
}
