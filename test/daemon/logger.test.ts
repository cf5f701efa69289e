import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { createLogger, type LoggerSettings } from '../../src/daemon/log/logger.js';

const module = join(import.meta.dirname, '..', '..', 'src', 'daemon', 'log', 'logger.js');

function captured(settings: Omit<LoggerSettings, 'stream'>) {
  const lines: string[] = [];
  return { lines, logger: createLogger({ ...settings, stream: { write: (line) => void lines.push(line) } }) };
}

test('a line is JSON with level by name, ISO time and message', (t) => {
  const { lines, logger } = captured({ level: 'info', format: 'json' });
  logger.info({ peer: 'tor-a' }, 'Established');
  logger.debug('not shown');
  t.is(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0]!);
  t.deepEqual(rest, { level: 'info', peer: 'tor-a', msg: 'Established' });
  t.regex(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('auto into a stream is JSON', (t) => {
  const { lines, logger } = captured({ level: 'info', format: 'auto' });
  logger.warn('x');
  t.is(JSON.parse(lines[0]!).level, 'warn');
});

test('pretty is one readable line without colours', (t) => {
  const { lines, logger } = captured({ level: 'info', format: 'pretty' });
  logger.info({ peer: 'tor-a' }, 'Established');
  t.regex(lines[0]!, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Established \{"peer":"tor-a"\}\n$/);
});

test('silent logs nothing', (t) => {
  const { lines, logger } = captured({ level: 'silent', format: 'json' });
  logger.fatal('x');
  t.deepEqual(lines, []);
});

const SECRETS: readonly object[] = [
  { password: 'hunter2' },
  { peer: { password: 'hunter2' } },
  { config: { peers: [{ name: 'tor-a', password: 'hunter2' }] } },
  { peers: [{ name: 'tor-a', secret: 'hunter2' }] },
  { endpoint: { md5Key: 'hunter2' } },
  { headers: { authorization: 'hunter2' } },
  { token: { file: 'hunter2' } },
];

for (const format of ['json', 'pretty'] as const) {
  test(`secrets do not reach a ${format} line`, (t) => {
    const { lines, logger } = captured({ level: 'info', format });
    for (const fields of SECRETS) logger.info(fields, 'peer added');
    t.is(lines.length, SECRETS.length);
    for (const line of lines) {
      t.notRegex(line, /hunter2/);
      t.regex(line, /\[secret\]/);
    }
  });
}

test('logging leaves the logged object as it is', (t) => {
  const { logger } = captured({ level: 'info', format: 'json' });
  const peer = { name: 'tor-a', password: 'hunter2' };
  logger.info({ peer }, 'added');
  t.deepEqual(peer, { name: 'tor-a', password: 'hunter2' });
});

const script = (body: string): readonly string[] => [
  '--input-type=module',
  '-e',
  `import { createLogger } from ${JSON.stringify(module)};
   const logger = createLogger({ level: 'info', format: 'json' });
   ${body}`,
];

test('lines logged right before the end of the process are written', (t) => {
  const { stdout } = spawnSync(
    process.execPath,
    script(`for (let i = 0; i < 500; i++) logger.info({ i }, 'line'); process.exit(0);`),
    { encoding: 'utf8' },
  );
  const numbers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).i);
  t.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: 500 }, (_, i) => i),
  );
});

test('a full disk costs lines, not the process', (t) => {
  const child = spawnSync(
    'sh',
    [
      '-c',
      '"$0" "$@" > /dev/full',
      process.execPath,
      ...script(`
    logger.info('one');
    setTimeout(() => { logger.fatal('two'); process.exitCode = 7; }, 100);`),
    ],
    { timeout: 20_000 },
  );
  t.is(child.status, 7);
});

test('a reader that went away costs lines, not the process', async (t) => {
  const child = spawn(
    process.execPath,
    script(`
    const timer = setInterval(() => logger.info('line'), 5);
    setTimeout(() => { clearInterval(timer); process.exitCode = 7; }, 300);`),
  );
  child.stdout.destroy();
  t.is(await new Promise((resolve) => child.on('close', resolve)), 7);
});

test('a reader that stands still does not hold up the event loop, and hears what it missed', async (t) => {
  const child = spawn(
    process.execPath,
    script(`
    const pad = 'x'.repeat(10_000);
    let worst = 0, last = performance.now(), count = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
      for (let i = 0; i < 20; i++) logger.info({ count: count++, pad }, 'line');
      if (count < 1000) return;
      clearInterval(timer);
      process.stderr.write(String(worst));
      setTimeout(() => logger.info('late'), 1000);
      setTimeout(() => {}, 2000);
    }, 10);`),
  );
  const worst = await new Promise<string>((resolve) =>
    child.stderr.setEncoding('utf8').once('data', resolve),
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  // One that waited for the reader would wait for ever.
  t.true(Number(worst) < 10_000, `${worst} ms`);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const counts = lines.filter(({ msg }) => msg === 'line').map(({ count }) => count);
  const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
  t.deepEqual(counts, Array.from(counts.keys()), 'the first lines, in order');
  t.is(counts.length + dropped, 1000);
  t.is(lines.at(-1).msg, 'late');
});
