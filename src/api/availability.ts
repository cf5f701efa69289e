// Whether the API could have its addresses now. Cheap, so that it can be asked before anything is begun that a failing
// API would have to undo; the listeners of `server.ts` have the last word.

import { createServer } from 'node:http';
import { claimSocketPath, errorCode, errorText } from './unix-socket.js';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ApiAddresses {
  readonly socketPath: string | null;
  readonly listen: HostPort | null;
}

/** Null when both can be had, else why not. */
export async function apiObstacle({ socketPath, listen }: ApiAddresses): Promise<string | null> {
  const taken = socketPath === null ? null : await claimSocketPath(socketPath);
  if (taken !== null) return socketObstacle(taken);
  return listen === null ? null : tryTcp(listen);
}

export const socketObstacle = (why: string): string => `API socket: ${why}`;

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there: stop it or set api.listen',
  EADDRNOTAVAIL: 'the address is not on this node: set api.listen to one that is',
  EACCES: 'not permitted: choose a port above 1023 in api.listen',
};

export function tcpObstacle(listen: HostPort, error: unknown): string {
  const why = LISTEN_REASONS[errorCode(error) ?? ''] ?? errorText(error);
  return `API: can't listen on ${hostPort(listen)}: ${why}`;
}

const hostPort = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function tryTcp(listen: HostPort): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(tcpObstacle(listen, error)));
    server.listen({ ...listen, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
