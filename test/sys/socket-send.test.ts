// Octets past the stream layer: pieces go in order in one call, to many sockets each its own, and what the kernel does not
// take is not counted.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { descriptorOf } from '../../src/net/descriptor.js';
import { libc } from '../../src/sys/libc.js';
import { openSendRing } from '../../src/sys/send-ring.js';
import { sendEach, sendNow } from '../../src/sys/socket-send.js';
import { waitFor } from '../support/wait.js';

const connected = async (t: ExecutionContext): Promise<{ readonly from: Socket; readonly to: Socket }> => {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const from = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[to]] = (await Promise.all([once(server, 'connection'), once(from, 'connect')])) as [
    [Socket],
    unknown,
  ];
  t.teardown(() => {
    for (const socket of [from, to]) socket.destroy();
    server.close();
  });
  return { from, to };
};

const numbered = (lengths: readonly number[]): readonly Uint8Array[] =>
  lengths.map((length, i) => Uint8Array.from({ length }, (_, at) => (i * 37 + at) % 251));

const CASES = [
  { title: 'one piece', lengths: [5000] },
  { title: 'small pieces, which the engine keeps elsewhere', lengths: [19, 1, 23, 63, 64, 65] },
  { title: 'pieces of all sizes, one of them empty', lengths: [19, 0, 4096, 100, 30_000, 1] },
  { title: 'pieces inside a larger buffer', lengths: [100, 200], inside: true },
];

for (const { title, lengths, inside } of CASES) {
  test(`sent in order: ${title}`, async (t) => {
    const { from, to } = await connected(t);
    const whole = Buffer.concat(numbered(lengths));
    const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
    const views = lengths.map((length, i) => whole.subarray(starts[i]!, starts[i]! + length));
    const heard: Buffer[] = [];
    to.on('data', (chunk: Buffer) => heard.push(chunk)).resume();
    t.is(sendNow(descriptorOf(from)!, inside === true ? views : numbered(lengths)), whole.length);
    await waitFor('all of it', async () => Buffer.concat(heard).length === whole.length);
    t.deepEqual(Buffer.concat(heard), whole);
  });
}

test('of very many pieces some are taken, and whoever does not read stops it', async (t) => {
  const { from, to } = await connected(t);
  const fd = descriptorOf(from)!;
  const many = numbered(Array.from({ length: 100 }, () => 1000));
  t.is(sendNow(fd, many), 64_000, 'a call has its bound');
  let sent = 64_000;
  for (let i = 0; i < 10_000; i++) {
    const took = sendNow(fd, many);
    sent += took;
    if (took === 0) break;
  }
  t.is(sendNow(fd, many), 0);
  let heard = 0;
  to.on('data', (chunk: Buffer) => {
    heard += chunk.length;
  }).resume();
  await waitFor('what was taken', async () => heard === sent);
  t.is(sendNow(fd, []), 0);
  t.is(sendNow(-1, many), 0, 'a closed descriptor');
});

/** Few go one by one, many through a ring where there is one, very many in several rounds of it. */
for (const count of [3, 20, 300]) {
  test(`${count} sockets at once: each gets its own octets, twice`, async (t) => {
    const pairs = await Promise.all(Array.from({ length: count }, () => connected(t)));
    const heard = pairs.map(({ to }) => {
      const chunks: Buffer[] = [];
      to.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
      return chunks;
    });
    const shared = numbered([50])[0]!;
    const writes = pairs.map(({ from }, i) => ({ fd: descriptorOf(from)!, chunks: piecesFor(i, shared) }));
    const lengths = writes.map(({ chunks }) => Buffer.concat(chunks).length);
    for (let round = 0; round < 2; round++) t.deepEqual(sendEach(writes), lengths);
    const whole = writes.map(({ chunks }) => Buffer.concat([...chunks, ...chunks]));
    await waitFor('all of it', () =>
      heard.every((chunks, i) => Buffer.concat(chunks).length === whole[i]!.length),
    );
    t.deepEqual(
      heard.map((chunks) => Buffer.concat(chunks)),
      whole,
    );
  });
}

/** One shared with others, small, large, or several. */
const piecesFor = (i: number, shared: Uint8Array): readonly Uint8Array[] =>
  [[shared], [Uint8Array.of(i)], [new Uint8Array(5000).fill(i)], numbered([19, i, 7])][i % 4]!;

/** Until the kernel takes no more, and what it made room for meanwhile is full as well. */
async function fill(fd: number, chunks: readonly Uint8Array[]): Promise<void> {
  for (let empty = 0; empty < 10; ) {
    if (sendNow(fd, chunks) > 0) empty = 0;
    else {
      empty++;
      await setTimeout(10);
    }
  }
}

test('among many, the stuck, the closed and the broken are told apart and hold nobody up', async (t) => {
  const pairs = await Promise.all(Array.from({ length: 12 }, () => connected(t)));
  const fds = pairs.map(({ from }) => descriptorOf(from)!);
  const chunks = numbered([60_000]);
  const stuck = fds[3]!;
  await fill(stuck, chunks);
  pairs[5]!.to.destroy();
  await waitFor('a reset', () => sendNow(fds[5]!, numbered([1])) === 0);
  const writes = fds.map((fd, i) => ({ fd: i === 7 ? -1 : fd, chunks }));
  t.deepEqual(
    sendEach(writes).map((sent) => sent > 0),
    fds.map((_, i) => ![3, 5, 7].includes(i)),
  );
  t.deepEqual(sendEach(writes.slice(3, 4)), [0]);
});

test('a kernel that allows it has a ring, and what has several pieces is not for it', async (t) => {
  const ring = openSendRing();
  if (ring === null) {
    const flags = (1 << 7) | (1 << 12) | (1 << 13);
    t.is(
      libc().ioUringSetup(
        256,
        Uint32Array.from({ length: 30 }, (_, i) => (i === 2 ? flags : 0)),
      ),
      -1,
    );
    return;
  }
  const { from, to } = await connected(t);
  const sent = [-1, -1];
  const fd = descriptorOf(from)!;
  ring.send(
    [
      { fd, chunks: numbered([10, 10]) },
      { fd, chunks: numbered([30]) },
    ],
    sent,
  );
  t.deepEqual(sent, [-1, 30]);
  const [first] = (await once(to.resume(), 'data')) as [Buffer];
  t.deepEqual([...first], [...numbered([30])[0]!]);
});
