import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createMetrics } from '../../src/api/metrics/metrics.js';
import type { RouteList } from '../../src/api/model/types.js';
import { type ApiOptions, type ApiStart, startApi } from '../../src/api/server.js';
import { ask, tempFolder } from '../support/api-client.js';
import { parseExposition } from '../support/exposition.js';
import {
  FAKE_KERNEL,
  FAKE_MEMORY,
  FAKE_PEERS,
  FAKE_ROUTES,
  type FakeOptions,
  type FakeStatus,
  fakeStatus,
  fakeSummary,
  manyPeers,
  manyRoutes,
} from '../support/fake-status.js';
import { waitFor } from '../support/wait.js';

interface Running {
  readonly socket: string;
  readonly tcp: { readonly host: string; readonly port: number };
  readonly source: FakeStatus;
  readonly errors: readonly string[];
}

/** Serves a fake daemon on both kinds of listener until the test ends. */
async function serve(t: ExecutionContext, options: FakeOptions = {}): Promise<Running> {
  const folder = tempFolder();
  const source = fakeStatus(options);
  const metrics = createMetrics(source);
  const errors: string[] = [];
  const api = await startApi({
    source,
    metrics,
    socketPath: folder.file('run/api.sock'),
    listen: { host: '127.0.0.1', port: 0 },
    onError: (line) => errors.push(line),
  });
  if (!api.ok) throw new Error(api.reason);
  t.teardown(async () => {
    await api.close();
    metrics.close();
    folder.remove();
  });
  return { socket: api.socketPath!, tcp: api.address!, source, errors };
}

const RESOURCES: readonly (readonly [path: string, body: unknown])[] = [
  ['/healthz', { ok: true, reasons: [] }],
  ['/v1/summary', fakeSummary()],
  ['/v1/neighbors', { neighbors: FAKE_PEERS }],
  ['/v1/neighbors/tor-a', FAKE_PEERS[0]],
  ['/v1/neighbors/fd00%3A18%3A%3Ac', FAKE_PEERS[2]],
  ['/v1/kernel', FAKE_KERNEL],
  ['/v1/memory', FAKE_MEMORY],
  ['/v1/routes', { total: 3, routes: FAKE_ROUTES.filter(({ best }) => best) }],
  ['/v1/routes?all=true&limit=2', { total: 4, routes: FAKE_ROUTES.slice(0, 2) }],
  ['/v1/routes?family=ipv6-unicast', { total: 1, routes: FAKE_ROUTES.slice(3) }],
  ['/v1/routes?prefix=10.65.9.0/26', { total: 0, routes: [] }],
];

for (const listener of ['socket', 'tcp'] as const) {
  test(`every resource answers with JSON: ${listener}`, async (t) => {
    const api = await serve(t);
    for (const [path, expected] of RESOURCES) {
      const { status, type, body } = await ask(api[listener], path);
      t.is(status, 200, path);
      t.is(type, 'application/json; charset=utf-8', path);
      t.deepEqual(JSON.parse(body), structuredClone(expected), path);
    }
  });
}

test('the metrics are served in the Prometheus text format', async (t) => {
  const { tcp } = await serve(t);
  const { status, type, body } = await ask(tcp, '/metrics');
  t.is(status, 200);
  t.is(type, 'text/plain; version=0.0.4; charset=utf-8');
  t.true(parseExposition(body).has('bgpd_peer_state'));
});

test('not ready is 503 with reasons', async (t) => {
  const { tcp } = await serve(t);
  const { status, body } = await ask(tcp, '/readyz');
  t.is(status, 503);
  t.deepEqual(JSON.parse(body), { ok: false, reasons: ['tor-b: not Established'] });
});

test('the query reaches the source', async (t) => {
  const { tcp, source } = await serve(t);
  await ask(tcp, '/v1/routes?peer=tor-a&direction=out&family=ipv4-unicast&limit=7');
  t.deepEqual(source.lastQuery, { peer: 'tor-a', direction: 'out', family: 'ipv4-unicast', limit: 7 });
});

