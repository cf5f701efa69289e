// One measurement of the policy benchmark in a process of its own: nanoseconds that a policy takes for a route, asked
// directly or as an update group asks it, which remembers the answer for an attribute set.

import { STATIC_SOURCE } from '../../src/base/ids.js';
import { compilePolicies } from '../../src/policy/compile.js';
import { communitiesAllow, mayExport } from '../../src/policy/export-rules.js';
import { exportRewrite } from '../../src/policy/rewrite.js';
import type { PolicyConfig } from '../../src/policy/types.js';
import { Exporter } from '../../src/rib/export/exporter.js';
import type { CompiledPolicy } from '../../src/rib/hooks.js';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { NextHops } from '../../src/rib/tables/next-hops.js';
import { PrefixTable } from '../../src/rib/tables/prefix-table.js';
import { RouteCursor } from '../../src/rib/tables/route-cursor.js';
import { Sources } from '../../src/rib/tables/sources.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';
import {
  asnsOf,
  communitiesOf,
  POLICY_CASES,
  type PolicyCaseName,
  ROUTES,
  routeWord,
  SETS,
} from './policy-cases.js';

const ASN = 64512;

function policyOf(name: PolicyCaseName): CompiledPolicy {
  const policy: PolicyConfig = [
    ...POLICY_CASES[name].terms().map((match) => ({ match, edits: [], action: 'accept' as const })),
    { match: [], edits: [], action: 'reject' },
  ];
  return compilePolicies(['p'], { p: policy }, 'reject', ASN);
}

function attributeSets(nextHops: NextHops): AttrSets {
  const sets = new AttrSets(nextHops, 1);
  for (let i = 0; i < SETS; i++) {
    const communities = communitiesOf(i).map((value) => 65000 * 65536 + value);
    const asPath = [{ kind: 'sequence', asns: asnsOf(i) }] as const;
    const block = encodeBlock({ ...NO_ATTRIBUTES, asPath, communities });
    sets.ref(sets.intern(block, 0, block.length));
  }
  return sets;
}

/** True when the policy takes route `i`. */
type Ask = (i: number) => boolean;

function asker(name: PolicyCaseName, remembers: boolean): Ask {
  const nextHops = new NextHops(null);
  const attrSets = attributeSets(nextHops);
  const table = new PrefixTable(false, 1);
  for (let i = 0; i < ROUTES; i++) table.findOrAdd(routeWord(i), 0, 0, 0, 24);
  const policy = policyOf(name);
  if (remembers) return rememberingAsker(policy, { attrSets, nextHops }, table);
  const route = new RouteCursor(attrSets, null);
  return (i) => {
    route.show(0, table, i as never, 'bgp', null);
    return policy.evaluate(route.withAttributes((i % SETS) as never)).action === 'accept';
  };
}

function rememberingAsker(
  policy: CompiledPolicy,
  sets: { readonly attrSets: AttrSets; readonly nextHops: NextHops },
  table: PrefixTable,
): Ask {
  const self = Uint8Array.of(10, 0, 0, 1);
  const exporter = new Exporter(
    {
      peerType: 'ebgp',
      localAsn: ASN,
      peerAsn: 65001,
      families: [true, false],
      asn4: true,
      maxMessage: 4096,
      nextHopSelf: [self, null],
      alwaysNextHopSelf: true,
      clusterId: null,
      clientToClient: true,
      policy,
    },
    { rewrite: exportRewrite, mayExport, communitiesAllow, isReflector: false },
    {
      ...sets,
      sources: new Sources(),
      prefixes: [table, new PrefixTable(true, 1)],
      validation: null,
    },
  );
  return (i) => exporter.export(0, i as never, STATIC_SOURCE, (i % SETS) as never) >= 0;
}

/** Nanoseconds a route, one value a round, and octets of heap a route that the last round left to the collector. */
function measure(ask: Ask, rounds: number): { nanoseconds: number[]; heapOctets: number } {
  const nanoseconds: number[] = [];
  let taken = 0;
  let heap = 0;
  for (let round = 0; round < rounds; round++) {
    const before = process.memoryUsage().heapUsed;
    // The time of the processor: others may be at work on this machine.
    const start = process.cpuUsage();
    for (let i = 0; i < ROUTES; i++) if (ask(i)) taken++;
    nanoseconds.push((process.cpuUsage(start).user * 1000) / ROUTES);
    heap = process.memoryUsage().heapUsed - before;
  }
  if (taken > ROUTES * rounds) throw new Error('more routes were taken than there are');
  return { nanoseconds, heapOctets: Math.max(0, heap) / ROUTES };
}

const [name, rounds, how] = process.argv.slice(2);
if (name !== undefined) {
  const ask = asker(name as PolicyCaseName, how === 'remembered');
  process.stdout.write(JSON.stringify(measure(ask, Number(rounds))));
}
