// A stream of UDP packets over one route: the kernel says at once when it has no route for a packet.

import { createSocket } from 'node:dgram';

export interface Stream {
  readonly sent: () => number;
  /** By errno name. */
  readonly refused: () => Readonly<Record<string, number>>;
  stop(): void;
}

export function startStream(address: string): Stream {
  const socket = createSocket('udp4');
  let sent = 0;
  let running = true;
  const refused: Record<string, number> = {};
  const send = (): void => {
    if (!running) return;
    socket.send('x', 9, address, (error) => {
      sent++;
      if (error !== null) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        refused[code] = (refused[code] ?? 0) + 1;
      }
      setImmediate(send);
    });
  };
  send();
  return {
    sent: () => sent,
    refused: () => refused,
    stop: () => {
      running = false;
      socket.close();
    },
  };
}