const REFUSALS: readonly (readonly [method: string, path: string, status: number, error: RegExp])[] = [
  ['GET', '/v1/routes?limit=0', 400, /whole number from 1 to 100000/],
  ['GET', '/v1/routes?nonsense=1', 400, /unknown query key "nonsense": use family/],
  ['GET', '/v1/routes?peer=nobody', 404, /^no neighbor "nobody"/],
  ['GET', '/v1/neighbors/nobody', 404, /^no neighbor "nobody"/],
  ['GET', '/v1/nothing', 404, /^no resource GET \/v1\/nothing: use \/metrics/],
  ['GET', '/', 404, /^no resource GET \//],
  ['DELETE', '/v1/neighbors/tor-a', 404, /^no resource DELETE/],
  ['POST', '/v1/summary', 404, /^no resource POST/],
  ['GET', '/v1/reload', 404, /^no resource GET/],
  ['GET', '/v1/neighbors/%zz', 400, /%zz/],
];

test('what can not be answered is refused with the reason', async (t) => {
  const api = await serve(t);
  for (const [method, path, status, error] of REFUSALS) {
    const reply = await ask(api.tcp, path, method);
    t.is(reply.status, status, path);
    const body = JSON.parse(reply.body);
    t.deepEqual(Object.keys(body), ['error'], path);
    t.regex(body.error, error, path);
  }
  t.deepEqual(api.errors, []);
});

test('a query that the source refuses is 400 with its words', async (t) => {
  const { tcp } = await serve(t, { overrides: { routes: () => 'Adj-RIB-Out of a stopped peer' } });
  const { status, body } = await ask(tcp, '/v1/routes');
  t.is(status, 400);
  t.deepEqual(JSON.parse(body), { error: 'Adj-RIB-Out of a stopped peer' });
});

test('without a kernel backend /v1/kernel is 404', async (t) => {
  const { tcp } = await serve(t, { overrides: { kernel: () => null } });
  const { status, body } = await ask(tcp, '/v1/kernel');
  t.is(status, 404);
  t.regex(body, /kernel.backend is none/);
});

test('a source that throws costs one answer and one log line', async (t) => {
  const broken = () => {
    throw new Error('index out of range');
  };
  const { tcp, errors } = await serve(t, { overrides: { summary: broken } });
  const { status, body } = await ask(tcp, '/v1/summary');
  t.is(status, 500);
  t.notRegex(body, /index/);
  t.deepEqual(errors, ['API: GET /v1/summary failed: index out of range']);
  t.is((await ask(tcp, '/healthz')).status, 200);
});

test('reload goes over the unix socket only', async (t) => {
  const { tcp, socket, source } = await serve(t);
  const refused = await ask(tcp, '/v1/reload', 'POST');
  t.is(refused.status, 403);
  t.is(source.reloads, 0);
  const { status, body } = await ask(socket, '/v1/reload', 'POST');
  t.is(status, 200);
  t.deepEqual(JSON.parse(body), { ok: true, message: 'configuration generation 4 in force: 1 peer added' });
  t.is(source.reloads, 1);
});

test('a failed reload is 422 with the verdict', async (t) => {
  const verdict = { ok: false, message: 'bgpd.yaml:3:5: peers[0].asn: missing' };
  const { socket } = await serve(t, { overrides: { reload: async () => verdict } });
  const { status, body } = await ask(socket, '/v1/reload', 'POST');
  t.is(status, 422);
  t.deepEqual(JSON.parse(body), verdict);
});

test('HEAD answers without a body', async (t) => {
  const { tcp } = await serve(t, { routes: manyRoutes(5000) });
  for (const path of ['/metrics', '/healthz', '/v1/summary', '/v1/neighbors', '/v1/routes?limit=5000']) {
    const { status, body } = await ask(tcp, path, 'HEAD');
    t.is(status, 200, path);
    t.is(body, '', path);
  }
});

test('a large answer is whole', async (t) => {
  const routes = manyRoutes(100_000);
  const { tcp } = await serve(t, { routes });
  const { body } = await ask(tcp, '/v1/routes?limit=100000');
  const list = JSON.parse(body) as RouteList;
  t.is(list.total, 100_000);
  t.deepEqual(list.routes, routes);
});

test('many neighbors come whole', async (t) => {
  const peers = manyPeers(1001);
  const { tcp } = await serve(t, { peers });
  const { body } = await ask(tcp, '/v1/neighbors');
  t.deepEqual(JSON.parse(body), { neighbors: peers });
});

test('a reader that goes away in the middle of an answer harms nobody', async (t) => {
  const { tcp, errors } = await serve(t, { routes: manyRoutes(20_000) });
  await new Promise<void>((resolve) => {
    const socket = connect(tcp.port, tcp.host, () => {
      socket.write('GET /v1/routes?limit=20000 HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
    });
  });
  t.is((await ask(tcp, '/healthz')).status, 200);
  t.deepEqual(errors, []);
});

test('connections beyond the limit are closed, the others are served', async (t) => {
  const { tcp } = await serve(t);
  const sockets = Array.from({ length: 80 }, () => connect(tcp.port, tcp.host).on('error', () => {}));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  const closed = await new Promise<number>((resolve) => {
    let count = 0;
    for (const socket of sockets) {
      socket.resume().on('close', () => {
        if (++count === 16) resolve(count);
      });
    }
  });
  t.is(closed, 16);
  const served = sockets.filter((socket) => !socket.closed);
  t.is(served.length, 64);
  const answer = await new Promise<string>((resolve) => {
    served[0]!.once('data', (chunk) => resolve(chunk.toString('latin1')));
    served[0]!.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  });
  t.regex(answer, /^HTTP\/1.1 200 OK/);
});

test('turns are short from the connection to the end of the answer', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  let begun = 0;
  let ended = 0;
  const hurry = (): (() => void) => {
    begun++;
    return () => void ended++;
  };
  const api = await start(t, { socketPath: folder.file('api.sock'), hurry });
  if (!api.ok) return t.fail(api.reason);
  await ask(folder.file('api.sock'), '/v1/summary');
  t.is(begun, 2, 'who comes, and who asks');
  await waitFor('the connection to be gone', async () => ended === 2);
  return undefined;
});

/** Starts with nothing but what the test gives. */
async function start(t: ExecutionContext, options: Partial<ApiOptions>): Promise<ApiStart> {
  const source = fakeStatus();
  const metrics = createMetrics(source);
  const api = await startApi({ source, metrics, socketPath: null, listen: null, ...options });
  t.teardown(async () => {
    metrics.close();
    if (api.ok) await api.close();
  });
  return api;
}

test('the socket is for owner and group, and goes with the server', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  const socketPath = folder.file('api.sock');
  const api = await start(t, { socketPath });
  t.true(api.ok);
  t.is(statSync(socketPath).mode & 0o777, 0o660);
  if (api.ok) await api.close();
  t.false(existsSync(socketPath));
});

