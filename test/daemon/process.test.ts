// The `bgpd` command: exit codes, signals, and what it says to the one who started it.

import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'ava';
import { run } from '../support/command.js';
import { BGPD, BgpdProcess, bgpd, fixture, freePort, withProcess } from './bgpd-process.js';
import { passive } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';

test('a wrong configuration: every mistake with place, key and remedy, exit code 2', async (t) => {
  const file = fixture('bad.yaml');
  const { status, stdout, stderr } = await bgpd('--config', file);
  t.is(status, 2);
  t.is(stdout, '');
  t.deepEqual(stderr.trimEnd().split('\n'), [
    `${file}:4:48: peers[0].multihp: unknown key; did you mean multihop?`,
    `${file}:5:15: log.level: "loud" is not known; known: fatal, error, warn, info, debug, trace, silent`,
  ]);
});

test('a file that is not there: one line, exit code 2', async (t) => {
  const { status, stderr } = await bgpd('--config', '/nonexistent/bgpd.yaml');
  t.is(status, 2);
  t.is(
    stderr,
    "/nonexistent/bgpd.yaml: can't read the configuration (ENOENT); there is no such file: name it with --config FILE\n",
  );
});

test('--check says good with its warnings, starts nothing, and exits with 0', async (t) => {
  const file = fixture('surprising.yaml');
  const { status, stdout, stderr } = await bgpd('--check', '--config', file);
  t.is(status, 0);
  t.is(stdout, `${file}: good\n`);
  t.is(stderr.trimEnd().split('\n').length, 2);
  t.regex(
    stderr,
    /^warning: .*surprising\.yaml:5:5: peers\[0\]\.import: eBGP without import policy.*RFC 8212/,
  );
  const bad = await bgpd('--check', '--config', fixture('bad.yaml'));
  t.is(bad.status, 2);
});

test('a BGP port that is taken: one clear line, exit code 1, no socket file stays', (t) =>
  withProcess(async (daemon) => {
    const owner = createServer();
    await new Promise<void>((done) => owner.listen({ host: '127.0.0.1', port: daemon.port }, done));
    daemon.write({});
    const { status, stderr } = await bgpd('--config', daemon.configFile);
    await new Promise((done) => owner.close(done));
    t.is(status, 1);
    t.is(
      stderr,
      `bgpd can't start: can't listen on 127.0.0.1 port ${daemon.port}: another process does (EADDRINUSE)\n`,
    );
    t.false(existsSync(daemon.socket));
  }));

test('an API address that is taken: one clear line, exit code 1, and no peer has noticed anything', (t) =>
  withProcess(async (daemon) => {
    const apiPort = await freePort();
    const api = { socket: daemon.socket, listen: `127.0.0.1:${apiPort}` };
    await daemon.start({ api, peers: [passive('a', A, 64512)] });
    const a = await daemon.join(A, { asn: 64512 });
    const watched = await listenOnce();
    const peers = [{ name: 'b', address: B, asn: 64512, port: watched.port }];
    const reasons = [
      [api, /^bgpd can't start: API socket: .*bgpd\.sock is in use by a running process .*\n$/],
      [
        { ...api, socket: 'none' },
        /^bgpd can't start: API: can't listen on 127\.0\.0\.1:\d+: another process .*\n$/,
      ],
    ] as const;
    for (const [taken, expected] of reasons) {
      const other = await BgpdProcess.prepare();
      other.write({ api: taken, peers });
      const { status, stderr } = await bgpd('--config', other.configFile);
      await other.end();
      t.is(status, 1);
      t.regex(stderr, expected);
    }
    t.is(watched.connections(), 0, 'nobody was dialled');
    await watched.close();
    t.is((await daemon.bgpctl('show', 'summary')).status, 0);
    t.false(a.peer.closed);
  }));

async function listenOnce() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen({ host: B, port: 0 }, done));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return {
    port: bound.port,
    connections: () => connections,
    close: () => new Promise((done) => server.close(done)),
  };
}

