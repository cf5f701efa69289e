// io_uring(7) for one thing: octets to many connected sockets in one system call. What is sent in one call leaves faster than
// its receivers take it, so that a receiver on another processor is woken once and not for each message. Keeps nothing
// from one call to the next; knows no protocol.

import { endianness } from 'node:os';
import { hasLibc, type Libc, libc } from './libc.js';

/** Writes of one call. */
const ENTRIES = 256;

const SETUP_SUBMIT_ALL = 1 << 7;
/** Linux 6.1. An older kernel refuses the two, and has no ring here. */
const SETUP_SINGLE_ISSUER = 1 << 12;
const SETUP_DEFER_TASKRUN = 1 << 13;
const ENTER_GETEVENTS = 1;
/** Offsets for mmap(2): both rings, and the entries of the first. */
const RINGS = 0;
const ENTRY_ARRAY = 0x10000000;
const OP_SEND = 26;

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Of every send: what the kernel does not take now it does not wait for. */
export const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;

/** Words of struct io_uring_params: what is asked for, then where in the mapping things are, in octets. */
const PARAMS = { words: 30, flags: 2 } as const;
const SQ = { head: 10, tail: 11, mask: 12, array: 16 } as const;
const CQ = { entries: 1, head: 20, tail: 21, mask: 22, cqes: 25 } as const;
/** Words of struct io_uring_sqe and io_uring_cqe. */
const SQE = { words: 16, opcode: 0, fd: 1, address: 4, length: 6, flags: 7, userData: 8 } as const;
const CQE = { words: 4, userData: 0, result: 2 } as const;

export interface SocketWrite {
  readonly fd: number;
  readonly chunks: readonly Uint8Array[];
}

export class SendRing {
  readonly #libc: Libc;
  readonly #fd: number;
  /** Where things are in `#rings`, in words. */
  readonly #at: Readonly<Record<'sqHead' | 'sqTail' | 'cqHead' | 'cqTail' | 'cqes', number>>;
  readonly #rings: Uint32Array;
  readonly #entries: Uint32Array;
  readonly #sqMask: number;
  readonly #cqMask: number;
  #queued = 0;
  /** The piece that was looked up last, and where it lies: many writes carry the same one. */
  #piece: Uint8Array | null = null;
  #addressLow = 0;
  #addressHigh = 0;

  constructor(calls: Libc, fd: number, params: Uint32Array, rings: ArrayBuffer, entries: ArrayBuffer) {
    const word = (offset: number): number => params[offset]! / Uint32Array.BYTES_PER_ELEMENT;
    this.#libc = calls;
    this.#fd = fd;
    this.#rings = new Uint32Array(rings);
    this.#entries = new Uint32Array(entries);
    this.#sqMask = this.#rings[word(SQ.mask)]!;
    this.#cqMask = this.#rings[word(CQ.mask)]!;
    this.#at = {
      sqHead: word(SQ.head),
      sqTail: word(SQ.tail),
      cqHead: word(CQ.head),
      cqTail: word(CQ.tail),
      cqes: word(CQ.cqes),
    };
    this.#prepare(word(SQ.array));
  }

  /** What is the same for every write. */
  #prepare(array: number): void {
    for (let i = 0; i < ENTRIES; i++) {
      this.#rings[array + i] = i;
      this.#entries[i * SQE.words + SQE.opcode] = OP_SEND;
      this.#entries[i * SQE.words + SQE.flags] = SEND_FLAGS;
    }
  }

  /**
   * Sends the writes that consist of one piece: `sent[i]` becomes the number of octets that the kernel took of `writes[i]`,
   * 0 where it takes none now and where the connection is broken. Leaves alone what has several pieces.
   */
  send(writes: readonly SocketWrite[], sent: number[]): void {
    for (let i = 0; i < writes.length; i++) {
      const { fd, chunks } = writes[i]!;
      if (chunks.length !== 1) continue;
      this.#put(fd, chunks[0]!, i);
      if (this.#queued === ENTRIES) this.#submit(sent);
    }
    if (this.#queued > 0) this.#submit(sent);
    this.#piece = null;
  }

  #put(fd: number, piece: Uint8Array, index: number): void {
    if (piece !== this.#piece) this.#lookUp(piece);
    const tail = this.#rings[this.#at.sqTail]! + this.#queued++;
    const entry = (tail & this.#sqMask) * SQE.words;
    this.#entries[entry + SQE.fd] = fd;
    this.#entries[entry + SQE.address] = this.#addressLow;
    this.#entries[entry + SQE.address + 1] = this.#addressHigh;
    this.#entries[entry + SQE.length] = piece.length;
    this.#entries[entry + SQE.userData] = index;
  }

  #lookUp(piece: Uint8Array): void {
    const address = this.#libc.address(piece);
    this.#piece = piece;
    this.#addressLow = Number(address & 0xffff_ffffn);
    this.#addressHigh = Number(address >> 32n);
  }

  /** MSG_DONTWAIT: every write that the kernel accepts is done, in whole, in part or not, when the call returns. */
  #submit(sent: number[]): void {
    const rings = this.#rings;
    rings[this.#at.sqTail]! += this.#queued;
    this.#libc.ioUringEnter(this.#fd, this.#queued, this.#queued, ENTER_GETEVENTS);
    // Taken back is what it did not accept, for want of memory.
    rings[this.#at.sqTail] = rings[this.#at.sqHead]!;
    this.#queued = 0;
    this.#collect(sent);
  }

  #collect(sent: number[]): void {
    const rings = this.#rings;
    const end = rings[this.#at.cqTail]!;
    for (let head = rings[this.#at.cqHead]!; head !== end; head = (head + 1) >>> 0) {
      const cqe = this.#at.cqes + (head & this.#cqMask) * CQE.words;
      sent[rings[cqe + CQE.userData]!] = Math.max(0, rings[cqe + CQE.result]! | 0);
    }
    rings[this.#at.cqHead] = end;
  }
}

/** Null before Linux 6.1, and where the system does not allow it (sysctl kernel.io_uring_disabled, a seccomp filter). */
export function openSendRing(): SendRing | null {
  if (endianness() !== 'LE' || !hasLibc() || libc().pointerSize !== 8) return null;
  const calls = libc();
  const params = new Uint32Array(PARAMS.words);
  params[PARAMS.flags] = SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN;
  const fd = calls.ioUringSetup(ENTRIES, params);
  if (fd < 0) return null;
  const ends = [
    params[SQ.array]! + ENTRIES * Uint32Array.BYTES_PER_ELEMENT,
    params[CQ.cqes]! + params[CQ.entries]! * CQE.words * Uint32Array.BYTES_PER_ELEMENT,
  ];
  const rings = calls.mapShared(fd, RINGS, Math.max(...ends));
  const entries = calls.mapShared(fd, ENTRY_ARRAY, ENTRIES * SQE.words * Uint32Array.BYTES_PER_ELEMENT);
  if (rings !== null && entries !== null) return new SendRing(calls, fd, params, rings, entries);
  calls.close(fd);
  return null;
}
