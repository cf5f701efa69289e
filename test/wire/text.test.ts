// Text forms and the notifications that the daemon itself raises.

import test from 'ava';
import { fromHex, toHex } from '../../src/base/bytes.js';
import { aigpWithMetric } from '../../src/wire/attributes/aigp.js';
import { formatCapability } from '../../src/wire/capability.js';
import { CEASE, familyOf } from '../../src/wire/iana.js';
import * as notification from '../../src/wire/notification.js';
import {
  encodeText,
  formatAfiSafi,
  formatAigp,
  formatAsPath,
  formatCommunity,
  formatExtendedCommunity,
  formatIpv6ExtendedCommunity,
  formatLargeCommunity,
  formatRouterId,
  formatTunnel,
} from '../../src/wire/text.js';
import type { Capability, Notification, Tlv, Tunnel } from '../../src/wire/types.js';

test('AS paths', (t) => {
  t.is(formatAsPath([]), '');
  t.is(
    formatAsPath([
      { kind: 'confedSequence', asns: [64512, 64513] },
      { kind: 'confedSet', asns: [64514, 64515] },
      { kind: 'sequence', asns: [65001, 4200000000] },
      { kind: 'set', asns: [1, 2] },
    ]),
    '(64512 64513) [64514,64515] 65001 4200000000 {1,2}',
  );
});

const COMMUNITIES: readonly [number, string][] = [
  [0, '0:0'],
  [65001 * 65536 + 100, '65001:100'],
  [0xffffff01, 'no-export'],
  [0xffffff02, 'no-advertise'],
  [0xffff0000, 'graceful-shutdown'],
  [0xffff029a, 'blackhole'],
  [0xffffffff, '65535:65535'],
];

test('communities', (t) => {
  for (const [value, text] of COMMUNITIES) t.is(formatCommunity(value), text);
  t.is(formatLargeCommunity([4200000000, 0, 7]), '4200000000:0:7');
  t.is(formatRouterId(0xac12cb7e), '172.18.203.126');
});

const EXTENDED: readonly [string, string][] = [
  ['0002fde900000064', 'rt:65001:100'],
  ['0103c00002010007', 'soo:192.0.2.1:7'],
  ['0202000111700064', 'rt:70000:100'],
  ['4004fde94cee6b28', 'bandwidth:65001:125000000'],
  ['8205c00002010001', '0x8205c00002010001'],
  ['0003fde900000064', 'soo:65001:100'],
  ['0102c00002010007', 'rt:192.0.2.1:7'],
  ['0203000111700064', 'soo:70000:100'],
  ['0005fde900000200', 'ospf-domain:65001:512'],
  ['0107c00002010000', 'ospf-router:192.0.2.1'],
  ['0306000000000501', 'ospf-route:0.0.0.0:5:1'],
  ['4300000000000002', 'validation:invalid'],
  ['4300000000000009', '0x4300000000000009'],
  ['030b000000000064', 'color:100'],
  ['030c000000000008', 'encapsulation:vxlan'],
  ['030c00000000ea60', 'encapsulation:60000'],
  ['030d000000000000', 'default-gateway'],
  ['0600000000000007', 'mac-mobility:7'],
  ['0600010000000007', 'mac-mobility:7:sticky'],
  ['0601010000000641', 'esi-label:100:single'],
  ['0602020000000001', 'es-import:02:00:00:00:00:01'],
  ['0603020000000002', 'router-mac:02:00:00:00:00:02'],
  ['8006fde94cee6b28', 'traffic-rate:65001:125000000'],
  ['8007000000000001', 'traffic-action:terminal'],
  ['8007000000000000', 'traffic-action'],
  ['8008fde900000064', 'redirect:65001:100'],
  ['8009000000000a2e', 'traffic-marking:46'],
  ['0499000000000000', '0x0499000000000000'],
];

test('extended communities', (t) => {
  for (const [hex, text] of EXTENDED) t.is(formatExtendedCommunity(fromHex(hex)!), text);
});

const IPV6_EXTENDED: readonly [string, string][] = [
  ['000220010db80000000000000000000000010064', 'rt:[2001:db8::1]:100'],
  ['400320010db80000000000000000000000010007', 'soo:[2001:db8::1]:7'],
  ['001020010db80000000000000000000000010007', '0x001020010db80000000000000000000000010007'],
];

