// Who owns a unix socket path: makes room for a new listener by removing the socket file of a dead process. Never
// removes a file that is not a socket, nor a socket that somebody answers on.

import { lstat, mkdir, unlink } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname } from 'node:path';

/** Milliseconds that an owner has to accept a connection before it counts as alive but stuck. */
const PROBE_TIMEOUT = 1000;

/** Null when the path can be bound now, else why not. Creates the directory. */
export async function claimSocketPath(path: string): Promise<string | null> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const found = await lstat(path).catch(absent);
    if (found === null) return null;
    if (!found.isSocket())
      return `${path} exists and is not a socket: remove it or set api.socket to another path`;
    const state = await probe(path);
    if (state !== 'dead')
      return `${path} is in use by a running process (${state}): stop it or set api.socket`;
    await unlink(path).catch(absent);
    return null;
  } catch (error) {
    return `${path} can't be used: ${errorText(error)}`;
  }
}

function absent(error: unknown): null {
  if (errorCode(error) === 'ENOENT') return null;
  throw error;
}

function probe(path: string): Promise<'answers' | 'does not answer' | 'dead'> {
  return new Promise((resolve, reject) => {
    const attempt = request({ socketPath: path, path: '/healthz', timeout: PROBE_TIMEOUT });
    attempt.on('response', (response) => {
      response.resume();
      attempt.destroy();
      resolve('answers');
    });
    attempt.on('timeout', () => {
      resolve('does not answer');
      attempt.destroy();
    });
    attempt.on('error', (error) => {
      const code = errorCode(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve('dead');
      else if (code === 'EACCES' || code === 'EPERM') reject(error);
      else resolve('answers');
    });
    attempt.end();
  });
}

export const errorCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
