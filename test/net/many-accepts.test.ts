// Connections that wait together are taken together, as many as the turn of the event loop has time for.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Clock } from '../../src/net/clock.js';
import { createListener } from '../../src/net/listener.js';
import { fakeClock } from '../support/fake-clock.js';
import { waitFor } from '../support/wait.js';
import { ip } from './rig.js';

const CLIENTS = 10;

interface Taken {
  /** By the number of the turn, counted from any. */
  readonly turns: readonly number[];
  readonly sockets: readonly Socket[];
  readonly clients: readonly Socket[];
}

/** All clients wait in the listen queue when the first is taken. */
async function takeAll(t: ExecutionContext, clock: Clock): Promise<Taken> {
  const turns: number[] = [];
  const sockets: Socket[] = [];
  let turn = 0;
  const countTurns = (): void => {
    turn++;
    if (sockets.length < CLIENTS) setImmediate(countTurns);
  };
  const accept = (socket: Socket): void => {
    turns.push(turn);
    sockets.push(socket);
  };
  const listener = createListener({
    addresses: [{ address: ip('127.0.0.1'), port: 0 }],
    match: () => ({ accept }),
    clock,
  });
  await listener.start();
  const { port } = listener.bound()[0]!;
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    connect({ host: '127.0.0.1', port, localAddress: `127.0.1.${i + 1}` }),
  );
  t.teardown(() => {
    for (const socket of [...clients, ...sockets]) socket.destroy();
    void listener.stop();
  });
  setImmediate(countTurns);
  await waitFor('all to be taken', async () => sockets.length === CLIENTS);
  t.is(listener.counters().accepted, CLIENTS);
  return { turns, sockets, clients };
}

test('all in one turn while it has time', async (t) => {
  const { turns, sockets } = await takeAll(t, fakeClock());
  t.is(new Set(turns).size, 1, `turns ${turns}`);
  t.is(new Set(sockets.map(({ remoteAddress }) => remoteAddress)).size, CLIENTS);
});

test('one a turn when its time is over', async (t) => {
  const { turns } = await takeAll(t, { ...fakeClock(), turnSpent: () => true });
  t.is(new Set(turns).size, CLIENTS, `turns ${turns}`);
});

test('nothing of them is read before somebody wants it', async (t) => {
  const { sockets, clients } = await takeAll(t, fakeClock());
  const socket = sockets.at(-1)!;
  const client = clients.find(({ localPort }) => localPort === socket.remotePort)!;
  client.write('OPEN');
  for (let i = 0; i < 20; i++) await nextTurn();
  t.is(socket.bytesRead, 0);
  const heard = once(socket, 'data');
  socket.resume();
  t.is(String((await heard)[0]), 'OPEN');
});
