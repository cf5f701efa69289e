// Origin validation against a real RPKI cache, stayrtr, on loopback: what it says decides what is taken, and when it says
// something else only what that touches is judged again.

import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BASE, type DaemonRig, passive, withDaemons } from '../daemon/daemon-rig.js';
import { LoggedProcess } from '../support/logged-process.js';

const STAYRTR = ['/usr/bin/stayrtr', '/usr/local/bin/stayrtr'].find((file) => existsSync(file));

const { CI } = process.env;

interface Roa {
  readonly prefix: string;
  readonly maxLength: number;
  readonly asn: string;
}

const roa = (prefix: string, maxLength: number, asn: number): Roa => ({ prefix, maxLength, asn: `AS${asn}` });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

class TestCache {
  readonly port: number;
  readonly #folder: string;
  #process: LoggedProcess | null = null;

  constructor(port: number) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'bgpd-rpki-'));
  }

  say(roas: readonly Roa[]): void {
    const json = {
      metadata: { buildtime: new Date().toISOString() },
      roas: roas.map((r) => ({ ...r, ta: 'test' })),
    };
    const next = join(this.#folder, 'next.json');
    writeFileSync(next, JSON.stringify(json));
    renameSync(next, join(this.#folder, 'vrps.json'));
  }

  async start(protocol: number): Promise<void> {
    const options = [
      ['-bind', `127.0.0.1:${this.port}`],
      ['-cache', join(this.#folder, 'vrps.json')],
      ['-protocol', String(protocol)],
      ['-refresh', '1'],
      ['-rtr.refresh', '1'],
      ['-rtr.retry', '1'],
      ['-checktime=false', '-metrics.addr', ''],
    ].flat();
    const logFile = join(this.#folder, 'stayrtr.log');
    this.#process = await LoggedProcess.start('stayrtr', STAYRTR ?? '', options, { logFile });
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = null;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

const POLICY = [
  { match: { rpki: ['invalid'] }, action: 'reject' },
  { match: { rpki: ['valid'] }, set: { localPref: 200 }, action: 'accept' },
  { set: { localPref: 50 }, action: 'accept' },
];

async function scene(t: ExecutionContext, rig: DaemonRig, cache: TestCache, protocol: number): Promise<void> {
  cache.say([roa('10.1.0.0/16', 24, 65001), roa('10.2.0.0/16', 16, 65001), roa('2001:db8::/32', 48, 65001)]);
  const daemon = await rig.start({
    ...BASE,
    peers: [passive('a', '127.0.0.2', 65001, { import: ['judge'], export: ['reject-all'] })],
    policies: { judge: POLICY },
    rpki: { caches: [{ name: 'stay', address: '127.0.0.1', port: cache.port, retry: 1 }] },
  });
  const a = await rig.join(daemon, '127.0.0.2', { asn: 65001 });
  const prefixes = ['10.1.0.0/16', '10.1.5.0/24', '10.2.1.0/24', '10.3.0.0/16'];
  a.announce(prefixes, { nextHop: '10.0.0.2', asPath: [{ kind: 'sequence', asns: [65001] }] });
  /** LOCAL_PREF of what was taken, by prefix. */
  const taken = (): Record<string, number | null> =>
    Object.fromEntries(daemon.routes({}).map((route) => [route.prefix, route.localPref]));
  const unknown = Object.fromEntries(prefixes.map((prefix) => [prefix, 50]));
  await daemon.until(
    'no cache: all are taken as notFound',
    () => JSON.stringify(taken()) === JSON.stringify(unknown),
  );
  t.is(daemon.status.rpki().caches[0]?.counts, false);

  await cache.start(protocol);
  await daemon.until('the cache is in force', () => daemon.status.rpki().caches[0]?.counts === true);
  await daemon.until(
    'what it says decides',
    () => taken()['10.1.5.0/24'] === 200 && !('10.2.1.0/24' in taken()),
  );
  t.deepEqual(taken(), { '10.1.0.0/16': 200, '10.1.5.0/24': 200, '10.3.0.0/16': 50 });
  const [before] = daemon.status.rpki().caches;
  t.is(before?.version, protocol);
  t.deepEqual(daemon.status.rpki().records, { 'ipv4-unicast': 2, 'ipv6-unicast': 1 });
  t.is(await daemon.metric('bgpd_rpki_cache_records', { cache: 'stay' }), 3);

  cache.say([roa('10.1.0.0/16', 16, 65001), roa('10.2.0.0/16', 24, 65001), roa('2001:db8::/32', 48, 65001)]);
  await daemon.until('a delta', () => taken()['10.2.1.0/24'] === 200 && !('10.1.5.0/24' in taken()));
  t.deepEqual(taken(), { '10.1.0.0/16': 200, '10.2.1.0/24': 200, '10.3.0.0/16': 50 });
  t.true((daemon.status.rpki().caches[0]?.serial ?? 0) > (before?.serial ?? 0));

  await cache.stop();
  await daemon.until('the cache is gone', () => daemon.status.rpki().caches[0]?.state !== 'synced');
  t.deepEqual(taken(), { '10.1.0.0/16': 200, '10.2.1.0/24': 200, '10.3.0.0/16': 50 }, 'what it said stays');
  t.true(daemon.isUp('a'));
  await daemon.reload({
    ...BASE,
    peers: [passive('a', '127.0.0.2', 65001, { import: ['judge'], export: ['reject-all'] })],
    policies: { judge: POLICY },
  });
  await daemon.until('without caches', () => JSON.stringify(taken()) === JSON.stringify(unknown));
  t.true(daemon.isUp('a'), 'the session stayed');
}

for (const protocol of [2, 1, 0]) {
  const title = `stayrtr with protocol version ${protocol}`;
  const body = async (t: ExecutionContext): Promise<void> => {
    t.timeout(60_000);
    const cache = new TestCache(await freePort());
    try {
      await withDaemons((rig) => scene(t, rig, cache, protocol));
    } finally {
      await cache.close();
    }
  };
  if (STAYRTR !== undefined) test(title, body);
  else if (CI === 'true') test(title, (t) => t.fail('not installed: stayrtr'));
  else test.skip(`${title} (not installed: stayrtr)`, body);
}
