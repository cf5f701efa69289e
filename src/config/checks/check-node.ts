// What concerns the node: listeners, reflector, kernel, pools and originated prefixes against each other.

import { formatIp } from '../../base/ip.js';
import { formatPrefix, type Prefix, prefixContains, prefixEquals } from '../../base/prefix.js';
import { BGP_PORT, DEFAULT_KERNEL } from '../defaults.js';
import { type Issue, issue } from '../problem.js';
import type { Located, Sections } from '../schema/schema.js';

export const checkNode = (sections: Sections): readonly Issue[] => [
  ...repeatedListeners(sections),
  ...clusterWithoutId(sections),
  ...repeatedPrefixes(sections.pools ?? [], 'cidr', ({ cidr }) => cidr, 'pool'),
  ...repeatedPrefixes(sections.originate ?? [], 'prefix', ({ prefix }) => prefix, 'prefix'),
  ...importOfOwn(sections),
  ...repeatedVantages(sections),
  ...mixedPools(sections),
  ...ipipOverIpv6(sections),
];

export const warnNode = (sections: Sections): readonly Issue[] => importOfNothing(sections);

function repeatedListeners({ listen }: Sections): Issue[] {
  const seen = new Set<string>();
  return (listen ?? []).flatMap(({ path, value }) => {
    const text = `${formatIp(value.address)} port ${value.port ?? BGP_PORT}`;
    if (seen.has(text)) return [issue(path, `${text} is there twice`, 'listen once')];
    seen.add(text);
    return [];
  });
}

/** RFC 4456 7 lets the router id stand for the cluster id, when the file says what it is. */
function clusterWithoutId({ routeReflector, routerId, broken }: Sections): Issue[] {
  if (routeReflector === null || routeReflector.clusterId !== undefined) return [];
  if (routerId !== null || broken.has('routerId')) return [];
  return [
    issue(
      ['routeReflector', 'clusterId'],
      'is missing, and there is no routerId to stand for it',
      'give an IPv4 address as cluster id, such as 244.0.0.1',
    ),
  ];
}

function repeatedVantages({ optimalRouteReflection }: Sections): Issue[] {
  const names = (optimalRouteReflection ?? []).map(({ value }) => value.name);
  return (optimalRouteReflection ?? []).flatMap(({ path, value }, index) =>
    names.indexOf(value.name) === index
      ? []
      : [issue([...path, 'name'], `${value.name} is there twice`, 'name each vantage once')],
  );
}

function repeatedPrefixes<T>(
  elements: readonly Located<T>[],
  key: string,
  prefixOf: (value: T) => Prefix,
  what: string,
): Issue[] {
  return elements.flatMap(({ path, value }, index) => {
    const prefix = prefixOf(value);
    const isRepeated = elements
      .slice(0, index)
      .some((before) => prefixEquals(prefixOf(before.value), prefix));
    if (!isRepeated) return [];
    return [issue([...path, key], `${formatPrefix(prefix)} is there twice`, `keep one ${what}`)];
  });
}

function importOfOwn({ kernel }: Sections): Issue[] {
  const own = kernel?.protocol ?? DEFAULT_KERNEL.protocol;
  return (kernel?.import ?? []).flatMap(({ protocols }, index) => {
    const at = (protocols ?? []).indexOf(own);
    if (at < 0) return [];
    const path = ['kernel', 'import', index, 'protocols', at];
    return [
      issue(path, `protocol ${own} marks the routes we install`, 'leave it out: they are never imported'),
    ];
  });
}

/** Which of two tunnels a packet takes must not depend on which of its pools is asked. */
function mixedPools({ pools }: Sections): Issue[] {
  const located = pools ?? [];
  return located.flatMap(({ path, value }, index) => {
    const other = located
      .slice(0, index)
      .find(
        (before) =>
          overlaps(before.value.cidr, value.cidr) &&
          (before.value.encapsulation ?? 'None') !== (value.encapsulation ?? 'None'),
      );
    if (other === undefined || prefixEquals(other.value.cidr, value.cidr)) return [];
    const message = `overlaps ${formatPrefix(other.value.cidr)}, which is encapsulated otherwise`;
    return [issue([...path, 'cidr'], message, 'give both the same encapsulation, or separate them')];
  });
}

const overlaps = (a: Prefix, b: Prefix): boolean => prefixContains(a, b) || prefixContains(b, a);

function ipipOverIpv6({ pools }: Sections): Issue[] {
  return (pools ?? []).flatMap(({ path, value: { cidr, encapsulation = 'None' } }) => {
    if (!encapsulation.startsWith('IPIP') || cidr.address.family === 'ipv4') return [];
    const message = `${encapsulation} carries IPv4 only`;
    return [issue([...path, 'encapsulation'], message, 'use None, VXLAN or VXLANCrossSubnet')];
  });
}

function importOfNothing({ kernel, pools }: Sections): Issue[] {
  if ((pools ?? []).length > 0) return [];
  return (kernel?.import ?? []).flatMap(({ prefixes }, index) => {
    if (prefixes !== undefined && prefixes.length > 0) return [];
    const message = 'takes nothing: it names no prefixes and there are no pools';
    return [issue(['kernel', 'import', index], message, 'name prefixes here, or pools')];
  });
}
