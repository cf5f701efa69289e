// Serves the API on a unix socket and on TCP. Owns the listeners, their limits and their end; what is answered is in
// `resources.ts`. A listener that can't be had is a returned reason, never an exception.

import { chmod } from 'node:fs/promises';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { descriptorOf } from '../net/descriptor.js';
import { setSendBuffer } from '../sys/socket-options.js';
import { type HostPort, socketObstacle, tcpObstacle } from './availability.js';
import type { Metrics } from './metrics/metrics.js';
import type { ConfigurationChanges, PeerAdministration, StatusSource } from './model/types.js';
import { refuse } from './refusal.js';
import { type ApiSurface, addResources } from './resources.js';
import { claimSocketPath, errorText } from './unix-socket.js';

/** Per listener: enough for scrapers and people, too few to matter to the daemon. */
const MAX_CONNECTIONS = 64;
/** Milliseconds. */
const IDLE_TIMEOUT = 30_000;
const REQUEST_TIMEOUT = 10_000;
const KEEP_ALIVE_TIMEOUT = 75_000;
/** Octets; a peer to add is the longest that is taken. */
const BODY_LIMIT = 16_384;
const SOCKET_MODE = 0o660;
/** Octets: an answer about thousands of peers leaves in one turn of the event loop. */
const SEND_BUFFER = 1024 * 1024;

export interface ApiOptions {
  readonly source: StatusSource;
  readonly metrics: Metrics;
  /** Offered on the unix socket; absent: nowhere. */
  readonly administration?: PeerAdministration;
  /** The same of the configuration. */
  readonly changes?: ConfigurationChanges;
  /** Null: no unix socket, and so no reload over the API. */
  readonly socketPath: string | null;
  /** Null: no TCP listener. Port 0 takes a free one. */
  readonly listen: HostPort | null;
  /** Called when somebody comes or asks; what it returns, when that is over. */
  readonly hurry?: () => () => void;
  /** Told of answers that failed inside the daemon (status 500), one line each. */
  readonly onError?: (line: string) => void;
}

export type ApiStart =
  | {
      readonly ok: true;
      readonly socketPath: string | null;
      /** As bound, with the port in force. */
      readonly address: HostPort | null;
      /** Ends running answers and removes the socket file. */
      close(): Promise<void>;
    }
  | { readonly ok: false; readonly reason: string };

export async function startApi(options: ApiOptions): Promise<ApiStart> {
  const apps: FastifyInstance[] = [];
  const close = async (): Promise<void> => void (await Promise.all(apps.map((app) => app.close())));
  const addApp = (mayReload: boolean): FastifyInstance => {
    const administration = mayReload ? (options.administration ?? null) : null;
    const changes = mayReload ? (options.changes ?? null) : null;
    const surface = { ...options, mayReload, administration, changes };
    const app = buildApp(surface, options.onError ?? (() => {}), options.hurry);
    apps.push(app);
    return app;
  };
  const { socketPath, listen } = options;
  const tcp = listen && addApp(false);
  const reason =
    (socketPath && (await bindSocket(addApp(true), socketPath))) ?? (tcp && (await bindTcp(tcp, listen)));
  if (reason === null) return { ok: true, socketPath, address: tcp && boundAddress(tcp), close };
  await close();
  return { ok: false, reason };
}

function buildApp(
  surface: ApiSurface,
  onError: (line: string) => void,
  hurry: ApiOptions['hurry'],
): FastifyInstance {
  const fail = (error: unknown, reply: FastifyReply): FastifyReply => {
    const status = statusOf(error);
    if (status < 500) return refuse(reply, status, errorText(error));
    onError(`API: ${reply.request.method} ${reply.request.url} failed: ${errorText(error)}`);
    return refuse(reply, status, 'the daemon failed to answer: its log says why');
  };
  const app = fastify({
    forceCloseConnections: true,
    connectionTimeout: IDLE_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    bodyLimit: BODY_LIMIT,
    frameworkErrors: (error, _request, reply) => void fail(error, reply as FastifyReply),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  // The question is read in another turn.
  if (hurry !== undefined) app.server.on('connection', (socket) => socket.once('close', hurry()));
  app.setErrorHandler((error, _request, reply) => fail(error, reply));
  app.addHook('onRequest', async (_request, reply) => {
    if (hurry !== undefined) reply.raw.once('close', hurry());
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  addResources(app, surface);
  return app;
}

const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;

/** Null when it listens, else why not. */
async function bindSocket(app: FastifyInstance, path: string): Promise<string | null> {
  const taken = await claimSocketPath(path);
  if (taken !== null) return socketObstacle(taken);
  try {
    app.server.on('connection', (socket) => makeRoom(descriptorOf(socket)));
    await app.listen({ path });
    await chmod(path, SOCKET_MODE);
    return null;
  } catch (error) {
    return socketObstacle(`can't listen on ${path}: ${errorText(error)}`);
  }
}

/** Without room for it the rest of an answer waits for a turn of its own, again and again; TCP makes room by itself. */
function makeRoom(fd: number | null): void {
  if (fd !== null) setSendBuffer(fd, SEND_BUFFER);
}

/** Null when it listens, else why not. */
async function bindTcp(app: FastifyInstance, listen: HostPort): Promise<string | null> {
  try {
    await app.listen(listen);
    return null;
  } catch (error) {
    return tcpObstacle(listen, error);
  }
}

function boundAddress(app: FastifyInstance): HostPort {
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP listener has no address');
  return { host: bound.address, port: bound.port };
}
