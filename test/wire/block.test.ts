// Attribute blocks: decode and encode, facts, loop tests, and edits against an independent model.

import test from 'ava';
import fc from 'fast-check';
import { bytesEqual, readU32, toHex, writeU32 } from '../../src/base/bytes.js';
import { ipFromBytes, ipv4, ipv6 } from '../../src/base/ip.js';
import { aigpMetric } from '../../src/wire/attributes/aigp.js';
import { NO_LOCAL_FACTS } from '../../src/wire/attributes/local-facts.js';
import {
  asPathContains,
  asPathCount,
  clusterListContains,
  decodeBlock,
  emptyFacts,
  encodeBlock,
  NO_ATTRIBUTES,
  nextHopOf,
  originAsOf,
  readFacts,
  rewriteBlock,
} from '../../src/wire/block.js';
import type {
  AsPathSegment,
  AttributeEdits,
  CommunityEdit,
  OctetRange,
  PathAttributes,
} from '../../src/wire/types.js';
import { asn, attributes, localAttributes, u32 } from './samples.js';

const PLAIN: PathAttributes = {
  ...NO_ATTRIBUTES,
  nextHop: ipv4(0x0a000001),
  origin: 0,
  asPath: [{ kind: 'sequence', asns: [65001, 65002] }],
  localPref: 100,
};

test('what is encoded is decoded again, and the octets are canonical', (t) => {
  fc.assert(
    fc.property(localAttributes, (given) => {
      const block = encodeBlock(given);
      t.deepEqual(decodeBlock(block), given);
      t.is(toHex(encodeBlock(decodeBlock(block))), toHex(block));
    }),
  );
});

test('equal attributes have equal blocks in whatever order the others come', (t) => {
  const others = [
    { code: 99, flags: 0xe0, value: Uint8Array.of(1) },
    { code: 60, flags: 0xf0, value: Uint8Array.of(2) },
  ];
  const block = encodeBlock({ ...PLAIN, others });
  t.is(toHex(encodeBlock({ ...PLAIN, others: [...others].reverse() })), toHex(block));
  t.deepEqual(
    decodeBlock(block).others.map(({ code, flags }) => [code, flags]),
    [
      [60, 0xe0],
      [99, 0xe0],
    ],
  );
});

test('a plain block, octet by octet', (t) => {
  t.is(
    toHex(encodeBlock(PLAIN)),
    '040a000001400101004002 0a02020000fde90000fdea40050400000064'.replace(/ /g, ''),
  );
});

test('segments of more than 255 AS numbers are split', (t) => {
  const asns = Array.from({ length: 600 }, (_, i) => i + 1);
  const { asPath } = decodeBlock(encodeBlock({ ...PLAIN, asPath: [{ kind: 'sequence', asns }] }));
  t.deepEqual(
    asPath.map((segment) => segment.asns.length),
    [255, 255, 90],
  );
  t.deepEqual(
    asPath.flatMap((segment) => segment.asns),
    asns,
  );
});

test('facts agree with the decoded attributes', (t) => {
  const facts = emptyFacts();
  fc.assert(
    fc.property(localAttributes, fc.uint8Array({ maxLength: 9 }), (given, before) => {
      const block = encodeBlock(given);
      const shifted = new Uint8Array([...before, ...block, 0xff, 0x09]);
      readFacts(shifted, before.length, before.length + block.length, facts);
      const plain = given.asPath.filter(({ kind }) => !kind.startsWith('confed'));
      t.deepEqual(facts, {
        origin: given.origin,
        asPathLength: plain.reduce((n, { kind, asns }) => n + (kind === 'set' ? 1 : asns.length), 0),
        neighbourAs: plain[0]?.kind === 'sequence' ? plain[0].asns[0]! : 0,
        med: given.med ?? -1,
        localPref: given.localPref ?? -1,
        originatorId: given.originatorId ?? -1,
        clusterListLength: given.clusterList.length,
        hasAigp: aigpMetric(given.aigp) !== null,
        weight: given.local.weight ?? 0,
      });
      const last = plain.at(-1);
      const origin = last?.kind === 'sequence' ? last.asns.at(-1) : 0;
      t.is(originAsOf(block), origin ?? 0);
    }),
  );
});

test('loop tests agree with the decoded attributes', (t) => {
  fc.assert(
    fc.property(attributes, asn, u32, (given, other, id) => {
      const block = encodeBlock(given);
      const path = given.asPath.flatMap(({ asns }) => asns);
      for (const candidate of [other, ...path.slice(0, 3)]) {
        const count = path.filter((member) => member === candidate).length;
        t.is(asPathCount(block, candidate), count);
        t.is(asPathContains(block, candidate), count > 0);
      }
      for (const candidate of [id, ...given.clusterList]) {
        t.is(clusterListContains(block, candidate), given.clusterList.includes(candidate));
      }
    }),
  );
});

