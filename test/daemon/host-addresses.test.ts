// Which of the host's addresses become the router id and next hops.

import test from 'ava';
import { formatIp, ipFromBytes, parseIp } from '../../src/base/ip.js';
import { onceATurn } from '../../src/daemon/routes/address-source.js';
import { type HostAddresses, nextHopFor } from '../../src/daemon/routes/host-addresses.js';
import { fakeClock } from '../support/fake-clock.js';
import { BASE, HOST, hostWorld, passive, withDaemons } from './daemon-rig.js';

const ip = (text: string) => parseIp(text)!;
const hosts = (interfaces: Readonly<Record<string, readonly string[]>>): HostAddresses =>
  new Map(Object.entries(interfaces).map(([name, addresses]) => [name, addresses.map(ip)]));

const DUAL = hosts({
  lo: ['127.0.0.1', '::1'],
  eth0: ['10.0.0.1', 'fe80::1', 'fd00::1'],
  eth1: ['10.1.0.1', 'fe80::2', 'fd01::1'],
});

const NO_IPV4 = hosts({ lo: ['127.0.0.1', '::1'], eth0: ['fe80::1', 'fd00::1'] });

const NEXT_HOPS: readonly (readonly [
  what: string,
  family: 'ipv4' | 'ipv6',
  local: string,
  addresses: HostAddresses,
  expected: string | null,
])[] = [
  ['the address of the session', 'ipv4', '10.1.0.1', DUAL, '10.1.0.1'],
  ['the address of the session, IPv6', 'ipv6', 'fd01::1', DUAL, 'fd01::1'],
  ['the other family of the same interface', 'ipv6', '10.1.0.1', DUAL, 'fd01::1'],
  ['IPv4 of the same interface for a session over IPv6', 'ipv4', 'fd01::1', DUAL, '10.1.0.1'],
  ['a global address instead of a link-local one', 'ipv6', 'fe80::2', DUAL, 'fd01::1'],
  ['IPv4 for a session over link-local addresses', 'ipv4', 'fe80::2', DUAL, '10.1.0.1'],
  ['the link-local one where there is no other', 'ipv6', 'fe80::2', hosts({ eth1: ['fe80::2'] }), 'fe80::2'],
  ['another interface where the own has none', 'ipv6', '10.2.0.1', DUAL, 'fd00::1'],
  ['never loopback where there is another', 'ipv4', '127.0.0.1', DUAL, '10.0.0.1'],
  ['loopback where there is nothing else', 'ipv4', '127.0.0.1', hosts({ lo: ['127.0.0.1'] }), '127.0.0.1'],
  ['none of a family that the host has not', 'ipv6', '10.0.0.1', hosts({ eth0: ['10.0.0.1'] }), null],
];

for (const [what, family, local, addresses, expected] of NEXT_HOPS) {
  test(`next hop: ${what}`, (t) => {
    const octets = nextHopFor(family, ip(local), addresses);
    t.is(octets && formatIp(ipFromBytes(octets, 0, octets.length === 4 ? 4 : 16)), expected);
  });
}

test('the host is asked once a turn', (t) => {
  const deferred: (() => void)[] = [];
  let reads = 0;
  const read = (): HostAddresses => {
    reads++;
    return new Map();
  };
  const ask = onceATurn(read, (task) => void deferred.push(task));
  t.is(ask(), ask());
  t.is(reads, 1);
  for (const task of deferred.splice(0)) task();
  ask();
  t.is(reads, 2);
});

test('without routerId it waits for an IPv4 address, says so, and takes the first', (t) =>
  withDaemons(async (rig) => {
    const { routerId: _, ...config } = BASE;
    let reads = 0;
    const hostAddresses = (): HostAddresses => (reads++ < 3 ? NO_IPV4 : HOST);
    const daemon = await rig.start(config, { hostAddresses });
    t.is(daemon.status.summary().routerId, '10.0.0.1');
    t.is(daemon.logged('waiting for one, as routerId is not set').length, 1);
  }));

test('without routerId and without an address in time it does not start', (t) =>
  withDaemons(async (rig) => {
    const { routerId: _, ...config } = BASE;
    const clock = fakeClock();
    const attempt = rig.tryStart(config, { clock, hostAddresses: () => NO_IPV4 });
    clock.advance(11_000);
    t.deepEqual((await attempt).started, {
      ok: false,
      reason: 'no interface of this host has an IPv4 address: set routerId',
    });
  }));

test('an address that comes later stands for us at once, and no session is reset', (t) =>
  withDaemons(async (rig) => {
    let known = hosts({ lo: ['::1', '2001:db8:66::1'] });
    const world = hostWorld();
    const config = {
      ...BASE,
      kernel: { backend: 'memory' },
      peers: [passive('a', '127.0.0.2', 64512)],
      originate: [{ prefix: '2001:db8:66::/64' }],
    };
    const daemon = await rig.start(config, { world, hostAddresses: () => known });
    const a = await rig.join(daemon, '127.0.0.2', { asn: 64512 });
    const nextHop = (): string => {
      const told = a.told.get('2001:db8:66::/64')?.nextHop;
      return told ? formatIp(told) : 'none';
    };
    await a.hasRoutes('2001:db8:66::/64');
    t.is(nextHop(), '2001:db8:66::1');
    known = hosts({ eth0: ['10.0.0.1', 'fd00::7'], lo: ['::1', '2001:db8:66::1'] });
    world.addAddress('eth0', 'fd00::7/64');
    await a.peer.watch.until(
      () => nextHop() === 'fd00::7',
      () => nextHop(),
    );
    t.deepEqual(a.withdrawn, []);
    t.is(daemon.logged('session established').length, 1);
  }));
