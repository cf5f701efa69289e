// What peers, groups and ranges must be together: names and addresses, references, eBGP and reflector rules.

import { createRequire } from 'node:module';
import { type IpAddress, ipEquals } from '../../base/ip.js';
import { formatPrefix, type Prefix, prefixContains } from '../../base/prefix.js';
import { missingPolicies } from '../../policy/defaults.js';
import { BGP_PORT } from '../defaults.js';
import { type Issue, issue } from '../problem.js';
import { asnForPolicies } from '../schema/peer-kind.js';
import { groupOf, type Member, membersOf, written } from '../schema/peer-members.js';
import type { Located, Sections } from '../schema/schema.js';
import type { PeerSection } from '../schema/schema-peers.js';
import { suggest } from '../schema/suggestion.js';
import { addressText, peerName, placeOf } from '../sources/merge.js';
import { checkPeerKind, confederationRules, missingPlace } from './check-peer-kinds.js';

export function checkPeers(sections: Sections): readonly Issue[] {
  const peers = sections.peers ?? [];
  return [
    ...duplicates(peers, 'name', ({ value }) => peerName(value), 'name each peer once'),
    ...duplicates(
      peers,
      'address',
      ({ value }) => addressText(value),
      'one peer has one session per address',
    ),
    ...peers.flatMap((peer) => [
      ...missingPlace(sections, peer),
      ...unknownGroup(sections, peer),
      ...missingAsn(sections, peer),
    ]),
    ...peers.flatMap((peer) => [
      ...addressOfOurs(sections, peer),
      ...familyOf(sections, peer, 'localAddress', 'the local one'),
      ...familyOf(sections, peer, 'via', 'the gateway'),
    ]),
    ...(sections.dynamicPeers ?? []).flatMap((range) => unknownGroup(sections, range)),
    ...overlaps(sections),
    ...membersOf(sections).flatMap((member) => [
      ...reflectorRules(sections, member),
      ...vantageRules(sections, member),
      ...timerRules(member),
      ...securityRules(member),
      ...checkPeerKind(sections, member),
    ]),
    ...confederationRules(sections),
  ];
}

/** RFC 8212 is easily forgotten, so it is said where the peer is configured. */
export function warnPeers(sections: Sections): readonly Issue[] {
  const { asn } = sections;
  if (asn === null) return [];
  return membersOf(sections).flatMap(({ path, kind, settings }) =>
    kind === null
      ? []
      : missingPolicies({ ...settings, asn: asnForPolicies(kind, asn) }, asn).map((direction) =>
          issue(
            [...path, direction],
            `eBGP without ${direction} policy: no route is ${direction}ed (RFC 8212)`,
            `name one, such as ${direction}: [accept-all]`,
          ),
        ),
  );
}

function duplicates(
  peers: readonly Located<PeerSection>[],
  key: 'name' | 'address',
  textOf: (peer: Located<PeerSection>) => string,
  remedy: string,
): Issue[] {
  const seen = new Map<string, Located<PeerSection>>();
  return peers.flatMap((peer) => {
    const text = textOf(peer);
    const first = seen.get(text);
    if (first !== undefined) {
      return [issue([...peer.path, key], `${text} is taken by peers[${String(first.path[1])}]`, remedy)];
    }
    seen.set(text, peer);
    return [];
  });
}

function unknownGroup(
  { peerGroups }: Sections,
  { path, value }: Located<{ readonly group?: string | undefined }>,
): Issue[] {
  const { group } = value;
  if (group === undefined || peerGroups.has(group)) return [];
  const remedy = suggest(group, [...peerGroups.keys()], 'peer groups');
  return [issue([...path, 'group'], `there is no peer group ${group}`, remedy)];
}

function missingAsn(sections: Sections, { path, value }: Located<PeerSection>): Issue[] {
  const group = groupOf(sections, value.group);
  if (group === null || value.asn !== undefined || group.asn !== undefined) return [];
  const remedy = 'give the AS number of the peer here or in its group';
  return [issue([...path, 'asn'], `the AS of ${peerName(value)} is missing`, remedy)];
}

function addressOfOurs(sections: Sections, { path, value }: Located<PeerSection>): Issue[] {
  const port = value.port ?? groupOf(sections, value.group)?.port ?? BGP_PORT;
  if (value.address === undefined) return [];
  const isOurs = (sections.listen ?? []).some(
    (listen) =>
      ipEquals(listen.value.address, placeOf(value).address) && (listen.value.port ?? BGP_PORT) === port,
  );
  if (!isOurs) return [];
  return [
    issue(
      [...path, 'address'],
      `${addressText(value)} is where we listen ourselves`,
      'give the address of the peer',
    ),
  ];
}

