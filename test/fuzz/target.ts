// What the fuzz loop asks of the codec for one message: verdicts instead of exceptions, views that keep their promises,
// and that what was decoded encodes to something that decodes to the same.

import { bytesEqual } from '../../src/base/bytes.js';
import { mix32 } from '../../src/base/hash.js';
import { decodeBlock, encodeBlock } from '../../src/wire/block.js';
import { Framer } from '../../src/wire/framer.js';
import { ATTRIBUTE_NAMES, MESSAGE } from '../../src/wire/iana.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { decodeNotification, describeNotification, encodeNotification } from '../../src/wire/notification.js';
import { decodeOpen, encodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh, encodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { DecodeContext, NlriRun, Notification, UpdateView } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';

const LARGEST = 65535;

export interface Outcome {
  /** Null: all promises were kept. */
  readonly fault: string | null;
  /** What happened, a number for each verdict, run and error; octets do not matter. Valid until the next run. */
  readonly steps: readonly number[];
}

export type Run = (octets: Uint8Array, cuts: readonly number[]) => Outcome;

function hashText(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** All that matters of a block's way through the packer and back. */
const keptBlock = (view: UpdateView, run: NlriRun): Uint8Array =>
  view.scratch.slice(run.blockStart, run.blockEnd);

/** One kind of session, with decoders that are used again and again as in a session. */
export class Target {
  readonly context: DecodeContext;
  readonly #decoder: UpdateDecoder;
  readonly #again: UpdateDecoder;
  readonly #packer: UpdatePacker;
  readonly #cursor = new NlriCursor();
  readonly #second = new NlriCursor();
  readonly #steps: number[] = [];

  constructor(context: DecodeContext) {
    this.context = context;
    this.#decoder = new UpdateDecoder(context);
    this.#again = new UpdateDecoder(context);
    const { asn4, addPath } = context;
    this.#packer = new UpdatePacker({ maxMessage: LARGEST, asn4, addPath });
  }

  /** Takes octets as they come from a socket, cut where `cuts` says (ascending offsets). Throws only on a defect. */
  run(octets: Uint8Array, cuts: readonly number[]): Outcome {
    const fault = this.#receive(octets, cuts);
    if (fault !== null || cuts.length === 0) return { fault, steps: this.#steps };
    const steps = this.#steps.join();
    const whole = this.#receive(octets, []);
    const otherwise = steps === this.#steps.join() ? null : 'a message that is cut behaves otherwise';
    return { fault: whole ?? otherwise, steps: this.#steps };
  }

  #receive(octets: Uint8Array, cuts: readonly number[]): string | null {
    this.#steps.length = 0;
    const framer = new Framer(LARGEST);
    let fault: string | null = null;
    const onFrame = (type: number, frame: Uint8Array): boolean => {
      fault ??= this.#message(type, frame);
      return fault === null;
    };
    let at = 0;
    for (const cut of [...cuts, octets.length]) {
      const error = framer.push(octets.subarray(at, cut), onFrame);
      if (error !== null) this.#note(error.code, error.subcode);
      if (error !== null && error.code !== 1) fault ??= 'a framer error that is no header error';
      at = cut;
    }
    return fault;
  }

  #message(type: number, frame: Uint8Array): string | null {
    this.#note(type, 0);
    switch (type) {
      case MESSAGE.open:
        return this.#open(frame);
      case MESSAGE.update:
        return this.#update(frame);
      case MESSAGE.notification:
        return this.#notification(frame);
      case MESSAGE.routeRefresh:
        return this.#routeRefresh(frame);
      default:
        return frame.length === 19 ? null : 'a KEEPALIVE with a body';
    }
  }

  #note(a: number, b: number): void {
    this.#steps.push(mix32(Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b)));
  }

  #noteText(text: string, more: number): void {
    this.#note(hashText(text), more);
  }

  #refused({ code, subcode, data }: Notification, expected: number): string | null {
    this.#note(code, subcode);
    if (data.length > 4075) return 'more error data than a NOTIFICATION holds';
    return code === expected ? null : `refused with error ${code}`;
  }

  #open(frame: Uint8Array): string | null {
    const result = decodeOpen(frame);
    if (!result.ok) return this.#refused(result.notification, 2);
    for (const { kind } of result.open.capabilities) this.#noteText(kind, 0);
    const encoded = encodeOpen(result.open);
    const again = decodeOpen(encoded);
    if (!again.ok) return 'an OPEN of ours is refused';
    return bytesEqual(encodeOpen(again.open), encoded) ? null : 'an OPEN of ours changes on its way';
  }

  #notification(frame: Uint8Array): string | null {
    const notification = decodeNotification(frame);
    if (notification.code < 9) this.#note(notification.code, Math.min(notification.subcode, 12));
    if (/[\p{Cc}\p{Cf}]/u.test(describeNotification(notification))) return 'control characters in a text';
    if (frame.length > 4096) return null;
    const again = encodeNotification(notification);
    return bytesEqual(again, frame) ? null : 'a NOTIFICATION changes on its way';
  }

  #routeRefresh(frame: Uint8Array): string | null {
    const result = decodeRouteRefresh(frame);
    if (!result.ok) return this.#refused(result.notification, 7);
    this.#note(result.message.subtype, frame.length > 23 ? 1 : 0);
    const again = encodeRouteRefresh(result.message);
    return bytesEqual(again.subarray(16), frame.subarray(16, 23)) || frame.length > 23
      ? null
      : 'a ROUTE-REFRESH changes on its way';
  }

  #update(frame: Uint8Array): string | null {
    const view = this.#decoder.decode(frame);
    for (const { action, attribute, reason, bytes } of view.verdicts) {
      // One unknown attribute is as good as another.
      this.#noteText(`${action} ${reason}`, attribute in ATTRIBUTE_NAMES ? attribute : 0);
      if (bytes.length > 256) return 'more evidence than its limit';
    }
    if (view.verdicts.length > 16) return 'more verdicts than their limit';
    if (view.endOfRib !== null) this.#note(view.endOfRib, 99);
    if (view.reset !== null) {
      return view.runs.length > 0 ? 'routes beside a reset' : this.#refused(view.reset, 3);
    }
    for (const run of view.runs) {
      const fault = this.#checkRun(view, run);
      if (fault !== null) return fault;
    }
    return this.#roundTrip(view);
  }

  #checkRun(view: UpdateView, run: NlriRun): string | null {
    const { frame } = view;
    this.#note(run.kind === 'reach' ? 1 : 0, run.family);
    const inside = run.start >= 21 && run.start < run.end && run.end <= frame.length;
    if (!inside) return 'a run outside its message';
    const cursor = this.#cursor;
    cursor.open(frame, run);
    let octets = 0;
    while (cursor.next()) {
      if (cursor.length > (run.family === 0 ? 32 : 128)) return 'a prefix that is too long';
      octets += 1 + ((cursor.length + 7) >>> 3) + (run.addPath ? 4 : 0);
    }
    if (octets !== run.end - run.start) return 'a run that ends inside a prefix';
    return run.kind === 'reach' ? this.#checkBlock(view, run) : null;
  }

  /** Blocks survive the decoded form; only the Partial bit of attributes with a field is not part of it. */
  #checkBlock(view: UpdateView, run: NlriRun): string | null {
    const block = keptBlock(view, run);
    const encoded = encodeBlock(decodeBlock(block));
    if (encoded.length !== block.length) return 'a block of another length after encoding';
    let flags = 0;
    for (let i = 0; i < block.length; i += 1) if (block[i] !== encoded[i]) flags |= block[i]! ^ encoded[i]!;
    if ((flags & ~0x20) !== 0) return 'a block that is not canonical';
    return bytesEqual(encodeBlock(decodeBlock(encoded)), encoded) ? null : 'a block that keeps changing';
  }

  /** Packed and decoded again, the routes are the same. In the 2-octet form AS paths may lose their borders. */
  #roundTrip(view: UpdateView): string | null {
    const packer = this.#packer;
    for (const run of view.runs) {
      const block = keptBlock(view, run);
      if (run.kind === 'reach') packer.reach(run.family, block);
      else packer.unreach(run.family);
      this.#packRun(view.frame, run);
      const unsendable = packer.unsendable > 0;
      packer.unsendable = 0;
      const sent = packer.take();
      if (unsendable) continue;
      const fault = this.#compare(view.frame, run, block, sent);
      if (fault !== null) return fault;
    }
    return null;
  }

  #packRun(frame: Uint8Array, run: NlriRun): void {
    const cursor = this.#cursor;
    cursor.open(frame, run);
    while (cursor.next()) {
      const { w0, w1, w2, w3, length, pathId } = cursor;
      if (run.addPath) this.#packer.path(pathId, w0, w1, w2, w3, length);
      else this.#packer.prefix(w0, w1, w2, w3, length);
    }
  }

  #compare(frame: Uint8Array, run: NlriRun, block: Uint8Array, sent: Uint8Array): string | null {
    if (sent.length > LARGEST) return null;
    const view = this.#again.decode(sent);
    const again = view.runs[0];
    if (view.runs.length !== 1 || again === undefined) return 'a message of ours with other routes';
    if (view.verdicts.length > 0) return 'a message of ours is malformed';
    if (again.kind !== run.kind || again.family !== run.family) return 'a message of ours of another kind';
    if (this.context.asn4 && run.kind === 'reach' && !bytesEqual(keptBlock(view, again), block)) {
      return 'other attributes after packing';
    }
    return this.#samePrefixes(frame, run, sent, again) ? null : 'other prefixes after packing';
  }

  #samePrefixes(frame: Uint8Array, run: NlriRun, sent: Uint8Array, again: NlriRun): boolean {
    const [a, b] = [this.#cursor, this.#second];
    a.open(frame, run);
    b.open(sent, again);
    while (a.next()) {
      if (!b.next() || a.length !== b.length || a.pathId !== b.pathId) return false;
      if (a.w0 !== b.w0 || a.w1 !== b.w1 || a.w2 !== b.w2 || a.w3 !== b.w3) return false;
    }
    return !b.next();
  }
}

