// A connection of a peer whose session is up: its OPEN tells whether the peer has restarted without our noticing (RFC 4724
// 4.2). Looks at the OPEN and leaves the octets in the socket; decides nothing.

import type { Socket } from 'node:net';
import { MESSAGE } from '../wire/iana.js';
import type { Clock } from './clock.js';

/** Milliseconds within which a stranger has to say OPEN. */
const PATIENCE = 10_000;
const HEADER = 19;
const MARKER = 16;
/** The longest OPEN that is taken (RFC 4271 4.1). */
const LONGEST = 4096;

/** `said` gets the whole OPEN, once, with the socket as if nothing of it had been read; null: it is none, or came too late. */
export function awaitOpen(socket: Socket, clock: Clock, said: (open: Uint8Array | null) => void): void {
  let octets = new Uint8Array(0);
  const timer = clock.timer(() => end(null));
  const take = (chunk: Uint8Array): void => {
    octets = Buffer.concat([octets, chunk]);
    const length = openLength(octets);
    if (length === null) end(null);
    else if (octets.length >= length) end(octets.subarray(0, length));
  };
  const gone = (): void => end(null);
  const end = (open: Uint8Array | null): void => {
    socket.off('data', take).off('close', gone).off('error', gone);
    timer.close();
    socket.pause();
    if (open !== null) socket.unshift(octets);
    said(open);
  };
  timer.start(PATIENCE);
  socket.on('data', take).on('close', gone).on('error', gone);
  socket.resume();
}

/** Octets of the OPEN that begins so, as far as can be seen; null: it is no OPEN. */
function openLength(octets: Uint8Array): number | null {
  if (octets.subarray(0, MARKER).some((octet) => octet !== 0xff)) return null;
  if (octets.length < HEADER) return HEADER;
  const length = (octets[MARKER]! << 8) | octets[MARKER + 1]!;
  return octets[MARKER + 2] === MESSAGE.open && length > HEADER && length <= LONGEST ? length : null;
}
