// Asks a running API over a unix socket or TCP; and temporary folders for sockets.

import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ApiReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type ApiTarget = string | { readonly host: string; readonly port: number };

/** A string as target is a unix socket path. */
export function ask(target: ApiTarget, path: string, method = 'GET', content?: object): Promise<ApiReply> {
  const headers = content === undefined ? {} : { 'content-type': 'application/json' };
  const where = typeof target === 'string' ? { socketPath: target } : target;
  return new Promise((resolve, reject) => {
    const attempt = request({ ...where, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
      );
    });
    attempt.on('error', reject);
    attempt.end(content === undefined ? undefined : JSON.stringify(content));
  });
}

export interface TempFolder {
  readonly path: string;
  file(name: string): string;
  remove(): void;
}

export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'bgpd-api-'));
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
