// The agent's netlink messages, read back by the kernel codec.

import test from 'ava';
import { messageAt, viewOf } from '../../src/kernel/rtnetlink/octets.js';
import { decodeRoute } from '../../src/kernel/rtnetlink/route-decode.js';
import { encodeWorkloadRoute } from './workload-route.js';

const ADDRESS = 0x0a410203;

test('the message is a host route of protocol boot over the interface', (t) => {
  const bytes = encodeWorkloadRoute('add', ADDRESS, 7);
  const span = messageAt(viewOf(bytes), 0);
  t.is(span?.type, 24);
  t.is(span?.flags, 0x1 | 0x4 | 0x200 | 0x400);
  t.is(span?.end, bytes.length);
  const route = decodeRoute(bytes, viewOf(bytes), span?.body ?? 0, span?.end ?? 0);
  t.like(route, { protocol: 3 });
  t.like(route?.prefix, { address: { family: 'ipv4', word: ADDRESS }, length: 32 });
  t.deepEqual(
    route?.nextHops.map(({ ifindex }) => ifindex),
    [7],
  );
});

test('a removal differs in type and flags only', (t) => {
  const add = encodeWorkloadRoute('add', ADDRESS, 7);
  const remove = encodeWorkloadRoute('remove', ADDRESS, 7);
  t.is(messageAt(viewOf(remove), 0)?.type, 25);
  t.is(messageAt(viewOf(remove), 0)?.flags, 0x1 | 0x4);
  t.deepEqual(remove.slice(8), add.slice(8));
});
