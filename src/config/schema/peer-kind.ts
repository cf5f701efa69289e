// How a peer stands to us by what the configuration says of it. Pure; the OPEN of the peer has the last word.

import type { ConfederationConfig, PeerAsn } from '../types.js';

/** `confed`: in another member AS of our confederation (RFC 5065). */
export type PeerKind = 'internal' | 'confed' | 'external';

export interface OurAses {
  readonly asn: number;
  readonly confederation: Pick<ConfederationConfig, 'members'> | null;
}

/** Null where every AS is accepted, so nobody knows yet. `localAs` is the AS that the peer knows us by, where it is another. */
export function peerKind(
  asn: PeerAsn | null,
  localAs: { readonly asn: number } | null,
  ours: OurAses,
): PeerKind | null {
  if (asn === null || asn === 'internal' || asn === 'external') return asn;
  if (asn === (localAs?.asn ?? ours.asn)) return 'internal';
  return ours.confederation?.members.includes(asn) ? 'confed' : 'external';
}

/** RFC 8212 is about peers outside the confederation: an AS number that policies take for ours, or for another's. */
export const asnForPolicies = (kind: PeerKind, localAsn: number): number =>
  kind === 'external' ? 0 : localAsn;
