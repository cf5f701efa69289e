// What only makes sense for peers of one kind: local AS, roles, route server clients, confederations, interface peers.

import { type Issue, issue } from '../problem.js';
import { groupOf, type Member, membersOf, written } from '../schema/peer-members.js';
import type { Located, Sections } from '../schema/schema.js';
import type { PeerGroupSection, PeerSection } from '../schema/schema-peers.js';
import { addressText } from '../sources/merge.js';

/** By key: why it is for external peers only. */
const EXTERNAL_ONLY = {
  localAs: 'knows us by another AS (RFC 7705)',
  removePrivateAs: 'is told an AS_PATH without private AS numbers',
  overrideAs: 'is told an AS_PATH without its own AS',
  routeServerClient: 'can be a client of a route server (RFC 7947)',
  role: 'has a role (RFC 9234)',
} as const satisfies Partial<Record<keyof PeerGroupSection, string>>;

export function checkPeerKind(sections: Sections, member: Member): Issue[] {
  return [
    ...externalOnly(member),
    ...roleRules(member),
    ...localAsRules(sections, member),
    ...routeServerRules(member),
  ];
}

function routeServerRules(member: Member): Issue[] {
  const { ownBestPath, routeServerClient } = member.settings;
  if (!ownBestPath || routeServerClient) return [];
  const remedy = 'set routeServerClient: true';
  return [
    issue(written(member, 'ownBestPath'), 'only a route server client has a best path of its own', remedy),
  ];
}

function externalOnly(member: Member): Issue[] {
  const { kind, settings } = member;
  if (kind === null || kind === 'external') return [];
  return (Object.keys(EXTERNAL_ONLY) as (keyof typeof EXTERNAL_ONLY)[])
    .filter((key) => settings[key] !== null && settings[key] !== false)
    .map((key) =>
      issue(
        written(member, key),
        `the peer is in ${kind === 'internal' ? 'our own AS' : 'our confederation'}`,
        `leave it out: only an external peer ${EXTERNAL_ONLY[key]}`,
      ),
    );
}

function roleRules(member: Member): Issue[] {
  const { role, strictRole, routeServerClient } = member.settings;
  if (strictRole && role === null) {
    const remedy = 'give a role, such as role: customer';
    return [issue(written(member, 'strictRole'), 'there is no role to be strict about', remedy)];
  }
  if (!routeServerClient || role === null || role === 'routeServer') return [];
  const message = `a route server is no ${role} of its clients`;
  return [issue(written(member, 'role'), message, 'give role: routeServer, or leave it out')];
}

function localAsRules({ asn, confederation }: Sections, member: Member): Issue[] {
  const { localAs } = member.settings;
  if (localAs === null || (localAs.asn !== asn && localAs.asn !== confederation?.identifier)) return [];
  return [
    issue(
      [...written(member, 'localAs'), 'asn'],
      `${localAs.asn} is our AS anyway`,
      'leave localAs out, or give the AS that this peer knows us by',
    ),
  ];
}

/** RFC 5065: nobody but us is the confederation. */
export function confederationRules(sections: Sections): Issue[] {
  const { asn, confederation } = sections;
  if (confederation === null) return [];
  const { identifier, members = [] } = confederation;
  const path = ['confederation', 'identifier'];
  if (identifier === asn || members.includes(identifier)) {
    const remedy = 'give the AS number that the whole confederation has to others; asn is our member AS';
    return [issue(path, `${identifier} is a member AS`, remedy)];
  }
  return membersOf(sections)
    .filter((member) => member.asn === identifier)
    .map((member) => {
      const message = `AS ${identifier} is our own confederation`;
      return issue(written(member, 'asn'), message, 'give the member AS that the peer is in');
    });
}

/** A peer is at an address, or whoever is found on an interface. */
export function missingPlace(sections: Sections, { path, value }: Located<PeerSection>): Issue[] {
  const { address, interface: name, localAddress } = value;
  if (address === undefined && name === undefined) {
    const want = 'give an IPv4 or IPv6 address, or fe80::1%eth1; or interface: eth1';
    return [issue([...path, 'address'], 'is missing', want)];
  }
  if (name === undefined) return [];
  if (address !== undefined) {
    const message = `the peer has an address, ${addressText(value)}`;
    return [issue([...path, 'interface'], message, 'give one of address and interface')];
  }
  const group = groupOf(sections, value.group);
  const key = (['password', 'tcpAo'] as const).find((name) => (value[name] ?? group?.[name]) !== undefined);
  if (key !== undefined) {
    const message = `the peer is found on ${name}: the kernel must know its address before it comes`;
    return [issue([...path, 'interface'], message, `give its address, such as fe80::1%${name}`)];
  }
  if (localAddress === undefined) return [];
  const remedy = 'leave it out: the session runs over link-local addresses';
  return [issue([...path, 'localAddress'], `the peer is found on ${name}`, remedy)];
}
