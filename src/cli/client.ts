// Asks the daemon over its unix socket. What goes wrong comes back as one line that says what to do; nothing is thrown.

import { request } from 'node:http';

export interface ApiRequest {
  readonly socketPath: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
}

export type Answer =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly message: string };

/** Milliseconds without an octet from the daemon. */
const TIMEOUT = 30_000;

export function askDaemon({ socketPath, method, path, body: sent }: ApiRequest): Promise<Answer> {
  const text = sent === undefined ? undefined : JSON.stringify(sent);
  const headers = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve) => {
    const options = { socketPath, method, path, headers, agent: false, timeout: TIMEOUT };
    const attempt = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve(refused(failure(error, socketPath))));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        resolve(status === 200 ? { ok: true, body } : refused(errorIn(body, status)));
      });
    });
    attempt.on('timeout', () => attempt.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
    attempt.on('error', (error) => resolve(refused(failure(error, socketPath))));
    attempt.end(text);
  });
}

const refused = (message: string): Answer => ({ ok: false, message });

const ELSEWHERE = 'bgpd is not running or listens elsewhere';
const REMEDY = 'start it, or name its socket with --socket or BGPD_SOCKET';

const FAILURES: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `${ELSEWHERE}: there is no ${path}; ${REMEDY}`,
  ECONNREFUSED: (path) => `${ELSEWHERE}: nobody answers on ${path}; ${REMEDY}`,
  ENOTSOCK: (path) => `${ELSEWHERE}: ${path} is not a socket; ${REMEDY}`,
  EACCES: (path) => `no permission to use ${path}: run bgpctl as root or as a member of the socket's group`,
  ECONNRESET: (path) => `bgpd closed the connection on ${path}: it may be stopping or busy; try again`,
};

/** One line for an error of the connection: what is wrong and what to do. */
export function failure(error: Error, socketPath: string): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return FAILURES[code]?.(socketPath) ?? `can't talk to bgpd on ${socketPath}: ${error.message}`;
}

/** The daemon's words: `error` of a refused query, `message` of a failed reload. */
function errorIn(body: string, status: number): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === 'object' && answer !== null) {
      if ('error' in answer && typeof answer.error === 'string') return answer.error;
      if ('message' in answer && typeof answer.message === 'string') return answer.message;
    }
  } catch {
    return `bgpd answered with status ${status} and no JSON: is this the socket of bgpd?`;
  }
  return `bgpd answered with status ${status}`;
}
