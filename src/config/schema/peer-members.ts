// Peers and ranges with their groups merged in, for the checks: what each is, and where each of its keys was written.

import type { Path } from '../problem.js';
import { mergeDynamicPeer, mergePeer } from '../sources/merge.js';
import type { PeerAsn, PeerConfig } from '../types.js';
import { type PeerKind, peerKind } from './peer-kind.js';
import type { Sections } from './schema.js';
import type { PeerGroupSection } from './schema-peers.js';

/** A peer or a range with its group merged in, and where each key of it can have been written. */
export interface Member {
  readonly path: Path;
  readonly own: PeerGroupSection;
  readonly group: string | null;
  readonly asn: PeerAsn | null;
  /** Null: nobody knows yet. */
  readonly kind: PeerKind | null;
  readonly settings: Omit<PeerConfig, 'name' | 'address' | 'interface' | 'asn'>;
}

/** The group that a peer names; empty when it names none, null when the group is unknown or broken. */
export function groupOf({ peerGroups }: Sections, name: string | undefined): PeerGroupSection | null {
  return name === undefined ? {} : (peerGroups.get(name) ?? null);
}

export function membersOf(sections: Sections): Member[] {
  const { asn, confederation } = sections;
  const members = confederation?.members ?? [];
  const kindOf = ({ asn: peerAsn, localAs }: Pick<PeerConfig, 'localAs'> & { asn: PeerAsn | null }) =>
    asn === null ? null : peerKind(peerAsn, localAs, { asn, confederation: { members } });
  return [...listed(sections), ...ranges(sections)].map((member) => ({
    ...member,
    kind: kindOf({ asn: member.asn, localAs: member.settings.localAs }),
  }));
}

function listed(sections: Sections): Omit<Member, 'kind'>[] {
  return (sections.peers ?? []).flatMap(({ path, value }) => {
    const group = groupOf(sections, value.group);
    const settings = group === null ? null : mergePeer(value, group);
    if (settings === null) return [];
    return [{ path, own: value, group: settings.group, asn: settings.asn, settings }];
  });
}

function ranges(sections: Sections): Omit<Member, 'kind'>[] {
  return (sections.dynamicPeers ?? []).flatMap(({ path, value }) => {
    const group = groupOf(sections, value.group);
    if (group === null) return [];
    const { template } = mergeDynamicPeer(value, group);
    return [{ path, own: {}, group: value.group, asn: template.asn, settings: template }];
  });
}

/** Where a key of the member was written: on itself or in its group. */
export const written = ({ path, own, group }: Member, key: keyof PeerGroupSection): Path =>
  own[key] === undefined && group !== null ? ['peerGroups', group, key] : [...path, key];
