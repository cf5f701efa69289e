// `bgpctl` as a process against a served fake daemon: output, JSON, errors, exit codes.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createMetrics } from '../../src/api/metrics/metrics.js';
import { startApi } from '../../src/api/server.js';
import { failure } from '../../src/cli/client.js';
import { choosePaint } from '../../src/cli/terminal.js';
import { ask, tempFolder } from '../support/api-client.js';
import {
  FAKE_PEERS,
  type FakeOptions,
  type FakeStatus,
  fakeStatus,
  manyRoutes,
} from '../support/fake-status.js';

const root = join(import.meta.dirname, '..', '..', '..');
const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.js');
const page = (name: string): string => readFileSync(join(root, 'fixtures', 'cli', `${name}.txt`), 'utf8');

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function bgpctl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

interface Served {
  readonly socket: string;
  readonly source: FakeStatus;
}

async function serve(t: ExecutionContext, options: FakeOptions = {}): Promise<Served> {
  const folder = tempFolder();
  const source = fakeStatus(options);
  const metrics = createMetrics(source);
  const socket = folder.file('bgpd.sock');
  const api = await startApi({ source, metrics, socketPath: socket, listen: null });
  if (!api.ok) throw new Error(api.reason);
  t.teardown(async () => {
    await api.close();
    metrics.close();
    folder.remove();
  });
  return { socket, source };
}

const PAGES: readonly (readonly [args: string, fixture: string])[] = [
  ['show summary', 'summary'],
  ['show neighbors', 'neighbors'],
  ['show neighbor', 'neighbors'],
  ['show neighbors tor-a', 'neighbor-established'],
  ['show neighbor 172.18.203.3', 'neighbor-down'],
  ['show neighbor fd00:18::c', 'neighbor-denied'],
  ['show routes --all', 'routes'],
  ['show route 10.65.8.0/26', 'paths'],
  ['show routes 192.0.2.1', 'routes-none'],
  ['show kernel', 'kernel'],
  ['show memory', 'memory'],
];

test('pages are printed as in the fixtures, without colours into a pipe', async (t) => {
  const { socket } = await serve(t);
  for (const [args, fixture] of PAGES) {
    const outcome = await bgpctl(['--socket', socket, ...args.split(' ')]);
    t.deepEqual(outcome, { code: 0, stdout: page(fixture), stderr: '' }, args);
  }
});

const JSON_ANSWERS: readonly (readonly [args: string, path: string])[] = [
  ['show summary --json', '/v1/summary'],
  ['show neighbors --json', '/v1/neighbors'],
  ['--json show neighbor rr-1', '/v1/neighbors/rr-1'],
  ['show routes --json --all', '/v1/routes?all=true'],
  ['show kernel --json', '/v1/kernel'],
  ['show memory --json', '/v1/memory'],
];

test("--json prints exactly the API's JSON", async (t) => {
  const { socket } = await serve(t);
  for (const [args, path] of JSON_ANSWERS) {
    const { body } = await ask(socket, path);
    const outcome = await bgpctl(['--socket', socket, ...args.split(' ')]);
    t.deepEqual(outcome, { code: 0, stdout: `${body}\n`, stderr: '' }, args);
  }
});

const QUERIES: readonly (readonly [args: string, query: object])[] = [
  ['--family ipv6', { family: 'ipv6-unicast', limit: 1000 }],
  ['--family 4 --limit 5', { family: 'ipv4-unicast', limit: 5 }],
  ['--received-from tor-a', { peer: 'tor-a', direction: 'in', limit: 1000 }],
  ['--advertised-to rr-1 --all', { peer: 'rr-1', direction: 'out', all: true, limit: 1000 }],
  ['10.65.0.7', { prefix: '10.65.0.7', all: true, limit: 1000 }],
  ['10.65.0.7 --advertised-to rr-1', { prefix: '10.65.0.7', peer: 'rr-1', direction: 'out', limit: 1000 }],
];

