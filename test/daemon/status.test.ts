// What the daemon tells about itself, against sessions and routes that a test knows.

import test from 'ava';
import { wholeList } from '../../src/api/route-listing.js';
import { askBgpd } from '../support/peers/bgpd.js';
import { withProcess } from './bgpd-process.js';
import { BASE, hostWorld, OPEN_EBGP, passive, withDaemons } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';

test('the summary counts what is there', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(
      {
        ...BASE,
        node: 'node-7',
        kernel: { backend: 'memory' },
        originate: [{ prefix: '10.65.1.0/24' }, { prefix: 'fd00:65::/64' }],
        peers: [passive('a', A, 64512), passive('b', B, 65001, { enabled: false })],
      },
      { world: hostWorld() },
    );
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['192.0.2.0/24', '198.51.100.0/24'], { nextHop: '10.0.0.11' });
    await daemon.until('the routes', () => daemon.status.summary().rib['ipv4-unicast'].best === 3);
    await daemon.until('what it was told', () => daemon.peer('a').prefixes['ipv4-unicast'].advertised === 1);
    const { startedAt, uptimeSeconds, config, attributeSets, ...summary } = daemon.status.summary();
    t.deepEqual(summary, {
      version: '0.1.0',
      node: 'node-7',
      asn: 64512,
      routerId: '10.0.0.1',
      clusterId: null,
      kernelBackend: 'memory',
      rib: {
        'ipv4-unicast': { prefixes: 3, paths: 3, best: 3, multipath: 0, local: 1 },
        'ipv6-unicast': { prefixes: 1, paths: 1, best: 1, multipath: 0, local: 1 },
      },
      updateGroups: 1,
      connections: { accepted: 1, unknown: 0, limited: 0, subnetLimited: 0, errors: 0 },
    });
    t.true(Math.abs(Date.parse(startedAt) + uptimeSeconds * 1000 - Date.now()) < 5000);
    t.true(attributeSets > 0);
    t.like(config, { file: 'bgpd.yaml', generation: 1, lastError: null });
    const [first, second] = daemon.status.peerSummaries();
    t.like(first, {
      name: 'a',
      address: A,
      asn: 64512,
      type: 'ibgp',
      state: 'Established',
      reason: null,
      notes: [],
    });
    t.deepEqual(first?.prefixes, {
      'ipv4-unicast': { negotiated: true, received: 2, accepted: 2, advertised: 1 },
      'ipv6-unicast': { negotiated: true, received: 0, accepted: 0, advertised: 1 },
    });
    t.like(second, {
      name: 'b',
      type: 'ebgp',
      state: 'Idle',
      enabled: false,
      reason: 'disabled in the configuration',
    });
  }));

test('a peer in full: capabilities of both sides and in force, timers, counters, how it came and went', (t) =>
  withDaemons(async (rig) => {
    const more = { description: 'rack 12', families: ['ipv4-unicast', 'ipv6-unicast'], timers: { hold: 60 } };
    const daemon = await rig.start({ ...BASE, peers: [passive('tor', A, 65001, { ...OPEN_EBGP, ...more })] });
    t.like(daemon.peer('tor'), {
      state: 'Active',
      reason: 'waiting for the peer to connect',
      routerId: null,
      holdTime: null,
      capabilities: { local: [], peer: [], inForce: [] },
    });
    const tor = await rig.join(daemon, A, {
      asn: 65001,
      routerId: 0x0a090909,
      holdTime: 30,
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'fourOctetAs', asn: 65001 },
        { kind: 'extendedMessage' },
      ],
    });
    await tor.peer.hears(2);
    const peer = daemon.peer('tor');
    t.like(peer, {
      description: 'rack 12',
      group: null,
      localAsn: 64512,
      localAddress: '127.0.0.1',
      routerId: '10.9.9.9',
      holdTime: 30,
      keepaliveTime: 10,
      policies: { import: ['accept-all'], export: ['accept-all'] },
      routeReflectorClient: false,
      lastDown: null,
      updateGroup: 1,
    });
    t.deepEqual(peer.capabilities, {
      local: [
        'multiprotocol ipv4-unicast',
        'multiprotocol ipv6-unicast',
        'route refresh',
        '4-octet AS 64512',
        'enhanced route refresh',
        'graceful restart 120 s restarting with notification (ipv4-unicast forwarding, ipv6-unicast forwarding)',
      ],
      peer: ['multiprotocol ipv4-unicast', '4-octet AS 65001', 'extended message'],
      inForce: ['multiprotocol ipv4-unicast', '4-octet AS 64512'],
    });
    t.like(peer.counters.received, { open: 1, keepalive: 1 });
    t.like(peer.counters.sent, { open: 1, keepalive: 1, update: 1 });
    t.true(Math.abs(Date.parse(peer.lastUp ?? '') - Date.now()) < 10_000);
    tor.peer.say(Buffer.from(`${'ff'.repeat(16)}0015030602`, 'hex'));
    await daemon.until('the end', () => !daemon.isUp('tor'));
    const down = daemon.peer('tor');
    t.is(down.lastDown?.reason, 'the peer ended it: Cease: administrative shutdown');
    t.like(down.counters, { established: 1, flaps: 1 });
    t.is(down.lastUp, null);
  }));

