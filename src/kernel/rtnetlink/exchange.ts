// Blocking request and answer on one netlink socket: batches of route writes, listings. Runs in the worker; knows errno
// numbers, not what routes mean.

import { ERRNO } from '../../sys/libc.js';
import { createPoller, isRetryable, receiveNetlink, sendNetlink } from '../../sys/netlink-socket.js';
import { decodeAnswer, messagesIn, wasInterrupted } from './messages.js';
import { NLM_F } from './numbers.js';
import { type MessageSpan, viewOf } from './octets.js';

/** The answer was lost or never came: nobody knows what the kernel did. */
export type Broken = { readonly kind: 'broken'; readonly message: string };
export type WriteResult =
  | { readonly kind: 'answered'; readonly failures: readonly (readonly [number, number])[] }
  | Broken;
const ANSWER_TIMEOUT = 10_000;
/** `bytes` is overwritten afterwards; `view` is of it. */
export type VisitRow = (bytes: Uint8Array, view: DataView, span: MessageSpan) => void;

export interface Exchange {
  /**
   * Sends the messages in the chunks that their ACK flags mark, and gathers every error. `followers`: messages, each a
   * chunk of its own, that are left out (ECANCELED) when the one before failed.
   */
  write(octets: Uint8Array, followers: readonly number[]): WriteResult;
}

export type DumpStep =
  | { readonly kind: 'more' }
  /** `interrupted`: it raced with changes, rows may be missing. */
  | { readonly kind: 'end'; readonly errno: number; readonly interrupted: boolean }
  | Broken;

/** A listing on a socket that has nothing else to do. */
export interface Dump {
  /** Asks; an errno other than 0 when that failed. */
  begin(request: (sequence: number) => Uint8Array): number;
  /** Receives once and hands every row to `visit`. */
  step(visit: VisitRow): DumpStep;
}

export function createExchange(fd: number, buffer: Uint8Array): Exchange {
  const receive = receiver(fd, buffer);
  return { write: (octets, followers) => writeAll(fd, octets, followers, receive) };
}

export function createDump(fd: number, buffer: Uint8Array): Dump {
  const receive = receiver(fd, buffer);
  let sequence = 0;
  let interrupted = false;
  return {
    begin: (request) => {
      sequence = (sequence + 1) >>> 0 || 1;
      interrupted = false;
      return sendWhole(fd, request(sequence));
    },
    step: (visit) => {
      const bytes = receive();
      if (isBroken(bytes)) return bytes;
      const view = viewOf(bytes);
      for (const span of messagesIn(view)) {
        const answer = decodeAnswer(view, span);
        if (answer.sequence !== sequence) continue;
        interrupted ||= wasInterrupted(span);
        if (answer.kind === 'row') visit(bytes, view, span);
        else return { kind: 'end', errno: answer.kind === 'ack' ? 0 : answer.errno, interrupted };
      }
      return { kind: 'more' };
    },
  };
}

function receiver(fd: number, buffer: Uint8Array): Receive {
  const poller = createPoller([fd]);
  return () => {
    for (;;) {
      const length = receiveNetlink(fd, buffer);
      if (length >= 0) return buffer.subarray(0, length);
      if (!isRetryable(-length)) return broken(`receive: errno ${-length}`);
      if (!poller.wait(ANSWER_TIMEOUT)[0]) return broken('the kernel did not answer');
    }
  };
}

type Receive = () => Uint8Array | Broken;

const broken = (message: string): Broken => ({ kind: 'broken', message });
const isBroken = (value: Uint8Array | Broken): value is Broken => 'kind' in value;

function writeAll(
  fd: number,
  octets: Uint8Array,
  followers: readonly number[],
  receive: Receive,
): WriteResult {
  const failures: [number, number][] = [];
  let first: MessageSpan | null = null;
  let index = 0;
  let chunkIndex = 0;
  for (const span of messagesIn(viewOf(octets))) {
    first ??= span;
    index++;
    if ((span.flags & NLM_F.ack) === 0) continue;
    const chunk = { octets: octets.subarray(first.start, span.next), first, last: span, index: chunkIndex };
    const inVain = followers.includes(chunkIndex) && failures.at(-1)?.[0] === chunkIndex - 1;
    const outcome = inVain ? null : writeChunk(fd, chunk, receive, failures);
    if (outcome !== null) return outcome;
    if (inVain) failures.push([chunkIndex, ERRNO.ECANCELED]);
    first = null;
    chunkIndex = index;
  }
  return { kind: 'answered', failures };
}

interface Chunk {
  readonly octets: Uint8Array;
  readonly first: MessageSpan;
  readonly last: MessageSpan;
  readonly index: number;
}

function writeChunk(fd: number, chunk: Chunk, receive: Receive, failures: [number, number][]): Broken | null {
  const count = chunk.last.sequence - chunk.first.sequence + 1;
  const errno = sendWhole(fd, chunk.octets);
  if (errno !== 0) {
    for (let i = 0; i < count; i++) failures.push([chunk.index + i, errno]);
    return null;
  }
  for (;;) {
    const bytes = receive();
    if (isBroken(bytes)) return bytes;
    const view = viewOf(bytes);
    for (const span of messagesIn(view)) {
      const answer = decodeAnswer(view, span);
      const offset = answer.sequence - chunk.first.sequence;
      if (offset < 0 || offset >= count) continue;
      if (answer.kind === 'error') failures.push([chunk.index + offset, answer.errno]);
      if (offset === count - 1) return null;
    }
  }
}

function sendWhole(fd: number, octets: Uint8Array): number {
  for (;;) {
    const sent = sendNetlink(fd, octets);
    if (sent >= 0) return 0;
    if (!isRetryable(-sent)) return -sent;
  }
}
