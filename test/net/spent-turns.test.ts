// A connection whose turn is spent: what was read, and its end, wait for a later turn, in order and not lost.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import type { Clock } from '../../src/net/clock.js';
import { Connection } from '../../src/net/connection.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { fakeClock } from '../support/fake-clock.js';
import { waitFor } from '../support/wait.js';

/** Deferred tasks run when the test says so. */
const spentClock = (tasks: (() => void)[], spent: { now: boolean }): Clock => ({
  ...fakeClock(),
  turnSpent: () => spent.now,
  defer: (task) => void tasks.push(task),
});

test('messages and the end of a connection are put off, then come in order', async (t) => {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  const tasks: (() => void)[] = [];
  const spent = { now: true };
  const heard: string[] = [];
  const connection = new Connection(socket, 'passive', spentClock(tasks, spent), {
    connected: () => undefined,
    message: (type) => heard.push(`message ${type}`),
    readDone: () => heard.push('read done'),
    malformed: () => heard.push('malformed'),
    lost: (code) => heard.push(`lost ${code}`),
    drained: () => undefined,
  });
  client.write(Buffer.concat([KEEPALIVE, KEEPALIVE]));
  await waitFor('the read', async () => tasks.length === 1);
  t.deepEqual(heard, [], 'put off');
  client.end(KEEPALIVE);
  tasks.splice(0)[0]!();
  t.deepEqual(heard.splice(0), ['message 4', 'message 4', 'read done']);
  await waitFor('the last read', async () => tasks.length > 0);
  spent.now = false;
  await connection.closed;
  t.deepEqual(heard, [], 'the end does not overtake what was put off');
  for (const task of tasks.splice(0)) task();
  t.deepEqual(heard, ['message 4', 'read done', 'lost null']);
});
