// The attribute changes that the RFCs demand when a path leaves: AS_PATH, next hop, LOCAL_PREF, MED, reflection.
// Sees neither the attributes nor the policies: equal arguments give equal edits, so a caller may remember them.

import type { FamilyIndex } from '../base/family.js';
import type { ExportProfile, ExportRewrite, PathOrigin } from '../rib/hooks.js';
import type { AttributeEdits } from '../wire/types.js';

/** LOCAL_PREF of what enters the AS here: our own routes and those of eBGP peers (RFC 4271 5.1.5 leaves the value open). */
export const DEFAULT_LOCAL_PREF = 100;

export const exportRewrite: ExportRewrite = (profile, origin, family) =>
  profile.peerType === 'ebgp' ? ebgpEdits(profile, origin, family) : ibgpEdits(profile, origin, family);

// RFC 4271 5.1.4: the MED of a neighbouring AS is not passed on to another. 9: nor what we do not know and is not
// transitive, to anybody, nor what only this host knows. AIGP, tunnels and internal extended communities end at the border of the AS.
function ebgpEdits(profile: ExportProfile, origin: PathOrigin, family: FamilyIndex): AttributeEdits {
  return {
    prependAs: [profile.localAsn],
    ...nextHopEdit(profile, family),
    localPref: null,
    ...(origin.peerType === 'local' ? {} : { med: null }),
    dropReflection: true,
    dropInternal: true,
    dropUnknownNonTransitive: true,
  };
}

function ibgpEdits(profile: ExportProfile, origin: PathOrigin, family: FamilyIndex): AttributeEdits {
  switch (origin.peerType) {
    case 'local':
      return {
        ...nextHopEdit(profile, family),
        localPref: DEFAULT_LOCAL_PREF,
        dropUnknownNonTransitive: true,
      };
    case 'ebgp':
      return {
        ...(profile.alwaysNextHopSelf ? { ...nextHopEdit(profile, family), dropAigp: true } : {}),
        localPref: DEFAULT_LOCAL_PREF,
        dropUnknownNonTransitive: true,
      };
    case 'ibgp':
    case 'ibgpClient':
      return reflectionEdits(origin);
  }
}

// RFC 4456 8 and 10: a reflector says who brought the path and that it passed here, and leaves next hop, AS_PATH,
// LOCAL_PREF and MED alone.
const reflectionEdits = (origin: PathOrigin): AttributeEdits => ({
  originatorIdIfAbsent: origin.peerRouterId,
  ...(origin.clusterId === null ? {} : { clusterIdPrepend: origin.clusterId }),
  dropUnknownNonTransitive: true,
});

function nextHopEdit(profile: ExportProfile, family: FamilyIndex): { readonly nextHop?: Uint8Array } {
  const self = profile.nextHopSelf[family];
  return self === null ? {} : { nextHop: self };
}