test('peers are found by name and by any form of their address', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peers: [passive('six', '2001:db8::a', 64512), passive('four', A, 64512)],
    });
    for (const text of ['six', '2001:db8::a', '2001:DB8:0:0::A'])
      t.is(daemon.status.peer(text)?.name, 'six', text);
    t.is(daemon.status.peer(A)?.name, 'four');
    t.is(daemon.status.peer('127.0.0.99'), null);
    t.is(daemon.status.peer('nobody'), null);
  }));

test('routes: by prefix, by address, per peer and direction, all paths with reasons, a limit with the total', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      originate: [{ prefix: '10.65.0.0/16' }],
      peers: [passive('a', A, 64512), passive('tor', B, 65001, OPEN_EBGP)],
    });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    const tor = await rig.join(daemon, B, { asn: 65001, routerId: 0x0a090902 });
    a.announce(['10.65.3.0/24', '192.0.2.0/24'], { nextHop: '10.0.0.11' });
    a.announce(['fd00:65::/64'], { nextHop: 'fd00::11' });
    tor.announce(['192.0.2.0/24'], { nextHop: '10.0.0.12', med: 5, communities: [0xfc000001] });
    await a.hasRoutes('10.65.0.0/16');
    await tor.hasRoutes('10.65.0.0/16', '10.65.3.0/24', '192.0.2.0/24', 'fd00:65::/64');
    await daemon.until('both paths', () => daemon.routes({ prefix: '192.0.2.0/24', all: true }).length === 2);
    const prefixes = (query: Parameters<typeof daemon.routes>[0]) =>
      daemon.routes(query).map(({ prefix }) => prefix);

    t.deepEqual(prefixes({ prefix: '10.65.3.7' }), ['10.65.3.0/24']);
    t.deepEqual(prefixes({ prefix: '10.65.4.7' }), ['10.65.0.0/16']);
    t.deepEqual(prefixes({ prefix: 'fd00:65::7' }), ['fd00:65::/64']);
    t.deepEqual(prefixes({ prefix: '10.66.0.1' }), []);
    t.deepEqual(prefixes({ prefix: '10.65.3.0/25' }), [], 'a prefix is meant exactly');
    t.is(
      daemon.status.routes({ prefix: '10.65.3.1/24' }),
      '10.65.3.1/24 is neither an address nor a prefix without host bits',
    );
    t.is(daemon.status.routes({ peer: 'nobody' }), 'no peer has the name or address nobody');

    t.deepEqual(prefixes({ peer: 'a' }), ['10.65.3.0/24', '192.0.2.0/24', 'fd00:65::/64']);
    t.deepEqual(prefixes({ peer: A, direction: 'in', family: 'ipv6-unicast' }), ['fd00:65::/64']);
    t.deepEqual(prefixes({ peer: 'a', direction: 'out' }), ['10.65.0.0/16']);
    t.deepEqual(prefixes({ peer: 'tor', direction: 'out' }), [...tor.routes]);
    t.deepEqual(prefixes({ peer: 'tor', direction: 'in', prefix: '192.0.2.9' }), ['192.0.2.0/24']);

    const [best, other] = daemon.routes({ prefix: '192.0.2.0/24', all: true });
    t.deepEqual(best, {
      prefix: '192.0.2.0/24',
      best: true,
      multipath: false,
      stale: false,
      pathId: null,
      weight: 0,
      source: 'a',
      sourceType: 'ibgp',
      nextHop: '10.0.0.11',
      origin: 'IGP',
      asPath: '',
      localPref: 100,
      med: null,
      communities: [],
      extendedCommunities: [],
      atomicAggregate: false,
      aggregator: null,
      aigp: null,
      onlyToCustomer: null,
      tunnels: [],
      otherAttributes: [],
      originatorId: null,
      clusterList: [],
      decision: 'best: step 6, shortest AS_PATH',
      kernel: 'not installed: this node has no kernel backend',
    });
    t.like(other, {
      best: false,
      source: 'tor',
      sourceType: 'ebgp',
      asPath: '65001',
      localPref: null,
      med: 5,
      communities: ['64512:1'],
      decision: 'lost at step 6, shortest AS_PATH',
      kernel: null,
    });

    const limited = daemon.status.routes({ limit: 2 });
    if (typeof limited === 'string') throw new Error(limited);
    const { routes, total } = wholeList(limited);
    t.deepEqual([total, routes.map(({ prefix }) => prefix)], [4, ['10.65.0.0/16', '10.65.3.0/24']]);
    tor.peer.socket.destroy();
    await daemon.until('the end', () => !daemon.isUp('tor'));
    t.is(daemon.status.routes({ peer: 'tor' }), 'peer tor is not established, so it has no routes');
  }));

