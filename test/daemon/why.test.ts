// Why an address can be reached or cannot: one daemon with a kernel in memory, asked about one address after the other.

import test from 'ava';
import { explainReachability, type Reachability } from '../../src/api/reachability.js';
import { parseIp } from '../../src/base/ip.js';
import { whyText } from '../../src/cli/commands/why.js';
import { plain } from '../../src/cli/tables.js';
import { BASE, hostWorld, passive, type TestDaemon, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';

const CONFIG: Yaml = {
  ...BASE,
  kernel: { backend: 'memory', import: [{ interfaces: ['cali*'] }] },
  pools: [{ cidr: '10.65.0.0/16' }],
  originate: [{ prefix: '10.65.8.0/26', kind: 'aggregate' }],
  policies: {
    guarded: [{ match: { prefix: { in: ['10.65.3.0/24 le 32'] } }, action: 'reject' }, { action: 'accept' }],
  },
  peers: [passive('a', A, 64512, { import: ['guarded'] }), passive('b', '127.0.0.3', 64512)],
};

const ROWS: readonly (readonly [
  address: string,
  verdict: Reachability['verdict'],
  ...words: readonly RegExp[],
])[] = [
  ['10.0.0.1', 'here', /an address of this host, on eth0/],
  ['10.65.8.2', 'here', /a workload of this host, behind cali1/],
  ['10.65.1.21', 'reachable', /10\.65\.1\.21\/32 from a via 10\.0\.0\.9/, /in the kernel: installed/],
  ['10.65.8.3', 'unreachable', /10\.65\.8\.0\/26 begins at this host, and no workload here has the address/],
  ['10.65.2.1', 'unreachable', /10\.65\.2\.1\/32 from a is not used: .*next hop/],
  ['10.65.3.1', 'unreachable', /10\.65\.3\.1\/32 from a is not used: .*guarded/],
  ['10.99.0.1', 'unreachable', /bgpd has no usable route to 10\.99\.0\.1/, /neighbor b is \w+: /],
  ['10.0.0.200', 'reachable', /a host in the subnet of eth0/],
  ['2001:db8::1', 'unreachable', /no usable route to 2001:db8::1/],
];

const ask = (daemon: TestDaemon, address: string) => explainReachability(parseIp(address)!, daemon.status);

test('each address has its answer', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    world.addRoute({ prefix: '10.65.8.2/32', dev: 'cali1' });
    const daemon = await rig.start(CONFIG, { world });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.65.1.21/32', '10.65.3.1/32'], { nextHop: '10.0.0.9' });
    a.announce(['10.65.2.1/32'], { nextHop: '192.0.2.9' });
    await daemon.until('the routes', () => daemon.routes({ peer: 'a', direction: 'in' }).length === 3);
    await daemon.until('the kernel', () => ask(daemon, '10.65.1.21').verdict === 'reachable');
    for (const [address, verdict, ...words] of ROWS) {
      const found = ask(daemon, address);
      const text = whyText(found, plain);
      t.is(found.verdict, verdict, text);
      for (const each of words) t.regex(text, each);
    }
  }));

test('without a kernel the route is told, and that nobody installs it', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({ ...BASE, peers: [passive('a', A, 64512)] });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.65.1.21/32'], { nextHop: '10.0.0.9' });
    await daemon.until('the route', () => ask(daemon, '10.65.1.21').verdict === 'unknown');
    t.regex(whyText(ask(daemon, '10.65.1.21'), plain), /is routed: .* this daemon installs no routes/);
  }));
