// The libc door: privileges, netlink sockets, eventfd, TTL options on real sockets of this machine.

import { writeSync } from 'node:fs';
import test from 'ava';
import { ipv4, ipv6 } from '../../src/base/ip.js';
import { parseNetAdmin } from '../../src/sys/capabilities.js';
import { closeFd, ERRNO, errnoName } from '../../src/sys/libc.js';
import {
  createPoller,
  EVENT_FD_ONE,
  NETLINK_OPTION,
  openEventFd,
  openNetlinkSocket,
  receiveNetlink,
} from '../../src/sys/netlink-socket.js';
import {
  createTcpSocketFd,
  readSendBuffer,
  readTtl,
  setMinTtl,
  setSendBuffer,
  setTcpMd5Key,
  setTtl,
} from '../../src/sys/socket-options.js';

test('CapEff with and without CAP_NET_ADMIN', (t) => {
  t.true(parseNetAdmin('Name:\tnode\nCapEff:\t000001ffffffffff\n'));
  t.true(parseNetAdmin('CapEff:\t0000000000001000\n'));
  t.false(parseNetAdmin('CapEff:\t0000000000000fff\n'));
  t.false(parseNetAdmin('CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n'));
  t.false(parseNetAdmin(''));
});

test('a send buffer has twice the octets that it was asked to hold', (t) => {
  const opened = createTcpSocketFd('ipv4', {});
  if (!opened.ok) return t.fail(opened.errno);
  t.deepEqual(setSendBuffer(opened.value, 100_000), { ok: true });
  t.is(readSendBuffer(opened.value), 200_000);
  t.deepEqual(setSendBuffer(-1, 100_000), { ok: false, errno: 'EBADF' });
  closeFd(opened.value);
  return undefined;
});

test('errno names', (t) => {
  t.is(errnoName(17), 'EEXIST');
  t.is(errnoName(ERRNO.ESRCH), 'ESRCH');
  t.is(errnoName(105), 'ENOBUFS');
  t.is(errnoName(4242), 'errno 4242');
});

test('a netlink socket has a port id and nothing to read', (t) => {
  const opened = openNetlinkSocket({
    protocol: 0,
    groups: [],
    receiveBuffer: 65536,
    sendBuffer: 65536,
    switches: [NETLINK_OPTION.capAck],
  });
  if (!opened.ok) return t.fail(opened.errno);
  t.true(opened.value.portId > 0);
  t.deepEqual(opened.value.switches, [NETLINK_OPTION.capAck]);
  t.is(receiveNetlink(opened.value.fd, new Uint8Array(64)), -ERRNO.EAGAIN);
  closeFd(opened.value.fd);
  return undefined;
});

test('a netlink protocol that does not exist is an errno', (t) => {
  const options = { groups: [], receiveBuffer: 4096, sendBuffer: 4096, switches: [] };
  t.deepEqual(openNetlinkSocket({ protocol: 31, ...options }), { ok: false, errno: 'EPROTONOSUPPORT' });
});

test('an eventfd wakes a poller', (t) => {
  const opened = openEventFd();
  if (!opened.ok) return t.fail(opened.errno);
  const poller = createPoller([opened.value]);
  t.deepEqual(poller.wait(0), [false]);
  writeSync(opened.value, EVENT_FD_ONE);
  t.deepEqual(poller.wait(1000), [true]);
  closeFd(opened.value);
  return undefined;
});

for (const family of ['ipv4', 'ipv6'] as const) {
  test(`${family}: TTL and minimum TTL are set before the socket is used`, (t) => {
    const bindAddress = family === 'ipv4' ? ipv4(0x7f000001) : ipv6([0, 0, 0, 1]);
    const opened = createTcpSocketFd(family, { ttl: 255, minTtl: 254, bindAddress });
    if (!opened.ok) return t.fail(opened.errno);
    t.deepEqual(readTtl(opened.value, family), { ttl: 255, minTtl: 254 });
    t.deepEqual(setTtl(opened.value, family, 1), { ok: true });
    t.deepEqual(setMinTtl(opened.value, family, 0), { ok: true });
    t.deepEqual(readTtl(opened.value, family), { ttl: 1, minTtl: 0 });
    t.deepEqual(setTtl(opened.value, family, 300), { ok: false, errno: 'EINVAL' });
    closeFd(opened.value);
    return undefined;
  });
}

test('an address that is not ours cannot be bound', (t) => {
  const bindAddress = ipv4(0xc6336401);
  t.deepEqual(createTcpSocketFd('ipv4', { bindAddress }), { ok: false, errno: 'EADDRNOTAVAIL' });
});

test('an MD5 key longer than the kernel takes is refused here', (t) => {
  const peer = { address: ipv4(0x7f000001), length: 32 };
  t.deepEqual(setTcpMd5Key(-1, peer, new Uint8Array(81)), { ok: false, errno: 'EINVAL' });
  t.deepEqual(setTcpMd5Key(-1, peer, new Uint8Array(8)), { ok: false, errno: 'EBADF' });
});