const ANY_ORDER = [
  '192.0.2.128/25',
  '10.65.0.64/26',
  '224.0.0.0/24',
  '10.65.0.0/16',
  '9.0.0.0/8',
  '10.65.0.0/26',
  '192.0.2.0/24',
  '10.65.0.0/24',
];
const SIX_IN_ANY_ORDER = ['fd00:65:0:1::/64', '2001:db8::/32', 'fd00:65::/48', 'fd00:65::/64'];
const ADDRESS_ORDER = [
  '9.0.0.0/8',
  '10.65.0.0/16',
  '10.65.0.0/24',
  '10.65.0.0/26',
  '10.65.0.64/26',
  '192.0.2.0/24',
  '192.0.2.128/25',
  '224.0.0.0/24',
  '2001:db8::/32',
  'fd00:65::/48',
  'fd00:65::/64',
  'fd00:65:0:1::/64',
];

test('routes come in address order, IPv4 first, the wider one first, whatever was told first', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peers: [passive('a', A, 64512), passive('tor', B, 65001, OPEN_EBGP)],
    });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    const tor = await rig.join(daemon, B, { asn: 65001, routerId: 0x0a090902 });
    a.announce(SIX_IN_ANY_ORDER, { nextHop: 'fd00::11' });
    a.announce(ANY_ORDER, { nextHop: '10.0.0.11' });
    tor.announce(['10.65.0.0/24'], { nextHop: '10.0.0.12' });
    await tor.hasRoutes(...[...ANY_ORDER, ...SIX_IN_ANY_ORDER].sort());
    await daemon.until('both paths', () => daemon.routes({ prefix: '10.65.0.0/24', all: true }).length === 2);
    const prefixes = (query: Parameters<typeof daemon.routes>[0]) =>
      daemon.routes(query).map(({ prefix }) => prefix);
    t.deepEqual(prefixes({}), ADDRESS_ORDER);
    t.deepEqual(prefixes({ peer: 'a' }), ADDRESS_ORDER);
    t.deepEqual(prefixes({ peer: 'tor', direction: 'out' }), ADDRESS_ORDER);
    t.deepEqual(prefixes({ family: 'ipv6-unicast' }), ADDRESS_ORDER.slice(8));
    t.deepEqual(prefixes({ limit: 3 }), ADDRESS_ORDER.slice(0, 3), 'the lowest');
    t.deepEqual(prefixes({ limit: 9 }), ADDRESS_ORDER.slice(0, 9), 'the lowest');
    t.deepEqual(prefixes({ all: true, limit: 4 }), [
      '9.0.0.0/8',
      '10.65.0.0/16',
      '10.65.0.0/24',
      '10.65.0.0/24',
    ]);
    t.deepEqual(
      daemon.routes({ all: true, limit: 4 }).map(({ source, best }) => [source, best]),
      [
        ['a', true],
        ['a', true],
        ['a', true],
        ['tor', false],
      ],
    );
  }));

test('readiness: all peers while the node is young, one later; health is the kernel', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({ ...BASE, peers: [passive('a', A, 64512), passive('b', B, 64512)] });
    t.deepEqual(daemon.status.readiness(), {
      ok: false,
      reasons: [
        `peer a (${A}) is Active: waiting for the peer to connect`,
        `peer b (${B}) is Active: waiting for the peer to connect`,
      ],
    });
    await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    t.deepEqual(daemon.status.readiness().reasons, [
      `peer b (${B}) is Active: waiting for the peer to connect`,
    ]);
    await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090902 });
    t.deepEqual(daemon.status.readiness(), { ok: true, reasons: [] });
    t.deepEqual(daemon.status.health(), { ok: true, reasons: [] });
    t.is(await daemon.metric('bgpd_ready'), 1);
  }));

test('bgpctl shows a running daemon: neighbour, routes, kernel', (t) =>
  withProcess(async (daemon) => {
    await daemon.start({
      kernel: { backend: 'memory' },
      originate: [{ prefix: '10.65.1.0/24' }],
      peers: [passive('a', A, 64512)],
    });
    const a = await daemon.join(A, { asn: 64512 });
    await a.hasRoutes('10.65.1.0/24');
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.11' });
    a.sayEndOfRib();
    await daemon.logs('End-of-RIB received');
    const shown = async (...args: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await daemon.bgpctl('show', ...args);
      t.is(status, 0, stderr);
      return stdout;
    };
    t.regex(await shown('neighbors', 'a'), /^Neighbor a: Established for /);
    t.regex(await shown('routes', '192.0.2.77'), /192\.0\.2\.0\/24 from a \(ibgp\), best\n/);
    t.regex(await shown('routes', '--advertised-to', A), /10\.65\.1\.0\/24/);
    t.regex(await shown('routes', '--received-from', 'a'), /192\.0\.2\.0\/24/);
    t.regex(await shown('kernel'), /Backend +memory, table 254, protocol 12/);
    const none = await daemon.bgpctl('show', 'neighbors', 'nobody');
    t.is(none.status, 1);
    t.is(none.stderr, 'bgpctl: no neighbor "nobody": /v1/neighbors (bgpctl show neighbors) lists them\n');
    t.like(await askBgpd(daemon.socket, '/v1/summary'), { asn: 64512 });
  }));
