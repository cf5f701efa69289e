// One measurement of the policy benchmark in a process of its own: nanoseconds that a policy takes for a route.

import { prefixFromWords } from '../../src/base/prefix.js';
import { parseCommunityPattern } from '../../src/policy/community-text.js';
import { compilePolicies } from '../../src/policy/compile.js';
import type { Condition, PolicyConfig } from '../../src/policy/types.js';
import { AttrSets } from '../../src/rib/attr-sets.js';
import type { CompiledPolicy } from '../../src/rib/hooks.js';
import { NextHops } from '../../src/rib/next-hops.js';
import { PrefixTable } from '../../src/rib/prefix-table.js';
import { RouteCursor } from '../../src/rib/route-cursor.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';

/** Prefixes in the list, or what else the policy looks at. */
export const POLICY_CASES = {
  'prefixes-10': () => prefixList(10),
  'prefixes-1000': () => prefixList(1000),
  'prefixes-10000': () => prefixList(10_000),
  communities: () => [
    {
      kind: 'communities',
      type: 'standard',
      count: 'any',
      patterns: Array.from({ length: 100 }, (_, i) => parseCommunityPattern(`65000:${i * 7}`, 'standard')!),
    },
  ],
  'as-path': () => [
    {
      kind: 'asPath',
      paths: [{ kind: 'expression', text: '^65001 (.* 65[^1] | [65100-65199]+ .*) 65250$' }],
    },
  ],
  source: () => [{ kind: 'source', sources: ['kernel'] }],
} as const satisfies Readonly<Record<string, () => readonly Condition[]>>;

export type PolicyCase = keyof typeof POLICY_CASES;

const ROUTES = 100_000;
const SETS = 1000;

function prefixList(count: number): readonly Condition[] {
  const matches = Array.from({ length: count }, (_, i) => {
    const length = 16 + (i % 9);
    const prefix = prefixFromWords('ipv4', ((i * 7919) << 16) >>> 0, 0, 0, 0, length);
    return { prefix, ge: length, le: 32 };
  });
  return [{ kind: 'prefix', in: matches }];
}

function policyOf(match: readonly Condition[]): CompiledPolicy {
  const policy: PolicyConfig = [
    { match, edits: [], action: 'accept' },
    { match: [], edits: [], action: 'reject' },
  ];
  return compilePolicies(['p'], { p: policy }, 'reject', 64512);
}

function attributeSets(): AttrSets {
  const sets = new AttrSets(new NextHops(null), 1);
  for (let i = 0; i < SETS; i++) {
    const asns = [65001, 65100 + (i % 100), 65300 + i, 65200 + (i % 51)];
    const communities = Array.from({ length: 6 }, (_, j) => 65000 * 65536 + ((i * 13 + j * 101) % 5000));
    const block = encodeBlock({ ...NO_ATTRIBUTES, asPath: [{ kind: 'sequence', asns }], communities });
    sets.ref(sets.intern(block, 0, block.length));
  }
  return sets;
}

/** Nanoseconds a route, one value a round, and octets of heap a route that the last round left to the collector. */
function measure(name: PolicyCase, rounds: number): { nanoseconds: number[]; heapOctets: number } {
  const sets = attributeSets();
  const table = new PrefixTable(false, 1);
  for (let i = 0; i < ROUTES; i++)
    table.findOrAdd((Math.imul(i, 2654435761) & 0xffffff00) >>> 0, 0, 0, 0, 24);
  const policy = policyOf(POLICY_CASES[name]());
  const route = new RouteCursor(sets, null);
  const nanoseconds: number[] = [];
  let taken = 0;
  let heap = 0;
  for (let round = 0; round < rounds; round++) {
    const before = process.memoryUsage().heapUsed;
    // The time of the processor: others may be at work on this machine.
    const start = process.cpuUsage();
    for (let i = 0; i < ROUTES; i++) {
      route.show(0, table, i as never, 'bgp', null);
      if (policy.evaluate(route.withAttributes((i % SETS) as never)).action === 'accept') taken++;
    }
    nanoseconds.push((process.cpuUsage(start).user * 1000) / ROUTES);
    heap = process.memoryUsage().heapUsed - before;
  }
  if (taken > ROUTES * rounds) throw new Error('more routes were taken than there are');
  return { nanoseconds, heapOctets: Math.max(0, heap) / ROUTES };
}

const [name, rounds] = process.argv.slice(2);
if (name !== undefined) {
  process.stdout.write(JSON.stringify(measure(name as PolicyCase, Number(rounds))));
}
