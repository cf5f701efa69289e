// Host routes to peers: they come and go with the configuration, and learned routes leave them alone.

import test from 'ava';
import { type IpAddress, parseIp } from '../../src/base/ip.js';
import { formatPrefix, parsePrefix } from '../../src/base/prefix.js';
import { PeerGateways } from '../../src/daemon/routes/peer-gateways.js';

const ip = (text: string): IpAddress => parseIp(text)!;
const peer = (address: string, via: string | null) => ({
  address: ip(address),
  via: via === null ? null : ip(via),
});

function rig() {
  const calls: string[] = [];
  const gateways = new PeerGateways({
    install: (prefix, { nextHops }) => calls.push(`+${formatPrefix(prefix)} ${nextHops.length}`),
    uninstall: (prefix) => calls.push(`-${formatPrefix(prefix)}`),
  });
  return { gateways, taken: () => calls.splice(0) };
}

test('routes follow the configuration, and each change is made once', (t) => {
  const { gateways, taken } = rig();
  const first = [peer('192.0.2.1', '192.0.2.9'), peer('192.0.2.2', null), peer('2001:db8::1', '2001:db8::9')];
  gateways.apply(first);
  t.deepEqual(taken(), ['+192.0.2.1/32 1', '+2001:db8::1/128 1']);
  const second = [peer('192.0.2.1', '192.0.2.9'), peer('2001:db8::1', '2001:db8::8')];
  gateways.apply(second);
  t.deepEqual(taken(), ['+2001:db8::1/128 1']);
  gateways.apply([]);
  t.deepEqual(taken(), ['-192.0.2.1/32', '-2001:db8::1/128']);
});

test('a learned route to such a peer does not reach the kernel; all others do', (t) => {
  const { gateways, taken } = rig();
  const learned = { nextHops: [{ address: ip('192.0.2.7'), interface: null }] };
  gateways.apply([peer('192.0.2.1', '192.0.2.9')]);
  taken();
  gateways.install(parsePrefix('192.0.2.1/32')!, learned);
  gateways.uninstall(parsePrefix('192.0.2.1/32')!);
  t.deepEqual(taken(), []);
  gateways.install(parsePrefix('192.0.2.0/24')!, learned);
  gateways.uninstall(parsePrefix('192.0.2.0/24')!);
  t.deepEqual(taken(), ['+192.0.2.0/24 1', '-192.0.2.0/24']);
});
