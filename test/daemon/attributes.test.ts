// Path attributes on their way through the daemon: all of them are shown, and routes with AS_SET go by `asSets`.

import test from 'ava';
import { fromHex } from '../../src/base/bytes.js';
import type { AsPathSegment } from '../../src/wire/types.js';
import { BASE, OPEN_EBGP, passive, withDaemons } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

test('every attribute of a route is shown in words', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({ ...BASE, peers: [passive('a', A, 64512)] });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['192.0.2.0/24'], {
      nextHop: '10.0.0.11',
      asPath: [{ kind: 'sequence', asns: [65001] }],
      atomicAggregate: true,
      aggregator: { asn: 65001, address: 0xc0000201 },
      communities: [0xfde90064],
      extendedCommunities: [hex('0002fde900000064'), hex('4004fde94cee6b28')],
      ipv6ExtendedCommunities: [hex('000220010db80000000000000000000000010007')],
      largeCommunities: [[65001, 7, 9]],
      originatorId: 0x0a000009,
      clusterList: [0xf4000001],
      aigp: [{ type: 1, value: hex('00000000000003e8') }],
      onlyToCustomer: 65001,
      tunnels: [{ type: 8, subTlvs: [{ type: 6, value: hex('000000000001c0000201') }] }],
      others: [{ code: 22, flags: 0xc0, value: hex('0601') }],
    });
    await daemon.until('the route', () => daemon.routes({ prefix: '192.0.2.0/24' }).length === 1);
    t.like(daemon.routes({ prefix: '192.0.2.0/24' })[0], {
      nextHop: '10.0.0.11',
      asPath: '65001',
      localPref: 100,
      communities: ['65001:100', '65001:7:9'],
      extendedCommunities: ['rt:65001:100', 'bandwidth:65001:125000000', 'rt:[2001:db8::1]:7'],
      atomicAggregate: true,
      aggregator: '65001 192.0.2.1',
      aigp: '1000',
      onlyToCustomer: 65001,
      tunnels: ['vxlan endpoint 192.0.2.1'],
      otherAttributes: ['PMSI_TUNNEL 0x0601'],
      originatorId: '10.0.0.9',
      clusterList: ['244.0.0.1'],
    });
  }));

const SET: readonly AsPathSegment[] = [
  { kind: 'sequence', asns: [65001] },
  { kind: 'set', asns: [65002, 65003] },
];

test('a route with AS_SET is treated as withdrawn, unless the peer is told otherwise', (t) =>
  withDaemons(async (rig) => {
    const peers = [
      passive('a', A, 65001, { ...OPEN_EBGP }),
      passive('b', B, 65001, { ...OPEN_EBGP, asSets: 'accept' }),
    ];
    const daemon = await rig.start({ ...BASE, peers });
    const a = await rig.join(daemon, A, { asn: 65001 });
    const b = await rig.join(daemon, B, { asn: 65001, routerId: 0x0a090908 });
    a.announce(['192.0.2.0/24', '198.51.100.0/24'], { nextHop: '10.0.0.11' });
    await daemon.until('both routes', () => daemon.routes({ peer: 'a' }).length === 2);
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.11', asPath: SET });
    b.announce(['203.0.113.0/24'], { nextHop: '10.0.0.12', asPath: SET });
    await daemon.until('what b told', () => daemon.routes({ peer: 'b' }).length === 1);
    await daemon.until('the withdrawal', () => daemon.routes({ peer: 'a' }).length === 1);
    t.is(daemon.routes({ peer: 'b' })[0]?.asPath, '65001 {65002,65003}');
    t.deepEqual(daemon.peer('a').verdicts, { withdraw: 1 });
    t.deepEqual(daemon.peer('b').verdicts, {});
    t.true(daemon.isUp('a'));
  }));