test('options of show routes become the query', async (t) => {
  const { socket, source } = await serve(t);
  for (const [args, query] of QUERIES) {
    const { code } = await bgpctl(['--socket', socket, 'show', 'routes', ...args.split(' ')]);
    t.is(code, 0, args);
    t.deepEqual(source.lastQuery, query, args);
  }
});

test('reload prints the verdict', async (t) => {
  const { socket, source } = await serve(t);
  const outcome = await bgpctl(['reload'], { BGPD_SOCKET: socket });
  t.deepEqual(outcome, {
    code: 0,
    stdout: 'configuration generation 4 in force: 1 peer added\n',
    stderr: '',
  });
  t.is(source.reloads, 1);
});

test('a failed reload is exit code 1 with the reason', async (t) => {
  const message = '/etc/bgpd/bgpd.yaml:3:5: peers[0].asn: missing; the running configuration stays';
  const { socket } = await serve(t, { overrides: { reload: async () => ({ ok: false, message }) } });
  const outcome = await bgpctl(['--socket', socket, 'reload']);
  t.deepEqual(outcome, { code: 1, stdout: '', stderr: `bgpctl: ${message}\n` });
});

const REFUSALS: readonly (readonly [args: string, stderr: RegExp])[] = [
  ['show neighbor nobody', /^bgpctl: no neighbor "nobody": .*bgpctl show neighbors.*\n$/],
  ['show routes --received-from nobody', /^bgpctl: no neighbor "nobody"/],
  ['show routes 10.65.0.1/24', /^bgpctl: 10.65.0.1\/24 has host bits set: write 10.65.0.0\/24\n$/],
  ['show routes --limit 1000000', /^bgpctl: limit is "1000000": use a whole number from 1 to 100000\n$/],
];

test('what the daemon refuses is exit code 1 with one line', async (t) => {
  const { socket } = await serve(t);
  for (const [args, stderr] of REFUSALS) {
    const outcome = await bgpctl(['--socket', socket, ...args.split(' ')]);
    t.is(outcome.code, 1, args);
    t.is(outcome.stdout, '', args);
    t.regex(outcome.stderr, stderr, args);
  }
});

const WRONG_USAGE: readonly (readonly [args: string, stderr: RegExp])[] = [
  ['', /^Usage: bgpctl/],
  ['show', /^Usage: bgpctl show/],
  ['shw summary', /^bgpctl: unknown command 'shw'/],
  ['show summary extra', /^bgpctl: too many arguments/],
  [
    'show routes --family ipx',
    /^bgpctl: option '--family <family>' argument 'ipx' is invalid. Use ipv4 or ipv6/,
  ],
  ['show routes --limit none', /^bgpctl: option '--limit <n>' argument 'none' is invalid/],
  ['show routes --received-from a --advertised-to b', /^bgpctl: give --received-from or --advertised-to/],
];

test('wrong usage is exit code 2 and asks no daemon', async (t) => {
  for (const [args, stderr] of WRONG_USAGE) {
    const outcome = await bgpctl(args === '' ? [] : args.split(' '), { BGPD_SOCKET: '/nonexistent' });
    t.is(outcome.code, 2, args);
    t.is(outcome.stdout, '', args);
    t.regex(outcome.stderr, stderr, args);
  }
});

test('--help tells socket, environment and exit codes', async (t) => {
  const { code, stdout } = await bgpctl(['--help']);
  t.is(code, 0);
  t.regex(stdout, /"\/run\/bgpd\/bgpd\.sock"/);
  t.regex(stdout, /BGPD_SOCKET/);
  t.regex(stdout, /Exit codes:\n {2}0 {2}done\n {2}1 /);
});

