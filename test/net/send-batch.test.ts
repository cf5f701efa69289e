import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import test from 'ava';
import { systemClock } from '../../src/net/clock.js';
import { Connection, type ConnectionHandlers } from '../../src/net/connection.js';
import { type BatchedWrite, SendBatch } from '../../src/net/send-batch.js';
import { waitFor } from '../support/wait.js';

/** A kernel that writes down what it is given and takes at most `most` octets of each write. */
function recorder(most = Number.POSITIVE_INFINITY) {
  const written: string[] = [];
  const batch = new SendBatch((writes) =>
    writes.map(({ fd, chunks }) => {
      const octets = chunks.reduce((sum, { length }) => sum + length, 0);
      written.push(`${fd}:${octets}`);
      return Math.min(octets, most);
    }),
  );
  return { batch, written };
}

const chunk = (octets: number): readonly Uint8Array[] => [new Uint8Array(octets)];
const ignored = (): void => undefined;
const write = (fd: number, chunks: readonly Uint8Array[], settled: (sent: number) => void): BatchedWrite => ({
  fd,
  chunks,
  settled,
});

test('what is added in one turn is written at its end, in order, and everybody is told once', async (t) => {
  const { batch, written } = recorder(5);
  const told: string[] = [];
  batch.add(write(7, chunk(3), (sent) => told.push(`7:${sent}`)));
  batch.add(write(8, [new Uint8Array(4), new Uint8Array(6)], (sent) => told.push(`8:${sent}`)));
  t.deepEqual(written, []);
  await Promise.resolve();
  t.deepEqual(written, ['7:3', '8:10']);
  t.deepEqual(told, ['7:3', '8:5']);
  batch.submit();
  t.is(written.length, 2);
});

test('submitting early leaves nothing for the end of the turn', async (t) => {
  const { batch, written } = recorder();
  batch.add(write(7, chunk(3), ignored));
  batch.submit();
  t.deepEqual(written, ['7:3']);
  batch.add(write(9, chunk(1), ignored));
  await Promise.resolve();
  t.deepEqual(written, ['7:3', '9:1']);
});

test('all is written before anybody is told, and what they add then comes after it', async (t) => {
  const { batch, written } = recorder();
  const seen: number[] = [];
  const again = (): void => {
    seen.push(written.length);
    batch.add(write(1, chunk(1), ignored));
  };
  batch.add(write(7, chunk(1), again));
  batch.add(write(8, chunk(1), again));
  batch.submit();
  t.deepEqual(seen, [2, 2]);
  await Promise.resolve();
  t.deepEqual(written, ['7:1', '8:1', '1:1', '1:1']);
});

test('many writes do not wait for the end of the turn, nor do many octets', (t) => {
  const many = recorder();
  for (let fd = 0; fd < 300; fd++) many.batch.add(write(fd, chunk(1), ignored));
  t.is(many.written.length, 256);
  const large = recorder();
  large.batch.add(write(1, chunk(700_000), ignored));
  t.is(large.written.length, 0);
  large.batch.add(write(2, chunk(700_000), ignored));
  t.deepEqual(large.written, ['1:700000', '2:700000']);
});

for (const [title, after] of [
  ['another message', (connection: Connection) => connection.send(Uint8Array.of(4))],
  ['the last message', (connection: Connection) => connection.close(Uint8Array.of(4))],
] as const) {
  test(`${title} does not overtake what is gathered`, async (t) => {
    const received: number[] = [];
    const server = createServer((socket) => socket.on('data', (octets) => received.push(...octets)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const connection = new Connection(socket, 'active', systemClock(), DEAF);
    let settled = 0;
    connection.sendTogether([Uint8Array.of(1, 2), Uint8Array.of(3)], () => settled++);
    t.is(settled, 0);
    after(connection);
    t.is(settled, 1);
    t.is(connection.delivered, 4);
    await waitFor('four octets', () => received.length === 4);
    t.deepEqual(received, [1, 2, 3, 4]);
    connection.close(null);
    await connection.closed;
    server.close();
  });
}

const DEAF: ConnectionHandlers = {
  connected: ignored,
  message: ignored,
  readDone: ignored,
  malformed: ignored,
  lost: ignored,
  drained: ignored,
};
