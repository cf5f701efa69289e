// Octets to connected sockets that Node owns, without the stream layer above them: most of what it costs to write a small
// message to each of a thousand peers. Moves octets; knows no protocol, queues nothing.

import { hasLibc, type Libc, libc } from './libc.js';
import { openSendRing, SEND_FLAGS, type SendRing, type SocketWrite } from './send-ring.js';

/** Pieces of one call; the kernel takes 1,024. */
const MOST_PIECES = 64;
/** struct iovec: an address and a length. */
const IOVEC_WORDS = 2;
/** struct msghdr on 64-bit Linux: name, its length, iovec, count, control, its length, flags. */
const MSGHDR_WORDS = 7;
const MSGHDR_IOVEC = 2;
const MSGHDR_COUNT = 3;

/** Found at the first call; null where there is no such thing. */
let calls: Libc | null | undefined;
/** Opened when it is first worth it; null where there is none. */
let ring: SendRing | null | undefined;
/** Writes at a time that a ring is worth. */
const WORTH_A_RING = 8;

const pieces = new BigUint64Array(MOST_PIECES * IOVEC_WORDS);
const message = new BigUint64Array(MSGHDR_WORDS);

/**
 * Octets that the kernel took of `chunks`, in order, in one call: less than all, or 0, where it does not take more now,
 * where the connection is broken and where the system has no such call.
 */
export function sendNow(fd: number, chunks: readonly Uint8Array[]): number {
  if (calls === undefined) calls = findCalls();
  if (calls === null || chunks.length === 0) return 0;
  const [first] = chunks;
  const sent =
    chunks.length === 1 ? calls.send(fd, first!, first!.length, SEND_FLAGS) : sendPieces(calls, fd, chunks);
  return Math.max(0, sent);
}

/** The same for each of `writes`, all of other sockets, in as few calls as the system has for it, in no order. */
export function sendEach(writes: readonly SocketWrite[]): number[] {
  const sent = new Array<number>(writes.length).fill(0);
  const together = writes.length < WORTH_A_RING ? null : ringOf();
  together?.send(writes, sent);
  for (let i = 0; i < writes.length; i++) {
    const { fd, chunks } = writes[i]!;
    if (together === null || chunks.length !== 1) sent[i] = sendNow(fd, chunks);
  }
  return sent;
}

function ringOf(): SendRing | null {
  if (ring === undefined) ring = openSendRing();
  return ring;
}

function sendPieces(to: Libc, fd: number, chunks: readonly Uint8Array[]): number {
  const count = Math.min(chunks.length, MOST_PIECES);
  for (let i = 0; i < count; i++) {
    pieces[i * IOVEC_WORDS] = BigInt(to.address(chunks[i]!));
    pieces[i * IOVEC_WORDS + 1] = BigInt(chunks[i]!.length);
  }
  message[MSGHDR_IOVEC] = BigInt(to.address(pieces));
  message[MSGHDR_COUNT] = BigInt(count);
  return to.sendmsg(fd, message, SEND_FLAGS);
}

function findCalls(): Libc | null {
  return hasLibc() && libc().pointerSize === 8 ? libc() : null;
}