test('--version prints the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  t.deepEqual(await bgpctl(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('no daemon: one line that says what to do', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  const missing = folder.file('missing.sock');
  const dead = folder.file('dead.sock');
  const file = folder.file('file');
  writeFileSync(file, '');
  const leave = `require('node:net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', leave]);
  const expected = [
    [missing, `bgpctl: bgpd is not running or listens elsewhere: there is no ${missing}; `],
    [dead, `bgpctl: bgpd is not running or listens elsewhere: nobody answers on ${dead}; `],
    [file, `bgpctl: bgpd is not running or listens elsewhere: `],
  ] as const;
  for (const [socket, line] of expected) {
    const { code, stdout, stderr } = await bgpctl(['--socket', socket, 'show', 'summary']);
    t.is(code, 1);
    t.is(stdout, '');
    t.true(stderr.startsWith(line), stderr);
    t.regex(stderr, /--socket or BGPD_SOCKET\n$/);
  }
});

test('no permission says who may', (t) => {
  const error = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
  t.is(
    failure(error, '/run/bgpd/bgpd.sock'),
    "no permission to use /run/bgpd/bgpd.sock: run bgpctl as root or as a member of the socket's group",
  );
});

test('an unknown error keeps its words', (t) => {
  t.is(failure(new Error('no answer within 30 s'), '/s'), "can't talk to bgpd on /s: no answer within 30 s");
});

/** A server that is not bgpd, or not this version. */
async function serveText(t: ExecutionContext, body: string, status = 200): Promise<string> {
  const folder = tempFolder();
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(folder.file('other.sock'), resolve));
  t.teardown(() => {
    server.close();
    folder.remove();
  });
  return folder.file('other.sock');
}

const STRANGE: readonly (readonly [body: string, status: number, stderr: RegExp])[] = [
  ['{"version":"99"}', 200, /^bgpctl: can't show the answer \(.*\): bgpd and bgpctl may differ in version/],
  ['<html>', 200, /^bgpctl: can't show the answer/],
  ['<html>', 500, /^bgpctl: bgpd answered with status 500 and no JSON/],
  ['[]', 503, /^bgpctl: bgpd answered with status 503\n$/],
  ['{"error":"first\\nsecond\\u001b[2J"}', 400, /^bgpctl: first\\x0asecond\\x1b\[2J\n$/],
];

test('strange answers are exit code 1 with one line', async (t) => {
  for (const [body, status, stderr] of STRANGE) {
    const socket = await serveText(t, body, status);
    const outcome = await bgpctl(['--socket', socket, 'show', 'summary']);
    t.is(outcome.code, 1, body);
    t.is(outcome.stdout, '', body);
    t.regex(outcome.stderr, stderr, body);
    t.is(outcome.stderr.split('\n').length, 2, body);
  }
});

test('control characters from a peer do not reach the terminal', async (t) => {
  const reason = 'notification received: Cease, "\u001b]0;owned\u0007\u009b2J"';
  const { socket } = await serve(t, { peers: [{ ...FAKE_PEERS[1]!, reason }] });
  const { code, stdout } = await bgpctl(['--socket', socket, 'show', 'summary']);
  t.is(code, 0);
  t.regex(stdout, /Cease, "\\x1b\]0;owned\\x07\\x9b2J"/);
  t.notRegex(stdout, /[^\n\P{Cc}]/u);
});

test('a reader that has seen enough is no error', async (t) => {
  const { socket } = await serve(t, { routes: manyRoutes(20_000) });
  const child = spawn(process.execPath, [main, '--socket', socket, 'show', 'routes', '--limit', '20000']);
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.is(code, 0);
  t.is(stderr, '');
});

test('colours only on a terminal and without NO_COLOR', (t) => {
  t.is(choosePaint(true, undefined)('good', 'up'), '\u001b[32mup\u001b[0m');
  t.is(choosePaint(true, '')('bad', 'down'), '\u001b[31mdown\u001b[0m');
  t.is(choosePaint(true, '1')('good', 'up'), 'up');
  t.is(choosePaint(false, undefined)('good', 'up'), 'up');
});
