import test from 'ava';
import { run } from './command.js';
import { parsePing, pingArguments } from './ping.js';
import { staysTrue, waitFor } from './wait.js';

test('waitFor returns the first truthy answer', async (t) => {
  let asked = 0;
  const answer = await waitFor(
    'three',
    () => {
      asked += 1;
      return asked === 3 ? 'yes' : null;
    },
    { interval: 1 },
  );
  t.is(answer, 'yes');
  t.is(asked, 3);
});

test('waitFor gives up with what it waited for, the last error and the evidence', async (t) => {
  const never = () => Promise.reject(new Error('not there'));
  const options = { timeout: 20, interval: 1, evidence: () => 'the log' };
  const error = await t.throwsAsync(waitFor('the moon', never, options));
  t.regex(error.message, /waited 20 ms for the moon; last error: not there\nthe log/);
});

test('staysTrue notices the first lapse', async (t) => {
  let asked = 0;
  const lapse = () => {
    asked += 1;
    return asked < 2;
  };
  await t.throwsAsync(staysTrue('it', lapse, 5000), { message: /it did not last/ });
  await t.notThrowsAsync(staysTrue('it', () => true, 20));
});

test('run reports status, output and a missing program', async (t) => {
  t.deepEqual(await run('sh', ['-c', 'cat; echo bad >&2; exit 3'], { input: 'in' }), {
    status: 3,
    stdout: 'in',
    stderr: 'bad\n',
  });
  const missing = await run('/no/such/program', []);
  t.is(missing.status, null);
  t.regex(missing.stderr, /ENOENT/);
});

test('ping: arguments and answers', (t) => {
  t.deepEqual(pingArguments('10.0.0.1', { count: 5, interval: 20 }).slice(0, 6), [
    '-n',
    '-q',
    '-c',
    '5',
    '-i',
    '0.02',
  ]);
  const answered = `2 packets transmitted, 2 received, 0% packet loss, time 1001ms
rtt min/avg/max/mdev = 0.027/0.031/0.036/0.004 ms`;
  t.deepEqual(parsePing(answered), { sent: 2, received: 2, meanMs: 0.031 });
  const lost = '1 packets transmitted, 0 received, 100% packet loss, time 0ms';
  t.deepEqual(parsePing(lost), { sent: 1, received: 0, meanMs: null });
  t.deepEqual(parsePing('ping: unknown host'), { sent: 0, received: 0, meanMs: null });
});
