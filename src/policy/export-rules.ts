// Who may be told what, before any policy is asked: RFC 4271 9.2 and RFC 4456 6 by kind of peer, RFC 1997 by community.
// That a path does not go back to the peer it came from is the RIB's own rule.

import type { ExportProfile, PathOrigin } from '../rib/hooks.js';

type From = PathOrigin['peerType'];
type To = ExportProfile['peerType'];

const ALWAYS = { ebgp: true, confed: true, ibgp: true, ibgpClient: true } as const;
const OUTSIDE = { ebgp: true, confed: true, ibgp: false, ibgpClient: false } as const;

const PLAIN = {
  local: ALWAYS,
  ebgp: ALWAYS,
  confed: ALWAYS,
  ibgp: OUTSIDE,
  ibgpClient: OUTSIDE,
} as const satisfies Record<From, Record<To, boolean>>;

const REFLECTOR = {
  local: ALWAYS,
  ebgp: ALWAYS,
  confed: ALWAYS,
  ibgp: { ...OUTSIDE, ibgpClient: true },
  ibgpClient: ALWAYS,
} as const satisfies Record<From, Record<To, boolean>>;

export function mayExport(
  from: Pick<PathOrigin, 'peerType' | 'clusterId'>,
  to: Pick<ExportProfile, 'peerType' | 'clusterId' | 'clientToClient'>,
  isReflector: boolean,
): boolean {
  const withinCluster =
    from.peerType === 'ibgpClient' && to.peerType === 'ibgpClient' && from.clusterId === to.clusterId;
  if (withinCluster && !to.clientToClient) return false;
  return (isReflector ? REFLECTOR : PLAIN)[from.peerType][to.peerType];
}

/** RFC 1997 well-known communities. */
export const NO_EXPORT = 0xffffff01;
export const NO_ADVERTISE = 0xffffff02;
export const NO_EXPORT_SUBCONFED = 0xffffff03;

/** Outside a confederation the two NO_EXPORT forms mean the same: nobody is `confed`. */
export function communitiesAllow(communities: readonly number[], to: To): boolean {
  for (const community of communities) {
    if (community === NO_ADVERTISE) return false;
    if (to === 'ebgp' && community === NO_EXPORT) return false;
    if ((to === 'ebgp' || to === 'confed') && community === NO_EXPORT_SUBCONFED) return false;
  }
  return true;
}
