// Octets past the stream layer: pieces go in order in one call, and what the kernel does not take is not counted.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { descriptorOf } from '../../src/net/descriptor.js';
import { sendNow } from '../../src/sys/socket-send.js';
import { waitFor } from '../support/wait.js';

const connected = async (t: ExecutionContext): Promise<{ readonly from: Socket; readonly to: Socket }> => {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const from = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [to] = (await once(server, 'connection')) as [Socket];
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
