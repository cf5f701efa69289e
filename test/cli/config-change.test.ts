// `bgpctl config ...` against the real API: which words ask what, what is printed, and who may.

import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { createMetrics } from '../../src/api/metrics/metrics.js';
import type { ChangeVerdict, ConfigurationChanges, PreviewResult } from '../../src/api/model/types.js';
import { startApi } from '../../src/api/server.js';
import { BGPCTL } from '../daemon/bgpd-process.js';
import { ask, tempFolder } from '../support/api-client.js';
import { type CommandResult, run } from '../support/command.js';
import { FAKE_PREVIEW } from '../support/fake-preview.js';
import { fakeStatus } from '../support/fake-status.js';

async function serve(t: ExecutionContext, preview: PreviewResult, verdict: ChangeVerdict) {
  const folder = tempFolder();
  const metrics = createMetrics(fakeStatus());
  const calls: unknown[][] = [];
  const answer = (name: string, args: readonly unknown[]): Promise<ChangeVerdict> => {
    calls.push([name, ...args]);
    return Promise.resolve(verdict);
  };
  const changes: ConfigurationChanges = {
    diff: (...args) => {
      calls.push(['diff', ...args]);
      return Promise.resolve(preview);
    },
    apply: (...args) => answer('apply', args),
    confirm: () => answer('confirm', []),
    rollback: () => answer('rollback', []),
  };
  const listen = { host: '127.0.0.1', port: 0 };
  const api = await startApi({
    source: fakeStatus(),
    metrics,
    changes,
    socketPath: folder.file('s'),
    listen,
  });
  if (!api.ok) throw new Error(api.reason);
  t.teardown(async () => {
    await api.close();
    metrics.close();
    folder.remove();
  });
  const file = folder.file('next.yaml');
  writeFileSync(file, 'asn: 64512\n');
  const bgpctl = (...words: readonly string[]): Promise<CommandResult> =>
    run(process.execPath, [BGPCTL, '--socket', folder.file('s'), ...words], { timeout: 30_000 });
  return { bgpctl, calls, file, socket: folder.file('s'), tcp: api.address ?? listen };
}

const GOOD: PreviewResult = { ok: true, preview: FAKE_PREVIEW };
const DONE: ChangeVerdict = { ok: true, message: 'done' };

test('the words of apply, confirm and rollback', async (t) => {
  const { bgpctl, calls, file } = await serve(t, GOOD, DONE);
  const candidate = { file, text: 'asn: 64512\n' };
  const rows: readonly (readonly [words: readonly string[], call: readonly unknown[]])[] = [
    [
      ['apply', file],
      ['apply', candidate, { confirm: null, save: false, force: false }],
    ],
    [
      ['apply', file, '--confirm', '2m', '--save', '--force'],
      ['apply', candidate, { confirm: 120, save: true, force: true }],
    ],
    [['confirm'], ['confirm']],
    [['rollback'], ['rollback']],
    [
      ['diff', file, '--all'],
      ['diff', candidate, true],
    ],
  ];
  for (const [words, call] of rows) {
    t.is((await bgpctl('config', ...words)).status, 0);
    t.deepEqual(calls.at(-1), call);
  }
  t.is((await bgpctl('config', 'apply', file, '--confirm', 'soon')).status, 2);
  t.is((await bgpctl('config', 'apply', `${file}.not`)).status, 1);
  t.is(calls.length, rows.length);
});

test('a diff as JSON is the answer of the API; each problem of a file is a line', async (t) => {
  const good = await serve(t, GOOD, DONE);
  t.deepEqual(JSON.parse((await good.bgpctl('--json', 'config', 'diff', good.file)).stdout), FAKE_PREVIEW);
  const bad = await serve(t, { ok: false, problems: ['a:1:1: one', 'a:2:1: two'] }, DONE);
  const told = await bad.bgpctl('config', 'diff', bad.file);
  t.is(told.status, 1);
  t.is(told.stderr, 'bgpctl: a:1:1: one\nbgpctl: a:2:1: two\n');
});

test('a refusal is exit code 1 with its words', async (t) => {
  const { bgpctl } = await serve(t, GOOD, { ok: false, message: 'no change waits for confirmation' });
  const told = await bgpctl('config', 'confirm');
  t.deepEqual([told.status, told.stderr], [1, 'bgpctl: no change waits for confirmation\n']);
});

test('nobody changes the configuration over TCP, and requests that say nothing are refused', async (t) => {
  const { calls, socket, tcp } = await serve(t, GOOD, DONE);
  for (const action of ['diff', 'apply', 'confirm', 'rollback']) {
    t.is((await ask(tcp, `/v1/config/${action}`, 'POST', { file: 'f', text: '' })).status, 403);
  }
  t.is((await ask(socket, '/v1/config/diff', 'POST', { file: 'f' })).status, 400);
  t.is((await ask(socket, '/v1/config/apply', 'POST', { text: '' })).status, 400);
  const endless = { file: 'f', text: '', confirm: 1e9 };
  t.is((await ask(socket, '/v1/config/apply', 'POST', endless)).status, 400);
  t.deepEqual(calls, []);
  const long = { file: 'f', text: '#'.repeat(1_000_000) };
  t.is((await ask(socket, '/v1/config/diff', 'POST', long)).status, 200, 'a file may be long');
});