test('IPv6 extended communities', (t) => {
  for (const [hex, text] of IPV6_EXTENDED) t.is(formatIpv6ExtendedCommunity(fromHex(hex)!), text);
});

const subTlv = (type: number, hex: string): Tlv => ({ type, value: fromHex(hex)! });

const TUNNELS: readonly [Tunnel, string][] = [
  [{ type: 8, subTlvs: [subTlv(6, '000000000001c0000201')] }, 'vxlan endpoint 192.0.2.1'],
  [
    { type: 8, subTlvs: [subTlv(1, 'c0001001bad30a26f2450000'), subTlv(6, '000000000001c0000201')] },
    'vxlan vni 4097 mac ba:d3:0a:26:f2:45 endpoint 192.0.2.1',
  ],
  [{ type: 8, subTlvs: [subTlv(1, '000000000000000000000000')] }, 'vxlan no vni no mac'],
  // Bits that have no words, and the same sub-TLV of another tunnel.
  [
    { type: 8, subTlvs: [subTlv(1, 'c1001001bad30a26f2450000')] },
    'vxlan sub-tlv 1 0xc1001001bad30a26f2450000',
  ],
  [
    { type: 19, subTlvs: [subTlv(1, 'c0001001bad30a26f2450000')] },
    'geneve sub-tlv 1 0xc0001001bad30a26f2450000',
  ],
  [
    {
      type: 2,
      subTlvs: [subTlv(6, '00000000000220010db8000000000000000000000001'), subTlv(4, '030b000000000064')],
    },
    'gre endpoint 2001:db8::1 color 100',
  ],
  [
    { type: 19, subTlvs: [subTlv(6, '000000000000'), subTlv(8, '17c1'), subTlv(7, '2e'), subTlv(2, '0800')] },
    'geneve endpoint next-hop port 6081 ds 46 protocol 2048',
  ],
  [
    { type: 60000, subTlvs: [subTlv(6, '0000'), subTlv(130, 'c0ffee'), subTlv(9, '0102')] },
    'tunnel 60000 endpoint 0x0000 sub-tlv 130 0xc0ffee sub-tlv 9 0x0102',
  ],
];

test('tunnels', (t) => {
  for (const [tunnel, text] of TUNNELS) t.is(formatTunnel(tunnel), text);
});

test('AIGP', (t) => {
  t.is(formatAigp([]), '');
  t.is(formatAigp(aigpWithMetric(0xfffffffffffffffen)), '18446744073709551614');
  t.is(
    formatAigp([subTlv(7, 'aa'), ...aigpWithMetric(5n), ...aigpWithMetric(6n)]),
    '5 tlv 7 0xaa tlv 1 0x0000000000000006',
  );
});

