import test from 'ava';
import fc from 'fast-check';
import { editAsPath, isPrivateAsn } from '../../src/wire/attributes/as-path-edits.js';
import { decodeBlock, encodeBlock, NO_ATTRIBUTES, rewriteBlock } from '../../src/wire/block.js';
import type { AsPathSegment, AttributeEdits } from '../../src/wire/types.js';

const KINDS = { set: '{}', sequence: '  ', confedSequence: '()', confedSet: '[]' } as const;

const text = (path: readonly AsPathSegment[]): string =>
  path.map(({ kind, asns }) => `${KINDS[kind][0]}${asns.join(' ')}${KINDS[kind][1]}`.trim()).join(' ');

const seq = (...asns: number[]): AsPathSegment => ({ kind: 'sequence', asns });
const set = (...asns: number[]): AsPathSegment => ({ kind: 'set', asns });
const confed = (...asns: number[]): AsPathSegment => ({ kind: 'confedSequence', asns });

const remove = (mode: 'all' | 'leading' | 'replace') => ({ removePrivateAs: { mode, keep: 65009, by: 1 } });

const CASES: readonly [
  title: string,
  path: readonly AsPathSegment[],
  edits: AttributeEdits,
  result: string,
][] = [
  ['all private numbers go', [seq(64512, 3356, 65534, 4200000000)], remove('all'), '3356'],
  ["the receiver's own stays", [seq(64512, 65009, 3356)], remove('all'), '65009 3356'],
  ['in sets, too', [seq(3356), set(64512, 3), set(65000)], remove('all'), '3356 {3}'],
  ['sequences that meet become one', [seq(3356), set(65000), seq(174)], remove('all'), '3356 174'],
  ['the leading ones go', [seq(64512, 64513, 3356, 64514)], remove('leading'), '3356 64514'],
  ['a leading set goes when all of it does', [set(64512), seq(64513, 3356)], remove('leading'), '3356'],
  ['and stays as a whole when not', [seq(64512), set(64513, 3356)], remove('leading'), '{64513 3356}'],
  ['a path of private numbers ends empty', [seq(64512, 64513)], remove('leading'), ''],
  ['they become ours', [seq(64512, 3356), set(64513)], remove('replace'), '1 3356 {1}'],
  ['member ASes are left alone', [confed(64513), seq(64514)], remove('all'), '(64513)'],
  ['one for another', [seq(1, 2, 1), set(1)], { overrideAs: { from: 1, to: 9 } }, '9 2 9 {9}'],
  ['member ASes go', [confed(1), seq(2), { kind: 'confedSet', asns: [3] }], { dropConfed: true }, '2'],
  ['and ours comes after that', [confed(1), seq(2)], { dropConfed: true, prependAs: [9] }, '9 2'],
  ['into the segment that is there', [confed(1), seq(2)], { prependConfed: 9 }, '(9 1) 2'],
  ['into a new one', [seq(2)], { prependConfed: 9 }, '(9) 2'],
  ['private ones first, then ours', [seq(64512)], { ...remove('all'), prependAs: [64999] }, '64999'],
];

for (const [title, path, edits, result] of CASES) {
  test(`AS_PATH: ${title}`, (t) => {
    t.is(text(editAsPath(path, edits)), result);
    const block = encodeBlock({ ...NO_ATTRIBUTES, asPath: path });
    t.is(text(decodeBlock(rewriteBlock(block, edits)).asPath), result);
  });
}

test('a confederation segment that is full gets another one in front', (t) => {
  const full = confed(...Array.from({ length: 255 }, (_, i) => i + 1));
  t.deepEqual(editAsPath([full], { prependConfed: 9 }), [confed(9), full]);
});

test('ONLY_TO_CUSTOMER is set where there is none, and stays where there is one', (t) => {
  const otc = (onlyToCustomer: number | null): number | null =>
    decodeBlock(
      rewriteBlock(encodeBlock({ ...NO_ATTRIBUTES, onlyToCustomer }), { onlyToCustomerIfAbsent: 7 }),
    ).onlyToCustomer;
  t.is(otc(null), 7);
  t.is(otc(8), 8);
});

const asn = fc.constantFrom(1, 3356, 64511, 64512, 65000, 65534, 65535, 4199999999, 4200000000, 4294967294);
const segment = fc.record({
  kind: fc.constantFrom<AsPathSegment['kind'][]>(
    'sequence',
    'sequence',
    'set',
    'confedSequence',
    'confedSet',
  ),
  asns: fc.array(asn, { minLength: 1, maxLength: 5 }),
});
const edits = fc.record(
  {
    removePrivateAs: fc.record({
      mode: fc.constantFrom<('all' | 'leading' | 'replace')[]>('all', 'leading', 'replace'),
      keep: asn,
      by: fc.constant(1),
    }),
    overrideAs: fc.record({ from: asn, to: asn }),
    dropConfed: fc.constant(true as const),
    prependAs: fc.array(asn, { maxLength: 3 }),
    prependConfed: asn,
  },
  { requiredKeys: [] },
);

test('no edit leaves an empty segment; what should be gone is gone; the same path stays itself', (t) => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), edits, (path, change) => {
      const result = editAsPath(path, change);
      t.true(result.every(({ asns }) => asns.length > 0));
      const { removePrivateAs, dropConfed, prependConfed, overrideAs, prependAs = [] } = change;
      if (removePrivateAs?.mode === 'all' && overrideAs === undefined && prependAs.length === 0) {
        const left = result
          .filter(({ kind }) => kind === 'sequence' || kind === 'set')
          .flatMap(({ asns }) => asns);
        t.true(left.every((number) => !isPrivateAsn(number) || number === removePrivateAs.keep));
      }
      if (dropConfed && prependConfed === undefined) {
        t.false(result.some(({ kind }) => kind === 'confedSequence' || kind === 'confedSet'));
      }
      const block = encodeBlock({ ...NO_ATTRIBUTES, asPath: path });
      t.is(text(decodeBlock(rewriteBlock(block, change)).asPath), text(result));
      return true;
    }),
  );
});
