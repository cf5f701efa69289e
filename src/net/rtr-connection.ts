// One TCP connection to an RPKI cache: octets to whole PDUs and back. Knows no states and never decides when to dial.

import { connect, type Socket } from 'node:net';
import { formatIp, type IpAddress } from '../base/ip.js';
import { LONGEST_PDU, lengthOfPdu, RTR_HEADER } from '../rpki/pdu.js';

export interface RtrConnectionHandlers {
  connected(): void;
  /** A whole PDU, the caller's to keep until it returns. */
  pdu(bytes: Uint8Array): void;
  /** Refused, broken, closed by the cache, or a PDU that can't be one. Nothing is called after this. */
  lost(reason: string): void;
}

export interface RtrConnection {
  send(bytes: Uint8Array): void;
  /** No handler is called after this; what was sent goes out still. */
  close(): void;
}

const EMPTY = Buffer.alloc(0);

export function dialCache(address: IpAddress, port: number, handlers: RtrConnectionHandlers): RtrConnection {
  const socket = connect({ host: formatIp(address), port, keepAlive: true, noDelay: true });
  let over = false;
  const end = (reason: string): void => {
    if (over) return;
    over = true;
    socket.destroy();
    handlers.lost(reason);
  };
  socket.once('connect', () => !over && handlers.connected());
  socket.once('error', (error) => end('code' in error ? String(error.code) : error.message));
  socket.once('close', () => end('closed by the cache'));
  readPdus(socket, () => over, handlers, end);
  return {
    send: (bytes) => void socket.write(bytes),
    close: () => {
      over = true;
      socket.end();
      socket.destroySoon();
    },
  };
}

function readPdus(
  socket: Socket,
  isOver: () => boolean,
  { pdu }: RtrConnectionHandlers,
  end: (reason: string) => void,
): void {
  let rest: Buffer = EMPTY;
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (!isOver() && bytes.length - at >= RTR_HEADER) {
      const length = lengthOfPdu(bytes, at);
      if (length < RTR_HEADER || length > LONGEST_PDU) return end(`a PDU of ${length} octets`);
      if (bytes.length - at < length) break;
      pdu(bytes.subarray(at, at + length));
      at += length;
    }
    rest = at === bytes.length ? EMPTY : bytes.subarray(at);
  });
}