test('loop tests work inside a larger array', (t) => {
  const block = encodeBlock({ ...PLAIN, clusterList: [7] });
  const arena = new Uint8Array([9, 9, 9, ...block, 9, 9]);
  const end = 3 + block.length;
  t.true(asPathContains(arena, 65002, 3, end));
  t.false(asPathContains(arena, 65003, 3, end));
  t.true(clusterListContains(arena, 7, 3, end));
  t.deepEqual(ipFromBytes(nextHopOf(arena, 3), 0, 4), ipv4(0x0a000001));
});

test('the next hop is a view', (t) => {
  const block = encodeBlock({
    ...PLAIN,
    nextHop: ipv6([1, 2, 3, 4]),
    linkLocalNextHop: ipv6([0xfe800000, 0, 0, 1]),
  });
  const view = nextHopOf(block);
  t.is(view.length, 32);
  t.is(view.buffer, block.buffer);
});

const nextHop = fc.constantFrom(
  Uint8Array.of(10, 0, 0, 9),
  Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  Uint8Array.from({ length: 32 }, (_, i) => i + 1),
);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
/** Half of all communities at a step, so that they do hit. */
const communityEdit = (width: number): fc.Arbitrary<CommunityEdit> =>
  fc.record({
    remove: fc.array(
      fc.array(
        fc.oneof(
          fc.record({
            at: fc.integer({ min: 0, max: width - 1 }),
            size: fc.constant(1 as const),
            min: fc.constantFrom(0, 128),
            max: fc.constantFrom(127, 255),
          }),
          fc.record({
            at: fc.integer({ min: 0, max: width - 4 }),
            size: fc.constantFrom(2 as const, 4 as const),
            min: fc.constant(0),
            max: fc.constantFrom(0x7fff, 0x7fffffff),
          }),
        ),
        { maxLength: 2 },
      ),
      { maxLength: 2 },
    ),
    add: fc
      .array(fc.uint8Array({ minLength: width, maxLength: width }), { maxLength: 3 })
      .map((list) => Uint8Array.from(list.flatMap((octets) => [...octets]))),
  });

const signed = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: -0x7fffffff, max: 0x7fffffff }),
);
const edits = fc.record(
  {
    addMed: signed,
    addLocalPref: signed,
    weight: u32,
    metric: u32,
    communities: communityEdit(4),
    extendedCommunities: communityEdit(8),
    largeCommunities: communityEdit(12),
    nextHop,
    prependAs: fc.oneof(fc.array(asn, { maxLength: 4 }), fc.array(asn, { minLength: 250, maxLength: 520 })),
    origin: fc.integer({ min: 0, max: 2 }),
    med: orNull(u32),
    localPref: orNull(u32),
    originatorIdIfAbsent: u32,
    clusterIdPrepend: u32,
    dropReflection: fc.constant(true as const),
    dropUnknownNonTransitive: fc.constant(true as const),
    dropAigp: fc.constant(true as const),
    dropInternal: fc.constant(true as const),
  },
  { requiredKeys: [] },
);

/** The meaning of edits, on decoded attributes. */
function edit(given: PathAttributes, change: AttributeEdits): PathAttributes {
  const hop = change.nextHop;
  const hops =
    hop === undefined
      ? {}
      : {
          nextHop: hop.length === 4 ? ipFromBytes(hop, 0, 4) : ipFromBytes(hop, 0, 16),
          linkLocalNextHop: hop.length === 32 ? ipFromBytes(hop, 16, 16) : null,
        };
  const reflection = change.dropReflection ? { originatorId: null, clusterList: [] } : given;
  const { clusterIdPrepend: id } = change;
  return {
    ...given,
    ...hops,
    origin: change.origin ?? given.origin,
    local: editedLocal(given, change),
    med: editedNumber(given.med, change.med, change.addMed, 0),
    localPref: editedNumber(given.localPref, change.localPref, change.addLocalPref, 100),
    communities: editedList(given.communities, change.communities, 4, ([a, b, c, d]) =>
      readU32(Uint8Array.of(a!, b!, c!, d!), 0),
    ),
    asPath: (change.prependAs ?? []).reduceRight<readonly AsPathSegment[]>(prependOne, given.asPath),
    originatorId: reflection.originatorId ?? change.originatorIdIfAbsent ?? null,
    clusterList: [...(id === undefined ? [] : [id]), ...reflection.clusterList],
    aigp: change.dropAigp || change.dropInternal ? [] : given.aigp,
    ...(change.dropInternal ? withoutInternal(given) : {}),
    extendedCommunities: editedList(
      (change.dropInternal ? withoutInternal(given) : given).extendedCommunities ?? [],
      change.extendedCommunities,
      8,
      (octets) => Uint8Array.from(octets),
    ),
    largeCommunities: editedList(given.largeCommunities, change.largeCommunities, 12, (octets) => {
      const word = (at: number): number => readU32(Uint8Array.from(octets), at);
      return [word(0), word(4), word(8)] as const;
    }),
    others: given.others.filter(({ flags }) => !change.dropUnknownNonTransitive || (flags & 0x40) !== 0),
  };
}

