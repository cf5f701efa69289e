// A process in a namespace of its own whose interface has no carrier: its addresses are read all the same.

import { deepEqual, equal } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { formatIp } from '../../src/base/ip.js';
import { hostAddressSource } from '../../src/daemon/routes/address-source.js';
import { readAddresses } from '../../src/kernel/netlink/read-addresses.js';

const ip = (line: string): void => void execFileSync('ip', line.split(' '));

ip('link set lo up');
ip('link add eth0 type veth peer name far');
ip('addr add 10.9.0.1/24 dev eth0');
ip('addr add fd09::1/64 dev eth0 nodad');
ip('link set eth0 up');

equal('eth0' in networkInterfaces(), false);
const read = (readAddresses() ?? []).filter(({ interface: name }) => name === 'eth0');
deepEqual(
  read.map(({ address, length }) => `${formatIp(address)}/${length}`),
  ['10.9.0.1/24', 'fd09::1/64'],
);
const source = hostAddressSource(() => 0);
const known = source.read();
deepEqual([...known.keys()], ['lo', 'eth0']);
deepEqual(
  known.get('eth0')?.map((address) => formatIp(address)),
  ['10.9.0.1', 'fd09::1'],
);

// Nobody knows what happened before the first question; from then on only what changes is news.
equal(source.mayHaveChanged(), true);
equal(source.mayHaveChanged(), false);
for (const change of ['addr add 10.9.1.1/24 dev eth0', 'addr del fd09::1/64 dev eth0', 'link set far up']) {
  ip(change);
  equal(source.mayHaveChanged(), true, change);
  // A link that comes up says so more than once.
  while (source.mayHaveChanged());
}
source.close();