/** Sessions of all kinds that matter to the decoders. */
export const CONTEXTS: readonly DecodeContext[] = [
  { asn4: true, sessionType: 'ibgp', families: [true, true], addPath: [false, false] },
  { asn4: true, sessionType: 'ebgp', families: [true, true], addPath: [false, false] },
  { asn4: false, sessionType: 'ebgp', families: [true, true], addPath: [false, false] },
  { asn4: false, sessionType: 'ibgp', families: [true, true], addPath: [false, false] },
  { asn4: true, sessionType: 'ibgp', families: [true, true], addPath: [true, true], extendedNextHop: true },
  {
    asn4: true,
    sessionType: 'ebgp',
    families: [true, false],
    addPath: [false, false],
    extendedNextHop: true,
  },
  { asn4: true, sessionType: 'ebgp', families: [false, true], addPath: [false, true] },
  {
    asn4: true,
    sessionType: 'ebgp',
    families: [true, true],
    addPath: [false, false],
    extendedNextHop: true,
    aigp: true,
    tunnelEncapsulation: true,
  },
  { asn4: true, sessionType: 'ibgp', families: [true, true], addPath: [false, false], refuseAsSets: true },
  { asn4: false, sessionType: 'ebgp', families: [true, true], addPath: [false, false], refuseAsSets: true },
];