test('SIGHUP and SIGTERM: reload keeps what it can, the end is a Cease and exit code 0', (t) =>
  withProcess(async (daemon) => {
    const peers = [passive('a', A, 64512), passive('b', B, 64512)];
    const running = await daemon.start({ peers, originate: [{ prefix: '10.65.1.0/24' }] });
    const a = await daemon.join(A, { asn: 64512 });
    const b = await daemon.join(B, { asn: 64512, routerId: 0x0a090908 });
    await a.hasRoutes('10.65.1.0/24');

    writeFileSync(daemon.configFile, 'asn: 64512\npeers: [\n');
    running.signal('SIGHUP');
    await daemon.logs('configuration rejected, the running one stays in force');
    const summary = await daemon.bgpctl('show', 'summary');
    t.is(summary.status, 0);
    t.regex(summary.stdout, /Last reload failed: .*bgpd\.yaml:3:1: /);
    const { body } = await daemon.ask('/v1/summary');
    t.is(JSON.parse(body).peers.length, 2);

    daemon.write({ peers: peers.slice(0, 1), originate: [{ prefix: '10.65.2.0/24' }] });
    running.signal('SIGHUP');
    await a.hasRoutes('10.65.2.0/24');
    t.is(await b.peer.hearsNotification(), '6/3');
    t.notRegex((await daemon.bgpctl('show', 'summary')).stdout, /Last reload failed/);
    t.is(a.peer.count(1), 1, 'a is still in its first session');
    const reload = await daemon.bgpctl('reload');
    t.like(reload, { status: 0, stdout: 'generation 3: nothing changed\n' });

    running.signal('SIGTERM');
    t.is(await a.peer.hearsNotification(), '6/2', 'Administrative Shutdown');
    t.deepEqual(await running.ended(), { code: 0, signal: null });
    t.regex(daemon.log(), /"msg":"bgpd has stopped"\}\n$/);
    const gone = await daemon.bgpctl('show', 'summary');
    t.is(gone.status, 1);
    t.regex(gone.stderr, /^bgpctl: bgpd is not running or listens elsewhere: there is no /);
  }));

/** Lets the process send itself a signal at its first `listen`: in the middle of the start. */
const signalAtListen = (signal: string): readonly string[] => {
  const code = `import net from 'node:net';
    const { listen } = net.Server.prototype;
    net.Server.prototype.listen = function (...args) {
      net.Server.prototype.listen = listen;
      process.kill(process.pid, '${signal}');
      return listen.apply(this, args);
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
};

test('SIGHUP while it starts is a reload as soon as it runs', (t) =>
  withProcess(async (daemon) => {
    const running = await daemon.start({}, signalAtListen('SIGHUP'));
    await daemon.logs('configuration loaded');
    t.true(running.running);
    t.is(JSON.parse((await daemon.ask('/v1/summary')).body).config.generation, 2);
    t.deepEqual(await running.stop(), { code: 0, signal: null });
  }));

test('SIGTERM while it starts ends it with exit code 0', (t) =>
  withProcess(async (daemon) => {
    daemon.write({});
    const running = await daemon.launch(signalAtListen('SIGTERM'));
    t.deepEqual(await running.ended(), { code: 0, signal: null });
    t.regex(daemon.log(), /"signal":"SIGTERM","msg":"bgpd stops"/);
    t.regex(daemon.log(), /"msg":"bgpd has stopped"/);
  }));

/** A host whose kernel has been built or booted without IPv6. */
const WITHOUT_IPV6 = `import net from 'node:net';
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (...args) {
    if (args[0].host !== '::') return listen.apply(this, args);
    const error = Object.assign(new Error('no IPv6'), { code: 'EAFNOSUPPORT' });
    setImmediate(() => this.emit('error', error));
    return this;
  };`;

test('without IPv6 on the host it listens on IPv4 and warns; with nothing else to listen on it does not start', (t) =>
  withProcess(async (daemon) => {
    const preload = ['--import', `data:text/javascript,${encodeURIComponent(WITHOUT_IPV6)}`];
    const ipv6 = { address: '::', port: daemon.port };
    const listen = [{ address: '0.0.0.0', port: daemon.port }, ipv6];
    const running = await daemon.start({ listen, peers: [passive('a', A, 64512)] }, preload);
    t.regex(
      daemon.log(),
      /"level":"warn".*can't listen on :: port \d+: this host does without the address family/,
    );
    await daemon.join(A, { asn: 64512 });
    t.deepEqual(await running.stop(), { code: 0, signal: null });
    daemon.write({ listen: [ipv6] });
    const { status, stderr } = await run(process.execPath, [...preload, BGPD, '-c', daemon.configFile]);
    t.is(status, 1);
    t.regex(stderr, /^bgpd can't start: can't listen on :: port /);
  }));

test('a bug of ours is logged with its stack and ends the process with exit code 1', (t) =>
  withProcess(async (daemon) => {
    const bug = 'process.on("SIGUSR2",()=>{throw new Error("a bug")})';
    const running = await daemon.start({}, ['--import', `data:text/javascript,${encodeURIComponent(bug)}`]);
    running.signal('SIGUSR2');
    t.deepEqual(await running.ended(), { code: 1, signal: null });
    const last = JSON.parse(daemon.log().trimEnd().split('\n').at(-1) ?? '');
    t.like(last, { level: 'fatal', msg: 'internal error, bgpd ends' });
    t.regex(last.error, /^Error: a bug\n {4}at /);
  }));