const editedNumber = (
  given: number | null,
  set: number | null | undefined,
  add: number | undefined,
  missing: number,
): number | null => {
  const before = set === undefined ? given : set;
  return add === undefined ? before : Math.max(0, Math.min(0xffffffff, (before ?? missing) + add));
};

function editedLocal({ local }: PathAttributes, change: AttributeEdits): PathAttributes['local'] {
  const { weight = local.weight, metric = local.metric } = change;
  const touched = change.weight !== undefined || change.metric !== undefined;
  return change.dropUnknownNonTransitive && !touched ? NO_LOCAL_FACTS : { ...local, weight, metric };
}

/** By the octets of each community, written as text. */
function editedList<T>(
  given: readonly T[],
  change: CommunityEdit | undefined,
  width: number,
  make: (octets: readonly number[]) => T,
): readonly T[] {
  if (change === undefined) return given;
  const octetsOf = (value: T): number[] => {
    if (value instanceof Uint8Array) return [...value];
    const bytes = new Uint8Array(width);
    for (const [i, word] of [value].flat().entries()) writeU32(bytes, i * 4, word as number);
    return [...bytes];
  };
  const hit = (octets: readonly number[], { at, size, min, max }: OctetRange): boolean => {
    const value = octets.slice(at, at + size).reduce((sum, octet) => sum * 256 + octet, 0);
    return value >= min && value <= max;
  };
  const kept = given
    .map(octetsOf)
    .filter((octets) => !change.remove.some((pattern) => pattern.every((range) => hit(octets, range))));
  for (let at = 0; at < change.add.length; at += width) {
    const added = [...change.add.slice(at, at + width)];
    if (!kept.some((octets) => octets.join() === added.join())) kept.push(added);
  }
  return kept.map(make);
}

const withoutInternal = (given: PathAttributes): Partial<PathAttributes> => ({
  tunnels: [],
  extendedCommunities: given.extendedCommunities.filter(
    ([type, subtype]) => (type! & 0x40) === 0 && !(type === 3 && subtype === 12),
  ),
  ipv6ExtendedCommunities: given.ipv6ExtendedCommunities.filter(([type]) => (type! & 0x40) === 0),
});

function prependOne(path: readonly AsPathSegment[], added: number): readonly AsPathSegment[] {
  const first = path[0];
  if (first?.kind === 'sequence' && first.asns.length < 255) {
    return [{ kind: 'sequence', asns: [added, ...first.asns] }, ...path.slice(1)];
  }
  return [{ kind: 'sequence', asns: [added] }, ...path];
}

/** Also attributes that a local source could make: optional non-transitive ones that we do not know. */
const withNonTransitive = localAttributes.chain((given) =>
  fc.boolean().map((add) => ({
    ...given,
    others: add ? [{ code: 24, flags: 0x80, value: Uint8Array.of(1, 2) }, ...given.others] : given.others,
  })),
);

test('rewriting equals decode, edit, encode; the input stays as it was', (t) => {
  fc.assert(
    fc.property(withNonTransitive, edits, (given, change) => {
      const block = encodeBlock(given);
      const before = block.slice();
      const rewritten = rewriteBlock(block, change as AttributeEdits);
      t.is(toHex(rewritten), toHex(encodeBlock(edit(given, change as AttributeEdits))));
      t.true(bytesEqual(block, before));
    }),
    { numRuns: 500 },
  );
});

test('what is left by one edit is edited by the next', (t) => {
  fc.assert(
    fc.property(withNonTransitive, edits, edits, edits, (given, first, second, third) => {
      const chain = { ...first, more: { ...second, more: third } } as AttributeEdits;
      const one = (block: Uint8Array, change: unknown): Uint8Array =>
        rewriteBlock(block, change as AttributeEdits);
      const block = encodeBlock(given);
      t.is(toHex(rewriteBlock(block, chain)), toHex(one(one(one(block, first), second), third)));
    }),
  );
});

test('edits that change nothing return the block itself', (t) => {
  const block = encodeBlock(PLAIN);
  t.is(rewriteBlock(block, {}), block);
  t.is(rewriteBlock(block, { localPref: 100, med: null, dropReflection: true, prependAs: [] }), block);
});

test('the Partial bit of an attribute survives edits of its neighbours', (t) => {
  const block = encodeBlock({ ...PLAIN, communities: [1] });
  const at = block.lastIndexOf(8) - 1;
  block[at] = 0xe0;
  const rewritten = rewriteBlock(block, { med: 5, clusterIdPrepend: 1 });
  t.true(toHex(rewritten).includes('e00804'));
});

test('prepending to a full sequence begins a new one', (t) => {
  const full = encodeBlock({
    ...PLAIN,
    asPath: [{ kind: 'sequence', asns: Array.from({ length: 254 }, () => 7) }],
  });
  const { asPath } = decodeBlock(rewriteBlock(full, { prependAs: [1, 2, 3] }));
  t.deepEqual(
    asPath.map(({ asns }) => asns.slice(0, 3)),
    [
      [1, 2],
      [3, 7, 7],
    ],
  );
});
