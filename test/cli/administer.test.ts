// `bgpctl peer ...` and `bgpctl clear ...` against the real API: which words ask what, and what is printed.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createMetrics } from '../../src/api/metrics/metrics.js';
import type { Verdict } from '../../src/api/model/types.js';
import { startApi } from '../../src/api/server.js';
import { ask, tempFolder } from '../support/api-client.js';
import { fakeAdministration } from '../support/fake-administration.js';
import { fakeStatus } from '../support/fake-status.js';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.js');

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function bgpctl(args: readonly string[], socket: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, BGPD_SOCKET: socket } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function serve(t: ExecutionContext, verdict?: Verdict) {
  const folder = tempFolder();
  const source = fakeStatus();
  const metrics = createMetrics(source);
  const administration = fakeAdministration(verdict);
  const listen = { host: '127.0.0.1', port: 0 };
  const api = await startApi({
    source,
    metrics,
    administration,
    socketPath: folder.file('bgpd.sock'),
    listen,
  });
  if (!api.ok) throw new Error(api.reason);
  t.teardown(async () => {
    await api.close();
    metrics.close();
    folder.remove();
  });
  return { socket: api.socketPath ?? '', tcp: api.address ?? listen, administration };
}

const WORDS: readonly (readonly [args: readonly string[], call: readonly unknown[]])[] = [
  [
    ['peer', 'tor-a', 'disable', '--text', 'new cable'],
    ['switch', 'tor-a', false, 'new cable', false],
  ],
  [
    ['peer', 'disable', 'tor-a', '--persist'],
    ['switch', 'tor-a', false, '', true],
  ],
  [
    ['peer', 'fe80::1%eth1', 'enable'],
    ['switch', 'fe80::1%eth1', true, '', false],
  ],
  [
    ['peer', 'remove', 'tor-a', '--persist'],
    ['remove', 'tor-a', true],
  ],
  [
    ['peer', 'add', 'c', '--address', '10.0.0.4', '--asn', '1.10', '--group', 'g'],
    ['add', { name: 'c', address: '10.0.0.4', asn: '1.10', group: 'g' }, false],
  ],
  [
    [
      'peer',
      'add',
      'c',
      '--address',
      '::1',
      '--set',
      'timers.hold=9',
      '--set',
      'import=["accept-all"]',
      '--persist',
    ],
    ['add', { name: 'c', address: '::1', timers: { hold: 9 }, import: ['accept-all'] }, true],
  ],
  [
    ['clear', 'tor-a'],
    ['clear', 'tor-a', 'hard', ''],
  ],
  [
    ['clear', 'tor-a', 'hard', '--text', 'upgrade'],
    ['clear', 'tor-a', 'hard', 'upgrade'],
  ],
  [
    ['clear', 'tor-a', 'soft'],
    ['clear', 'tor-a', 'soft', ''],
  ],
  [
    ['clear', 'tor-a', 'soft', 'both'],
    ['clear', 'tor-a', 'soft', ''],
  ],
  [
    ['clear', 'tor-a', 'soft', 'in'],
    ['clear', 'tor-a', 'in', ''],
  ],
  [
    ['clear', 'tor-a', 'soft', 'out'],
    ['clear', 'tor-a', 'out', ''],
  ],
];

test('words become the request, and the verdict is printed', async (t) => {
  const { socket, administration } = await serve(t);
  for (const [args, call] of WORDS) {
    t.deepEqual(await bgpctl(args, socket), { code: 0, output: 'done\n' }, args.join(' '));
    t.deepEqual(administration.calls.at(-1), call, args.join(' '));
  }
});

test('wrong words are refused before anybody is asked', async (t) => {
  const { socket, administration } = await serve(t);
  for (const args of [
    ['clear', 'a', 'gently'],
    ['peer', 'add', 'c', '--address', 'x', '--set', 'hold'],
    ['peer', 'add', 'c'],
  ]) {
    t.is((await bgpctl(args, socket)).code, 2, args.join(' '));
  }
  t.deepEqual(administration.calls, []);
});

test('a refusal is printed, with exit code 1', async (t) => {
  const { socket } = await serve(t, { ok: false, message: 'no peer "x"' });
  t.deepEqual(await bgpctl(['clear', 'x'], socket), { code: 1, output: 'bgpctl: no peer "x"\n' });
});

test('over TCP nothing of it is offered', async (t) => {
  const { tcp, administration } = await serve(t);
  const paths = [
    '/v1/neighbors',
    ...['enable', 'disable', 'clear', 'remove'].map((word) => `/v1/neighbors/a/${word}`),
  ];
  for (const path of paths) {
    const { status, body } = await ask(tcp, path, 'POST');
    t.is(status, 403, path);
    t.regex(body, /unix socket only/);
  }
  t.deepEqual(administration.calls, []);
});

const WRONG: readonly (readonly [path: string, body: object, error: RegExp])[] = [
  ['/v1/neighbors/a/clear', { mode: 'sweetly' }, /mode is one of hard, soft, in, out/],
  ['/v1/neighbors/a/disable', { text: 'x'.repeat(256) }, /at most 255 octets/],
  ['/v1/neighbors/a/disable', { text: 5 }, /at most 255 octets/],
  ['/v1/neighbors', { peer: ['a'] }, /peer is a mapping/],
];

test('a request that makes no sense is 400 with what would be right', async (t) => {
  const { socket, administration } = await serve(t);
  for (const [path, body, error] of WRONG) {
    const reply = await ask(socket, path, 'POST', body);
    t.is(reply.status, 400, path);
    t.regex(reply.body, error);
  }
  t.deepEqual(administration.calls, []);
});
