// Two OPENs in, session or NOTIFICATION out.

import test from 'ava';
import { toHex } from '../../src/base/bytes.js';
import { localOpen } from '../../src/fsm/capabilities.js';
import { negotiate } from '../../src/fsm/negotiate.js';
import type { NegotiatedSession, SessionConfig } from '../../src/fsm/types.js';
import type { Capability, OpenMessage } from '../../src/wire/types.js';
import { CAPABILITIES, CONFIG, LOCAL_ID, OPEN } from './samples.js';

const without = (kind: Capability['kind']): readonly Capability[] =>
  CAPABILITIES.filter((capability) => capability.kind !== kind);
const mp = (afi: number, safi = 1): Capability => ({ kind: 'multiprotocol', afi, safi });

interface Case {
  readonly says: string;
  readonly config?: Partial<SessionConfig>;
  readonly open?: Partial<OpenMessage>;
}

const ACCEPTED: readonly (Case & { readonly agreed: Partial<NegotiatedSession> })[] = [
  { says: 'the smaller hold time counts: theirs', agreed: { holdTime: 30, keepaliveTime: 10 } },
  {
    says: 'the smaller hold time counts: ours',
    config: { holdTime: 9 },
    agreed: { holdTime: 9, keepaliveTime: 3 },
  },
  {
    says: 'hold time 0 is agreed from their side',
    open: { holdTime: 0 },
    agreed: { holdTime: 0, keepaliveTime: 0 },
  },
  {
    says: 'hold time 0 is agreed from our side',
    config: { holdTime: 0 },
    agreed: { holdTime: 0, keepaliveTime: 0 },
  },
  { says: 'a configured keepalive time is used', config: { keepaliveTime: 2 }, agreed: { keepaliveTime: 2 } },
  {
    says: 'a configured keepalive time never exceeds a third of the hold time',
    config: { keepaliveTime: 60 },
    agreed: { keepaliveTime: 10 },
  },
  { says: 'another AS is eBGP', agreed: { peerAsn: 65001, sessionType: 'ebgp' } },
  {
    says: 'the same AS is iBGP',
    config: { localAsn: 65001 },
    agreed: { peerAsn: 65001, sessionType: 'ibgp' },
  },
  {
    says: 'the 4-octet AS comes from the capability',
    config: { peerAsn: 4200000001 },
    open: { asn: 23456, capabilities: [...without('fourOctetAs'), { kind: 'fourOctetAs', asn: 4200000001 }] },
    agreed: { peerAsn: 4200000001 },
  },
  {
    says: 'the capability wins over a 2-octet field that contradicts it',
    open: { asn: 7 },
    agreed: { peerAsn: 65001 },
  },
  {
    says: 'a peer without 4-octet AS numbers is an old speaker',
    open: { capabilities: without('fourOctetAs') },
    agreed: {
      peerAsn: 65001,
      decode: { asn4: false, sessionType: 'ebgp', families: [true, true], addPath: [false, false] },
    },
  },
  { says: 'a group without an AS takes any', config: { peerAsn: null }, agreed: { peerAsn: 65001 } },
  {
    says: 'only common families are agreed',
    config: { families: [1] },
    agreed: {
      families: [1],
      decode: { asn4: true, sessionType: 'ebgp', families: [false, true], addPath: [false, false] },
    },
  },
  {
    says: 'families that we do not route do no harm',
    open: { capabilities: [...CAPABILITIES, mp(25, 70), mp(1, 128)] },
    agreed: { families: [0, 1] },
  },
  {
    says: 'a peer without multiprotocol speaks IPv4 unicast',
    open: { capabilities: without('multiprotocol') },
    agreed: { families: [0] },
  },
  {
    says: 'a peer without any capability is accepted',
    open: { capabilities: [] },
    agreed: { routeRefresh: false },
  },
  { says: 'route refresh needs both', agreed: { routeRefresh: true, enhancedRouteRefresh: false } },
  {
    says: 'enhanced route refresh needs both',
    config: { extraCapabilities: [{ kind: 'enhancedRouteRefresh' }] },
    open: { capabilities: [...CAPABILITIES, { kind: 'enhancedRouteRefresh' }] },
    agreed: { enhancedRouteRefresh: true },
  },
  {
    says: 'extended messages that only we announce stay off',
    config: { extraCapabilities: [{ kind: 'extendedMessage' }] },
    agreed: { maxMessage: 4096 },
  },
  {
    says: 'extended messages are in force when both announce them',
    config: { extraCapabilities: [{ kind: 'extendedMessage' }] },
    open: { capabilities: [...CAPABILITIES, { kind: 'extendedMessage' }] },
    agreed: { maxMessage: 65535 },
  },
  {
    says: 'path ids come where we receive and the peer sends, by family',
    config: {
      extraCapabilities: [
        {
          kind: 'addPath',
          families: [
            { afi: 1, safi: 1, mode: 1 },
            { afi: 2, safi: 1, mode: 2 },
          ],
        },
      ],
    },
    open: {
      capabilities: [
        ...CAPABILITIES,
        {
          kind: 'addPath',
          families: [
            { afi: 1, safi: 1, mode: 3 },
            { afi: 2, safi: 1, mode: 3 },
          ],
        },
      ],
    },
    agreed: {
      decode: { asn4: true, sessionType: 'ebgp', families: [true, true], addPath: [true, false] },
      sendsPathIds: [false, true],
    },
  },
  {
    says: 'IPv4 routes with an IPv6 next hop come where we announced it (RFC 8950)',
    config: {
      extraCapabilities: [{ kind: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }],
    },
    agreed: {
      decode: {
        asn4: true,
        sessionType: 'ebgp',
        families: [true, true],
        addPath: [false, false],
        extendedNextHop: true,
      },
    },
  },
  {
    says: 'an extended next hop that only the peer announces, or for another family, is none',
    config: {
      extraCapabilities: [{ kind: 'extendedNextHop', families: [{ afi: 1, safi: 4, nextHopAfi: 2 }] }],
    },
    open: {
      capabilities: [
        ...CAPABILITIES,
        { kind: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
      ],
    },
    agreed: {
      decode: {
        asn4: true,
        sessionType: 'ebgp',
        families: [true, true],
        addPath: [false, false],
        extendedNextHop: false,
      },
    },
  },
  {
    says: 'an equal identifier in another AS is fine (RFC 6286)',
    open: { routerId: LOCAL_ID },
    agreed: { peerRouterId: LOCAL_ID },
  },
  {
    says: 'provider and customer fit (RFC 9234)',
    config: { extraCapabilities: [{ kind: 'role', role: 0 }] },
    open: { capabilities: [...CAPABILITIES, { kind: 'role', role: 3 }] },
    agreed: { peerAsn: 65001 },
  },
];

for (const { says, config, open, agreed } of ACCEPTED) {
  test(says, (t) => {
    const negotiation = negotiate({ ...CONFIG, ...config }, { ...OPEN, ...open });
    if (!negotiation.ok) return t.fail(`refused with ${JSON.stringify(negotiation.notification)}`);
    t.like(negotiation.session, agreed);
    return undefined;
  });
}

const REFUSED: readonly (Case & { readonly by: string })[] = [
  { says: 'another AS than configured: its 4 octets', config: { peerAsn: 65002 }, by: '2/2 0000fde9' },
  {
    says: 'another AS than configured: the 2 octets of an old speaker',
    config: { peerAsn: 65002 },
    open: { capabilities: without('fourOctetAs') },
    by: '2/2 fde9',
  },
  {
    says: 'AS_TRANS without the 4-octet capability names nobody',
    config: { peerAsn: null },
    open: { asn: 23456, capabilities: without('fourOctetAs') },
    by: '2/2 5ba0',
  },
  {
    says: 'our own identifier on iBGP',
    config: { localAsn: 65001 },
    open: { routerId: LOCAL_ID },
    by: '2/3 0a000002',
  },
  {
    says: 'no family in common: what we require',
    config: { families: [0, 1] },
    open: { capabilities: [...without('multiprotocol'), mp(25, 70)] },
    by: '2/7 010400010001010400020001',
  },
  {
    says: 'no family in common with a peer that speaks IPv4 only',
    config: { families: [1] },
    open: { capabilities: without('multiprotocol') },
    by: '2/7 010400020001',
  },
  {
    says: 'two providers (RFC 9234)',
    config: { extraCapabilities: [{ kind: 'role', role: 0 }] },
    open: { capabilities: [...CAPABILITIES, { kind: 'role', role: 0 }] },
    by: '2/11 ',
  },
];

for (const { says, config, open, by } of REFUSED) {
  test(`refused: ${says}`, (t) => {
    const negotiation = negotiate({ ...CONFIG, ...config }, { ...OPEN, ...open });
    if (negotiation.ok) return t.fail('accepted');
    const { code, subcode, data } = negotiation.notification;
    t.is(`${code}/${subcode} ${toHex(data)}`, by);
    return undefined;
  });
}

test('our OPEN says AS_TRANS when our AS needs four octets', (t) => {
  t.is(localOpen(CONFIG).asn, 64512);
  t.is(localOpen({ ...CONFIG, localAsn: 4200000001 }).asn, 23456);
  t.deepEqual(localOpen({ ...CONFIG, localAsn: 4200000001 }).capabilities.at(-1), {
    kind: 'fourOctetAs',
    asn: 4200000001,
  });
});

test('two speakers with mirrored configurations agree on the same session', (t) => {
  const here: SessionConfig = { ...CONFIG, extraCapabilities: [{ kind: 'extendedMessage' }] };
  const there: SessionConfig = { ...here, localAsn: 65001, peerAsn: 64512, routerId: 1, holdTime: 12 };
  const [a, b] = [negotiate(here, localOpen(there)), negotiate(there, localOpen(here))];
  if (!a.ok || !b.ok) return t.fail('refused');
  t.deepEqual([a.session.holdTime, a.session.families], [b.session.holdTime, b.session.families]);
  t.deepEqual([a.session.maxMessage, a.session.decode], [b.session.maxMessage, b.session.decode]);
  return undefined;
});
