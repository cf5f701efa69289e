// Keys: what the kernel is handed octet by octet, and that a key shows itself nowhere.

import { inspect } from 'node:util';
import test from 'ava';
import { ipv4, ipv6 } from '../../src/base/ip.js';
import { closeFd } from '../../src/sys/libc.js';
import { parseNetstat, readTcpExt } from '../../src/sys/netstat.js';
import { makeSecret, sameSecret } from '../../src/sys/secret.js';
import { createTcpSocketFd, savedSynTtl, setSaveSyn, setTcpMd5Key } from '../../src/sys/socket-options.js';
import { addTcpAoKey, encodeAoAdd, encodeAoDel, hasTcpAo } from '../../src/sys/tcp-ao.js';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('struct tcp_ao_add: each field at its place, nothing else', (t) => {
  const key = { sendId: 7, receiveId: 9, algorithm: 'hmac-sha-1-96', key: octets('abc') } as const;
  const bytes = encodeAoAdd({ address: ipv4(0xc0000201), length: 32 }, key, true);
  t.is(bytes.length, 288);
  t.is(hex(bytes.subarray(0, 8)), '02000000c0000201', 'sockaddr_in: family in host order, port 0, address');
  t.is(Buffer.from(bytes.subarray(128, 138)).toString(), 'hmac(sha1)');
  t.is(hex(bytes.subarray(192, 208)), '00000000030000000000200709 0c0003'.replace(' ', ''));
  t.is(hex(bytes.subarray(208, 212)), '61626300');
  const used = [0, 4, 5, 6, 7, ...range(128, 138), 196, 202, 203, 204, 205, 207, 208, 209, 210];
  t.deepEqual(
    [...bytes.keys()].filter((at) => bytes[at] !== 0 && !used.includes(at)),
    [],
  );
});

test('struct tcp_ao_add for a range of IPv6 peers and another algorithm, not current', (t) => {
  const key = { sendId: 255, receiveId: 0, algorithm: 'hmac-sha-256-128', key: octets('k') } as const;
  const bytes = encodeAoAdd({ address: ipv6([0xfd000000, 0, 0, 1]), length: 64 }, key, false);
  t.is(hex(bytes.subarray(0, 24)), '0a00000000000000fd000000000000000000000000000001');
  t.is(Buffer.from(bytes.subarray(128, 140)).toString(), 'hmac(sha256)');
  t.is(hex(bytes.subarray(196, 209)), '000000000000' + '40ff0010' + '0001' + '6b');
});

test('struct tcp_ao_del: the address, the length and the two ids', (t) => {
  const bytes = encodeAoDel({ address: ipv4(0xc0000201), length: 24 }, { sendId: 7, receiveId: 9 });
  t.is(bytes.length, 144);
  t.is(hex(bytes.subarray(128)), `${'00'.repeat(10)}180709${'00'.repeat(3)}`);
});

test('a kernel without TCP-AO is known for one', (t) => {
  const opened = createTcpSocketFd('ipv4', {});
  if (!opened.ok) return t.fail(opened.errno);
  const key = { sendId: 1, receiveId: 1, algorithm: 'hmac-sha-1-96', key: octets('abc') } as const;
  const outcome = addTcpAoKey(opened.value, { address: ipv4(0x7f000001), length: 32 }, key, false);
  closeFd(opened.value);
  t.is(outcome.ok, hasTcpAo(), 'the probe says what the real call does');
  return undefined;
});

for (const family of ['ipv4', 'ipv6'] as const) {
  test(`${family}: TCP-MD5 keys of a host and of a range are set, changed and removed`, (t) => {
    const opened = createTcpSocketFd(family, {});
    if (!opened.ok) return t.fail(opened.errno);
    const address = family === 'ipv4' ? ipv4(0x0a000000) : ipv6([0xfd000000, 0, 0, 0]);
    for (const length of family === 'ipv4' ? [32, 24] : [128, 64]) {
      for (const key of ['one', 'two', '']) {
        t.deepEqual(
          setTcpMd5Key(opened.value, { address, length }, octets(key)),
          { ok: true },
          `${length} ${key}`,
        );
      }
    }
    t.deepEqual(setSaveSyn(opened.value, true), { ok: true });
    t.is(savedSynTtl(opened.value, family), null, 'it has no SYN yet');
    closeFd(opened.value);
    return undefined;
  });
}

test('a secret is neither in JSON nor in what a debugger prints, and says whether it is another one', (t) => {
  const secret = makeSecret('file /k', octets('mandarin'));
  for (const text of [JSON.stringify(secret), inspect(secret), String(secret)]) t.notRegex(text, /mandarin/);
  t.is(Buffer.from(secret.reveal()).toString(), 'mandarin');
  t.true(sameSecret(secret, makeSecret('environment K', octets('mandarin'))));
  t.false(sameSecret(secret, makeSecret('file /k', octets('clementine'))));
  t.false(sameSecret(secret, null));
  t.true(sameSecret(null, null));
});

test('netstat: names and values of one group', (t) => {
  const text = 'TcpExt: A B\nTcpExt: 1 22\nIpExt: A\nIpExt: 7\n';
  t.deepEqual(
    [...parseNetstat(text, 'TcpExt')],
    [
      ['A', 1],
      ['B', 22],
    ],
  );
  t.deepEqual([...parseNetstat('', 'TcpExt')], []);
  t.true(readTcpExt()?.has('TCPMD5Failure') ?? true);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