function familyOf(
  sections: Sections,
  { path, value }: Located<PeerSection>,
  key: 'localAddress' | 'via',
  what: string,
): Issue[] {
  const other: IpAddress | undefined = value[key] ?? groupOf(sections, value.group)?.[key];
  const { family } = placeOf(value).address;
  if (other === undefined || other.family === family) return [];
  return [
    issue(
      [...path, key],
      `the peer's address is ${familyText(family)}, ${what} ${familyText(other.family)}`,
      'give both of the same family',
    ),
  ];
}

const familyText = (family: 'ipv4' | 'ipv6'): string => (family === 'ipv4' ? 'IPv4' : 'IPv6');

function overlaps({ dynamicPeers }: Sections): Issue[] {
  const ranges = dynamicPeers ?? [];
  return ranges.flatMap(({ path, value }, index) => {
    const other = ranges.slice(0, index).find((before) => meet(before.value.range, value.range));
    if (other === undefined) return [];
    const message = `${rangeText(value.range)} overlaps ${rangeText(other.value.range)} of dynamicPeers[${String(other.path[1])}]`;
    return [issue([...path, 'range'], message, 'give each address to one range')];
  });
}

const meet = (a: Prefix, b: Prefix): boolean => prefixContains(a, b) || prefixContains(b, a);

/** Loaded only for a message: it would be a fifth of the time that the daemon takes to start. */
const loadIpNum = (): typeof import('ip-num') => createRequire(import.meta.url)('ip-num');

function rangeText(prefix: Prefix): string {
  const { IPv4CidrRange, IPv6CidrRange } = loadIpNum();
  const text = formatPrefix(prefix);
  const range =
    prefix.address.family === 'ipv4' ? IPv4CidrRange.fromCidr(text) : IPv6CidrRange.fromCidr(text);
  return `${text} (${range.getFirst().toString()} to ${range.getLast().toString()})`;
}

function reflectorRules(sections: Sections, member: Member): Issue[] {
  const isClient = member.settings.routeReflectorClient;
  if (!isClient && member.settings.clusterId !== null && member.own.clusterId !== undefined) {
    const message = 'only a route reflector client is in a cluster of its own';
    return [issue([...member.path, 'clusterId'], message, 'set routeReflectorClient: true, or leave it out')];
  }
  if (!isClient || sections.asn === null) return [];
  const place = written(member, 'routeReflectorClient');
  if (member.kind !== null && member.kind !== 'internal') {
    const message = `an eBGP peer (AS ${member.asn}) can't be a route reflector client`;
    return [issue(place, message, `clients are in our own AS, ${sections.asn} (RFC 4456)`)];
  }
  if (sections.routeReflector !== null || sections.broken.has('routeReflector')) return [];
  return [issue(place, 'this node is no route reflector', 'set routeReflector: { clusterId: ... }')];
}

/** RFC 9107 is about what a reflector tells its clients. */
function vantageRules({ optimalRouteReflection, broken }: Sections, member: Member): Issue[] {
  const { vantage, routeReflectorClient } = member.settings;
  if (vantage === null) return [];
  const place = written(member, 'vantage');
  if (!routeReflectorClient) {
    return [issue(place, 'only a route reflector client has a vantage', 'set routeReflectorClient: true')];
  }
  const names = (optimalRouteReflection ?? []).map(({ value }) => value.name);
  if (names.includes(vantage) || broken.has('optimalRouteReflection')) return [];
  return [issue(place, `there is no vantage ${vantage}`, suggest(vantage, names, 'optimalRouteReflection'))];
}

/** What can't be had together, or not on this host. */
function securityRules(member: Member): Issue[] {
  const { own, settings } = member;
  const issues: Issue[] = [];
  if (settings.ttlSecurity !== null && settings.multihop !== null) {
    const message = 'ttlSecurity and multihop exclude each other (RFC 5082)';
    issues.push(
      issue(written(member, 'ttlSecurity'), message, 'keep ttlSecurity: it also says how many hops'),
    );
  }
  const hasAo = (own.tcpAo ?? settings.tcpAo).length > 0;
  if (hasAo && (own.password !== undefined || settings.password !== null)) {
    const message = 'TCP-MD5 and TCP-AO exclude each other (RFC 5925)';
    issues.push(issue(written(member, 'tcpAo'), message, 'keep one of password and tcpAo'));
  }
  return issues;
}

function timerRules(member: Member): Issue[] {
  const { hold, keepalive } = member.settings.timers;
  if (keepalive === null || hold === 0 || keepalive * 2 <= hold) return [];
  return [
    issue(
      [...written(member, 'timers'), 'keepalive'],
      `keepalives every ${keepalive} s are too rare for a hold time of ${hold} s`,
      `give at most ${Math.floor(hold / 3)}, a third of the hold time (RFC 4271 10), or leave the key out`,
    ),
  ];
}