const CAPABILITIES: readonly [Capability, string][] = [
  [{ kind: 'multiprotocol', afi: 2, safi: 1 }, 'multiprotocol ipv6-unicast'],
  [{ kind: 'multiprotocol', afi: 25, safi: 70 }, 'multiprotocol evpn'],
  [{ kind: 'routeRefresh' }, 'route refresh'],
  [{ kind: 'enhancedRouteRefresh' }, 'enhanced route refresh'],
  [{ kind: 'extendedMessage' }, 'extended message'],
  [{ kind: 'fourOctetAs', asn: 70000 }, '4-octet AS 70000'],
  [
    {
      kind: 'gracefulRestart',
      restarting: true,
      notification: true,
      restartTime: 120,
      families: [{ afi: 1, safi: 1, forwarding: true }],
    },
    'graceful restart 120 s restarting with notification (ipv4-unicast forwarding)',
  ],
  [
    {
      kind: 'longLivedGracefulRestart',
      families: [{ afi: 1, safi: 1, forwarding: false, staleTime: 3600 }],
    },
    'long-lived graceful restart (ipv4-unicast 3600 s)',
  ],
  [{ kind: 'addPath', families: [{ afi: 1, safi: 1, mode: 3 }] }, 'add-path (ipv4-unicast both)'],
  [
    { kind: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
    'extended next hop (ipv4-unicast over afi 2)',
  ],
  [{ kind: 'role', role: 0 }, 'role provider'],
  [{ kind: 'fqdn', host: 'tor-a', domain: '' }, 'host name tor-a'],
  [{ kind: 'softwareVersion', version: 'bgpd/0.1' }, 'software bgpd/0.1'],
  [{ kind: 'unknown', code: 130, value: Uint8Array.of(1) }, 'capability 130 0x01'],
];

test('capabilities', (t) => {
  for (const [capability, text] of CAPABILITIES) t.is(formatCapability(capability), text);
});

const RAISED: readonly [Notification, string, string][] = [
  [notification.holdTimerExpired(), '0400', 'hold timer expired'],
  [
    notification.fsmError('OpenSent', 2),
    '050102',
    'FSM error: unexpected message in OpenSent (message type 2)',
  ],
  [notification.fsmError('Established'), '0503', 'FSM error: unexpected message in Established'],
  [notification.fsmError('Idle'), '0500', 'FSM error'],
  [
    notification.badPeerAs(),
    '0202',
    'OPEN error: bad peer AS (the sender expects another AS number from its peer)',
  ],
  [
    notification.badBgpIdentifier(),
    '0203',
    'OPEN error: bad BGP identifier (the router id is invalid or also in use by the sender)',
  ],
  [notification.unacceptableHoldTime(), '0206', 'OPEN error: unacceptable hold time'],
  [
    notification.unsupportedVersion(),
    '02010004',
    'OPEN error: unsupported version number (the sender speaks version 4)',
  ],
  [
    notification.unsupportedCapability([
      { kind: 'multiprotocol', afi: 1, safi: 1 },
      { kind: 'routeRefresh' },
    ]),
    '02070104000100010200',
    'OPEN error: unsupported capability (multiprotocol ipv4-unicast, route refresh)',
  ],
  [notification.roleMismatch(), '020b', 'OPEN error: role mismatch'],
  [notification.cease(CEASE.peerDeconfigured), '0603', 'Cease: peer deconfigured'],
  [notification.cease(CEASE.peerDeconfigured, 'lost'), '0603', 'Cease: peer deconfigured'],
  [
    notification.cease(CEASE.administrativeShutdown, 'bye'),
    '060203627965',
    'Cease: administrative shutdown ("bye")',
  ],
  [notification.cease(CEASE.administrativeReset), '0604', 'Cease: administrative reset'],
  [
    notification.maximumPrefixesReached(2, 1, 70000),
    '060100020100011170',
    'Cease: maximum number of prefixes reached (ipv6-unicast, limit 70000)',
  ],
  [
    notification.hardReset(notification.cease(CEASE.administrativeShutdown)),
    '06090602',
    'Cease: hard reset (Cease: administrative shutdown)',
  ],
  [
    notification.updateError(5, Uint8Array.of(0x80, 4, 1, 0)),
    '030580040100',
    'UPDATE error: attribute length error (MULTI_EXIT_DISC 0x80040100)',
  ],
];

test('notifications that the daemon raises, as octets and in words', (t) => {
  for (const [raised, hex, text] of RAISED) {
    t.is(toHex(notification.encodeNotification(raised).slice(19)), hex);
    t.is(notification.describeNotification(raised), text);
  }
});

test('a long shutdown text is cut between characters', (t) => {
  const { data } = notification.cease(CEASE.administrativeShutdown, `${'a'.repeat(254)}ää`);
  t.is(data[0], 254);
  t.is(data.length, 255);
  t.is(toHex(encodeText('aä', 2)), '61');
  t.is(toHex(encodeText('ä', 2)), 'c3a4');
});

test('a shutdown text whose length is wrong is shown as data', (t) => {
  const text = notification.describeNotification({ code: 6, subcode: 2, data: Uint8Array.of(9, 65) });
  t.is(text, 'Cease: administrative shutdown (data 0x0941)');
});

test('hard resets inside each other end', (t) => {
  const nested = notification.hardReset(
    notification.hardReset(notification.cease(CEASE.administrativeReset)),
  );
  t.is(notification.describeNotification(nested), 'Cease: hard reset (hard reset (data 0x0604))');
});

test('families', (t) => {
  t.is(familyOf(1, 1), 0);
  t.is(familyOf(2, 1), 1);
  t.is(familyOf(1, 128), null);
  t.is(familyOf(25, 70), null);
  t.is(formatAfiSafi(1, 1), 'ipv4-unicast');
  t.is(formatAfiSafi(2, 128), 'ipv6-vpn');
  t.is(formatAfiSafi(25, 70), 'evpn');
  t.is(formatAfiSafi(1, 70), 'afi 1 safi 70');
  t.is(formatAfiSafi(7, 9), 'afi 7 safi 9');
});
