// Our UPDATEs and OPENs as an independent dissector (tshark) reads them. Without tshark the test says so and passes,
// unless CI is set.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { FamilyIndex } from '../../src/base/family.js';
import { formatIp } from '../../src/base/ip.js';
import { type Prefix, prefixWords } from '../../src/base/prefix.js';
import { encodeBlock } from '../../src/wire/block.js';
import { Framer } from '../../src/wire/framer.js';
import { encodeOpen } from '../../src/wire/open.js';
import { formatRouterId } from '../../src/wire/text.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { pcapOf } from './pcap.js';
import { internalAttributes, ipv4Prefix, ipv6Prefix } from './samples.js';

const { CI } = process.env;
const SEED = 20;
const ATTRIBUTE = 'bgp.update.path_attribute';

const FIELDS = [
  'bgp.type',
  'bgp.length',
  'bgp.withdrawn_prefix',
  'bgp.nlri_prefix',
  'bgp.mp_reach_nlri_ipv6_prefix',
  'bgp.mp_unreach_nlri_ipv6_prefix',
  'bgp.prefix_length',
  `${ATTRIBUTE}.origin`,
  `${ATTRIBUTE}.as_path_segment.as4`,
  `${ATTRIBUTE}.next_hop`,
  `${ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6`,
  `${ATTRIBUTE}.multi_exit_disc`,
  `${ATTRIBUTE}.local_pref`,
  `${ATTRIBUTE}.originator_id`,
  `${ATTRIBUTE}.aggregator_as`,
  'bgp.large_communities.ga',
  'bgp.open.identifier',
  'bgp.cap.type',
  '_ws.malformed',
] as const;

type Row = Partial<Record<(typeof FIELDS)[number], string[]>>;

