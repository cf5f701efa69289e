// Capabilities of both sides: one row each, with what either side says where they differ.

import test from 'ava';
import { capabilityRows } from '../../src/cli/commands/capability-rows.js';
import { plain, renderTable } from '../../src/cli/tables.js';
import { formatCapability } from '../../src/wire/capability.js';
import type { Capability } from '../../src/wire/types.js';

const v4 = { afi: 1, safi: 1 } as const;
const v6 = { afi: 2, safi: 1 } as const;

/** A pair of each kind that has parameters, with other parameters on the two sides. */
const DIFFERENT: { readonly [K in Capability['kind']]?: readonly [Capability, Capability] } = {
  fourOctetAs: [
    { kind: 'fourOctetAs', asn: 64512 },
    { kind: 'fourOctetAs', asn: 65001 },
  ],
  gracefulRestart: [
    {
      kind: 'gracefulRestart',
      restarting: false,
      notification: true,
      restartTime: 120,
      families: [{ ...v4, forwarding: true }],
    },
    { kind: 'gracefulRestart', restarting: false, notification: false, restartTime: 0, families: [] },
  ],
  longLivedGracefulRestart: [
    { kind: 'longLivedGracefulRestart', families: [] },
    { kind: 'longLivedGracefulRestart', families: [{ ...v4, forwarding: false, staleTime: 3600 }] },
  ],
  addPath: [
    { kind: 'addPath', families: [{ ...v4, mode: 3 }] },
    { kind: 'addPath', families: [{ ...v4, mode: 1 }] },
  ],
  extendedNextHop: [
    { kind: 'extendedNextHop', families: [{ ...v4, nextHopAfi: 2 }] },
    { kind: 'extendedNextHop', families: [] },
  ],
  role: [
    { kind: 'role', role: 0 },
    { kind: 'role', role: 3 },
  ],
  fqdn: [
    { kind: 'fqdn', host: 'node-7', domain: '' },
    { kind: 'fqdn', host: 'tor-a', domain: '' },
  ],
  softwareVersion: [
    { kind: 'softwareVersion', version: 'bgpd' },
    { kind: 'softwareVersion', version: 'other 10.2' },
  ],
  unknown: [
    { kind: 'unknown', code: 130, value: Uint8Array.of(1) },
    { kind: 'unknown', code: 130, value: new Uint8Array(0) },
  ],
};

for (const [kind, pair] of Object.entries(DIFFERENT)) {
  test(`${kind}: one row, and what each says`, (t) => {
    const [ours, theirs] = pair.map(formatCapability) as [string, string];
    const rows = capabilityRows({ local: [ours], peer: [theirs], inForce: [ours] });
    t.is(rows.length, 1);
    t.deepEqual(rows[0]?.cells.slice(1), ['yes', 'yes', 'yes']);
    t.is(rows[0]?.remarks?.length, 2);
  });
}

test('what both say alike, what one says alone, what is in force in part', (t) => {
  const families = [v4, v6].map((each) => formatCapability({ kind: 'multiprotocol', ...each }));
  const add = (v6Mode: 1 | 2 | 3): string =>
    formatCapability({
      kind: 'addPath',
      families: [
        { ...v4, mode: 3 },
        { ...v6, mode: v6Mode },
      ],
    });
  const rows = capabilityRows({
    local: [...families, 'route refresh', 'role customer', add(3)],
    peer: [families[0]!, 'route refresh', 'software other 10.2', add(1)],
    inForce: [families[0]!, 'route refresh', add(2)],
  });
  t.is(
    renderTable(
      ['Capability', 'Ours', 'Theirs', 'In force'].map((title) => ({ title, align: 'left' })),
      rows,
      plain,
    ).join('\n'),
    `Capability                  Ours  Theirs  In force
multiprotocol ipv4-unicast  yes   yes     yes
route refresh               yes   yes     yes
add-path                    yes   yes     yes
    ours: (ipv4-unicast both, ipv6-unicast both)
    theirs: (ipv4-unicast both, ipv6-unicast receive)
    in force: (ipv4-unicast both, ipv6-unicast send)
multiprotocol ipv6-unicast  yes   -       -
role customer               yes   -       -
software other 10.2         -     yes     -`,
  );
});
