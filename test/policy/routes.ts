// Routes and prefix matches for the policy tests: built from text, and drawn at random from a small address space so
// that random sets and random routes do meet.

import fc from 'fast-check';
import { type AddressFamily, familyOfAddress } from '../../src/base/family.js';
import { makePrefix, maxLength, type Prefix, parsePrefix, prefixWords } from '../../src/base/prefix.js';
import type { PrefixMatch, RouteSource } from '../../src/policy/types.js';
import type { RouteView } from '../../src/rib/hooks.js';

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`${text} is no prefix`);
  return parsed;
}

export const within = (text: string, ge?: number, le?: number): PrefixMatch => {
  const outer = prefix(text);
  return { prefix: outer, ge: ge ?? outer.length, le: le ?? maxLength(outer.address.family) };
};

export function routeTo(target: Prefix | string, source: RouteSource = 'bgp'): RouteView {
  const to = typeof target === 'string' ? prefix(target) : target;
  const [w0, w1, w2, w3] = prefixWords(to);
  return {
    family: familyOfAddress(to.address.family),
    w0,
    w1,
    w2,
    w3,
    length: to.length,
    source,
    peer: null,
    session: null,
    self: null,
    get bytes(): Uint8Array {
      throw new Error('a policy that says readsAttributes: false has read the attributes');
    },
    start: 0,
    end: 0,
    rpki: () => {
      throw new Error('a policy that says readsRpki: false has asked for the state');
    },
  };
}

/** Few distinct bits, spread over the words, so that prefixes nest often. */
export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .record({
    family: fc.constantFrom<AddressFamily>('ipv4', 'ipv6'),
    bits: fc.array(fc.constantFrom(0, 1, 0x80000000, 0xffffffff, 0x0a000000), {
      minLength: 4,
      maxLength: 4,
    }),
    length: fc.oneof(fc.nat({ max: 128 }), fc.constantFrom(0, 8, 24, 31, 32, 33, 64, 96, 127, 128)),
  })
  .map(({ family, bits, length }) => {
    const words = bits as [number, number, number, number];
    const address = family === 'ipv4' ? ({ family, word: words[0] } as const) : ({ family, words } as const);
    return makePrefix(address, Math.min(length, maxLength(family)));
  });

export const anyMatch: fc.Arbitrary<PrefixMatch> = fc
  .tuple(anyPrefix, fc.nat({ max: 128 }), fc.nat({ max: 128 }))
  .map(([outer, a, b]) => ({ prefix: outer, ge: Math.min(a, b), le: Math.max(a, b) }));

export const anySource = fc.constantFrom<RouteSource>('kernel', 'static', 'aggregate', 'service', 'bgp');
