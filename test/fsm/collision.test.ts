// RFC 4271 6.8 and RFC 6286 2.3: both sides come to the same survivor.

import test from 'ava';
import fc from 'fast-check';
import { collisionSurvivor, type Speaker } from '../../src/fsm/collision.js';
import { otherRole } from '../../src/fsm/peer.js';

const speaker = (routerId: number, asn: number): Speaker => ({ routerId, asn });
const OPEN_SENT = { active: 'OpenSent', passive: 'OpenSent' } as const;

const TABLE = [
  ['the higher identifier opened ours', OPEN_SENT, speaker(2, 1), speaker(1, 9), 'active'],
  ['the higher identifier opened theirs', OPEN_SENT, speaker(1, 9), speaker(2, 1), 'passive'],
  ['identifiers are unsigned', OPEN_SENT, speaker(0xc0000001, 1), speaker(0x0a000001, 1), 'active'],
  ['equal identifiers: the higher AS', OPEN_SENT, speaker(1, 65001), speaker(1, 64512), 'active'],
  ['equal identifiers: the lower AS', OPEN_SENT, speaker(1, 64512), speaker(1, 65001), 'passive'],
  [
    'an Established session survives a better newcomer',
    { active: 'Established', passive: 'OpenSent' },
    speaker(1, 1),
    speaker(2, 1),
    'active',
  ],
  [
    'an Established session that they opened survives our dial',
    { active: 'OpenConfirm', passive: 'Established' },
    speaker(2, 1),
    speaker(1, 1),
    'passive',
  ],
] as const;

for (const [says, states, local, peer, survivor] of TABLE) {
  test(says, (t) => {
    t.is(collisionSurvivor(states, local, peer), survivor);
  });
}

test('both sides keep the same connection', (t) => {
  const state = fc.constantFrom('OpenSent', 'OpenConfirm');
  const side = fc.record({ routerId: fc.nat(3), asn: fc.nat(3) });
  fc.assert(
    fc.property(side, side, state, state, state, state, (a, b, s1, s2, s3, s4) => {
      fc.pre(a.routerId !== b.routerId || a.asn !== b.asn);
      const here = collisionSurvivor({ active: s1, passive: s2 }, a, b);
      const there = collisionSurvivor({ active: s3, passive: s4 }, b, a);
      return here === otherRole(there);
    }),
  );
  t.pass();
});
