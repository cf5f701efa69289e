// IPPool: the fields that matter to routing; those for the allocation of addresses are left to those who allocate.

import { formatPrefix } from '../../base/prefix.js';
import {
  choice,
  type Field,
  flag,
  ignored,
  integer,
  optional,
  type ReadBy,
  record,
  refuse,
  required,
} from './fields.js';
import { range, selector } from './values.js';

const MODES = ['Never', 'Always', 'CrossSubnet'] as const;

const spec = record(
  {
    cidr: required(range(null)),
    ipipMode: optional(choice(MODES)),
    vxlanMode: optional(choice(MODES)),
    disableBGPExport: optional(flag),
    disabled: optional(flag),
    natOutgoing: optional(flag),
    blockSize: optional(integer(20, 128)),
    nodeSelector: optional(selector),
    namespaceSelector: optional(ignored),
    allowedUses: optional(ignored),
    assignmentMode: optional(choice(['Automatic', 'Manual'])),
  },
  'note',
);

export type IpPoolSpec = NonNullable<ReadBy<typeof spec>>;

/** Shortest and longest blocks. */
const BLOCKS = { ipv4: [20, 32], ipv6: [116, 128] } as const;

export const readIpPool: Field<IpPoolSpec> = (value, path, issues) => {
  const before = issues.length;
  const read = spec(value, path, issues);
  if (read === null || issues.slice(before).some(({ severity }) => severity === 'fault')) return read;
  const { cidr, blockSize } = read;
  const { family } = cidr.address;
  if (usesIpip(read) && usesVxlan(read)) {
    refuse(
      issues,
      [...path, 'vxlanMode'],
      'ipipMode is on, too: a pool has one encapsulation',
      'set one of them to Never',
    );
  }
  if (usesIpip(read) && family === 'ipv6') {
    refuse(
      issues,
      [...path, 'ipipMode'],
      `IPIP carries IPv4 only, not ${formatPrefix(cidr)}`,
      'set it to Never',
    );
  }
  const [shortest, longest] = BLOCKS[family];
  if (blockSize !== null && (blockSize < shortest || blockSize > longest || blockSize < cidr.length)) {
    const remedy = `give ${Math.max(shortest, cidr.length)} to ${longest}`;
    refuse(issues, [...path, 'blockSize'], `/${blockSize} is no block of ${formatPrefix(cidr)}`, remedy);
  }
  return read;
};

export const usesIpip = (pool: Pick<IpPoolSpec, 'ipipMode'>): boolean =>
  (pool.ipipMode ?? 'Never') !== 'Never';
export const usesVxlan = (pool: Pick<IpPoolSpec, 'vxlanMode'>): boolean =>
  (pool.vxlanMode ?? 'Never') !== 'Never';
