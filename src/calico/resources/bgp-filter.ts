// BGPFilter: its rules as data. What they mean as policy is `filter-policy.ts`.

import type { AddressFamily } from '../../base/family.js';
import { maxLength } from '../../base/prefix.js';
import {
  choice,
  type Field,
  type FieldPath,
  type Issues,
  integer,
  listOf,
  optional,
  type ReadBy,
  record,
  refuse,
  required,
} from './fields.js';
import { asNumber, community, interfaceGlob, range } from './values.js';

const MOST_OPERATIONS = 10;
const MOST_PREPENDED = 10;

const priority = integer(1, 2_147_483_646);

const operation = record({
  addCommunity: optional(record({ value: required(community) })),
  prependASPath: optional(record({ prefix: required(listOf(asNumber, MOST_PREPENDED)) })),
  setPriority: optional(record({ value: required(priority) })),
});

const ruleShape = (family: AddressFamily) =>
  record({
    cidr: optional(range(family)),
    matchOperator: optional(choice(['Equal', 'NotEqual', 'In', 'NotIn'])),
    prefixLength: optional(
      record({
        min: optional(integer(0, maxLength(family))),
        max: optional(integer(0, maxLength(family))),
      }),
    ),
    source: optional(choice(['RemotePeers'])),
    interface: optional(interfaceGlob),
    peerType: optional(choice(['eBGP', 'iBGP'])),
    communities: optional(record({ values: required(listOf(community, 1)) })),
    asPathPrefix: optional(listOf(asNumber)),
    priority: optional(priority),
    action: required(choice(['Accept', 'Reject'])),
    operations: optional(listOf(operation, MOST_OPERATIONS)),
  });

export type FilterRule = NonNullable<ReadBy<ReturnType<typeof ruleShape>>>;
export type FilterOperation = NonNullable<ReadBy<typeof operation>>;

const rule = (family: AddressFamily): Field<FilterRule> => {
  const shape = ruleShape(family);
  return (value, path, issues) => {
    const before = issues.length;
    const read = shape(value, path, issues);
    if (read !== null && issues.length === before) checkRule(read, path, issues);
    return read;
  };
};

function checkRule(read: FilterRule, path: FieldPath, issues: Issues): void {
  const fault = (field: FieldPath, message: string, remedy: string): void => {
    refuse(issues, [...path, ...field], message, remedy);
  };
  if ((read.cidr === null) !== (read.matchOperator === null)) {
    const missing = read.cidr === null ? 'cidr' : 'matchOperator';
    fault([missing], 'is missing', 'cidr and matchOperator go together');
  }
  const { prefixLength, cidr, operations, communities, asPathPrefix } = read;
  if (prefixLength !== null && cidr === null)
    fault(['prefixLength'], 'needs a cidr', 'give cidr and matchOperator');
  const { min, max } = { min: prefixLength?.min ?? 0, max: prefixLength?.max ?? 128 };
  if (min > max)
    fault(['prefixLength'], `nothing is from ${min} to ${max} bits long`, 'give min at most max');
  if (operations !== null && read.action === 'Reject') {
    fault(['operations'], 'a rejected route can not be changed', 'use action Accept, or leave them out');
  }
  if (communities !== null && communities.values.length !== 1) {
    fault(['communities', 'values'], 'is empty', 'give one community');
  }
  if (asPathPrefix !== null && asPathPrefix.length === 0)
    fault(['asPathPrefix'], 'is empty', 'give AS numbers, or leave it out');
  for (const [index, given] of (operations ?? []).entries()) {
    const count = Object.values(given).filter((part) => part !== null).length;
    if (count !== 1)
      fault(['operations', index], `sets ${count} operations`, 'give exactly one in each element');
    if (given.prependASPath?.prefix.length === 0) {
      fault(['operations', index, 'prependASPath', 'prefix'], 'is empty', 'give the AS numbers to prepend');
    }
  }
}

const spec = record({
  exportV4: optional(listOf(rule('ipv4'))),
  importV4: optional(listOf(rule('ipv4'))),
  exportV6: optional(listOf(rule('ipv6'))),
  importV6: optional(listOf(rule('ipv6'))),
});

export type BgpFilterSpec = NonNullable<ReadBy<typeof spec>>;

export const readBgpFilter: Field<BgpFilterSpec> = spec;