/** One row a packet, empty fields left out; null when there is no tshark. */
function dissect(frames: readonly Uint8Array[]): Row[] | null {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-dissect-'));
  try {
    const file = join(folder, 'messages.pcap');
    writeFileSync(file, pcapOf(frames));
    const columns = FIELDS.flatMap((field) => ['-e', field]);
    const args = ['-r', file, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=;', ...columns];
    const result = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (result.error !== undefined) return null;
    return result.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => toRow(line.split('\t')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const toRow = (cells: readonly string[]): Row =>
  Object.fromEntries(
    FIELDS.map((field, i) => [field, cells[i] ?? ''] as const)
      .filter(([, cell]) => cell !== '')
      .map(([field, cell]) => [field, cell.split(';')]),
  );

interface Sample {
  readonly family: FamilyIndex;
  /** Null: withdrawn. */
  readonly given: PathAttributes | null;
  readonly prefixes: readonly Prefix[];
}

/** Sequences only and no codes that the dissector parses its own way. */
const plain = internalAttributes.map((given) => ({
  ...given,
  asPath: given.asPath
    .filter(({ kind }) => kind === 'sequence')
    .slice(0, 1)
    .map(({ kind, asns }) => ({ kind, asns: asns.slice(0, 4).map((asn) => (asn | 0x10000) >>> 0) })),
  others: [],
}));

/** Short prefixes next to each other make the dissector guess path ids. */
const long = (prefixes: fc.Arbitrary<Prefix>) => prefixes.filter(({ length }) => length > 8);

const samples = fc
  .sample(
    fc.tuple(
      fc.boolean(),
      plain,
      fc.array(long(ipv4Prefix), { minLength: 1, maxLength: 30 }),
      fc.array(long(ipv6Prefix), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
    ),
    { numRuns: 120, seed: SEED },
  )
  .map(([withdrawn, given, v4, v6, second]): Sample => {
    const family = withdrawn ? (second ? 1 : 0) : given.nextHop?.family === 'ipv4' ? 0 : 1;
    return { family, given: withdrawn ? null : given, prefixes: family === 0 ? v4 : v6 };
  });

function frameOf({ family, given, prefixes }: Sample): Uint8Array {
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  if (given === null) packer.unreach(family);
  else packer.reach(family, encodeBlock(given));
  for (const prefix of prefixes) packer.prefix(...prefixWords(prefix), prefix.length);
  return packer.take();
}

function expectedRow({ family, given, prefixes }: Sample, frame: Uint8Array): Row {
  const addresses = prefixes.map(({ address }) => formatIp(address));
  const where = [
    ['bgp.nlri_prefix', 'bgp.mp_reach_nlri_ipv6_prefix'],
    ['bgp.withdrawn_prefix', 'bgp.mp_unreach_nlri_ipv6_prefix'],
  ] as const;
  return {
    'bgp.type': ['2'],
    'bgp.length': [String(frame.length)],
    [where[given === null ? 1 : 0][family]]: addresses,
    'bgp.prefix_length': prefixes.map(({ length }) => String(length)),
    ...(given === null ? {} : expectedAttributes(given, family)),
  };
}

function expectedAttributes(given: PathAttributes, family: FamilyIndex): Row {
  const nextHop = given.nextHop === null ? [] : [formatIp(given.nextHop)];
  const row: [(typeof FIELDS)[number], string[]][] = [
    [`${ATTRIBUTE}.origin`, [String(given.origin)]],
    [`${ATTRIBUTE}.as_path_segment.as4`, given.asPath.flatMap(({ asns }) => asns.map(String))],
    [family === 0 ? `${ATTRIBUTE}.next_hop` : `${ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6`, nextHop],
    [`${ATTRIBUTE}.multi_exit_disc`, given.med === null ? [] : [String(given.med)]],
    [`${ATTRIBUTE}.local_pref`, given.localPref === null ? [] : [String(given.localPref)]],
    [`${ATTRIBUTE}.originator_id`, given.originatorId === null ? [] : [formatRouterId(given.originatorId)]],
    [`${ATTRIBUTE}.aggregator_as`, given.aggregator === null ? [] : [String(given.aggregator.asn)]],
    ['bgp.large_communities.ga', given.largeCommunities.map(([global]) => String(global))],
  ];
  return Object.fromEntries(row.filter(([, values]) => values.length > 0));
}

test('tshark reads our UPDATEs as we meant them', (t) => {
  const frames = samples.map(frameOf);
  const rows = dissect(frames);
  if (rows === null) {
    t.falsy(CI, 'tshark is missing');
    t.log('tshark is not installed: nothing compared');
    return;
  }
  t.is(rows.length, frames.length);
  for (const [i, row] of rows.entries()) t.deepEqual(row, expectedRow(samples[i]!, frames[i]!));
});

test('tshark reads our OPEN and the messages of a packed chunk', (t) => {
  const open = encodeOpen({
    version: 4,
    asn: 65001,
    holdTime: 90,
    routerId: 0x0a000001,
    capabilities: [
      { kind: 'multiprotocol', afi: 2, safi: 1 },
      { kind: 'routeRefresh' },
      { kind: 'fourOctetAs', asn: 65001 },
      { kind: 'fqdn', host: 'host-a', domain: 'lab' },
    ],
  });
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  packer.unreach(0);
  for (let i = 0; i < 2000; i++) packer.prefix(i << 8, 0, 0, 0, 24);
  const updates: Uint8Array[] = [];
  new Framer().push(packer.take(), (_type, frame) => updates.push(frame) > 0);
  const rows = dissect([open, ...updates]);
  if (rows === null) {
    t.falsy(CI, 'tshark is missing');
    t.log('tshark is not installed: nothing compared');
    return;
  }
  t.deepEqual(rows[0]!['bgp.open.identifier'], ['10.0.0.1']);
  t.deepEqual(rows[0]!['bgp.cap.type'], ['1', '2', '65', '73']);
  t.deepEqual(
    rows.flatMap((row) => row['_ws.malformed'] ?? []),
    [],
  );
  t.is(rows.flatMap((row) => row['bgp.withdrawn_prefix'] ?? []).length, 2000);
});