test('the socket of a dead process is replaced', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  const socketPath = folder.file('api.sock');
  leaveStaleSocket(socketPath);
  t.true(statSync(socketPath).isSocket());
  const api = await start(t, { socketPath });
  t.true(api.ok);
  t.is((await ask(socketPath, '/healthz')).status, 200);
});

/** A socket file that nobody listens on: what a killed process leaves behind. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}

test('a socket that answers is left alone and named', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  const socketPath = folder.file('api.sock');
  const first = await start(t, { socketPath });
  t.true(first.ok);
  const second = await start(t, { socketPath });
  t.deepEqual(second, {
    ok: false,
    reason: `API socket: ${socketPath} is in use by a running process (answers): stop it or set api.socket`,
  });
  t.is((await ask(socketPath, '/healthz')).status, 200);
});

test('a socket whose owner accepts and says nothing is left alone too', async (t) => {
  const folder = tempFolder();
  const socketPath = folder.file('api.sock');
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(socketPath, resolve));
  const api = await start(t, { socketPath });
  t.false(api.ok);
  if (!api.ok) t.regex(api.reason, /in use by a running process \(does not answer\)/);
  mute.close();
  folder.remove();
});

test('a file that is no socket is not removed', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  const socketPath = folder.file('notes.txt');
  writeFileSync(socketPath, 'keep me');
  const api = await start(t, { socketPath });
  t.false(api.ok);
  if (!api.ok) t.regex(api.reason, /notes\.txt exists and is not a socket/);
  t.true(existsSync(socketPath));
});

test('a socket path that can not be made is a reason', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  writeFileSync(folder.file('file'), '');
  mkdirSync(folder.file('deep'));
  const paths = [folder.file('file/api.sock'), folder.file(`deep/${'x'.repeat(120)}.sock`)];
  for (const socketPath of paths) {
    const api = await start(t, { socketPath });
    t.false(api.ok, socketPath);
    if (!api.ok) t.true(api.reason.startsWith('API socket: '), api.reason);
  }
});

test('a port in use is a reason, and the unix socket goes again', async (t) => {
  const folder = tempFolder();
  t.teardown(folder.remove);
  const first = await start(t, { listen: { host: '127.0.0.1', port: 0 } });
  if (!first.ok || first.address === null) return t.fail('the first server must start');
  const { port } = first.address;
  const socketPath = folder.file('api.sock');
  const second = await start(t, { socketPath, listen: first.address });
  t.deepEqual(second, {
    ok: false,
    reason: `API: can't listen on 127.0.0.1:${port}: another process listens there: stop it or set api.listen`,
  });
  t.false(existsSync(socketPath));
});

test('an address of another node is a reason', async (t) => {
  const api = await start(t, { listen: { host: '2001:db8::1', port: 9179 } });
  t.false(api.ok);
  if (!api.ok) t.regex(api.reason, /^API: can't listen on \[2001:db8::1\]:9179: /);
});

test('nothing to listen on is no error', async (t) => {
  const api = await start(t, {});
  t.true(api.ok);
  if (api.ok) t.deepEqual([api.socketPath, api.address], [null, null]);
});
