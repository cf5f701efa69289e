// The attribute changes that the RFCs demand when a path leaves: AS_PATH, next hop, LOCAL_PREF, MED, reflection.
// Sees neither the attributes nor the policies: equal arguments give equal edits, so a caller may remember them.

import type { FamilyIndex } from '../base/family.js';
import type { ExportProfile, ExportRewrite, ExportSpecials, PathOrigin } from '../rib/hooks.js';
import type { AttributeEdits } from '../wire/types.js';

/** LOCAL_PREF of what enters the AS here: our own routes and those of eBGP peers (RFC 4271 5.1.5 leaves the value open). */
export const DEFAULT_LOCAL_PREF = 100;

export const exportRewrite: ExportRewrite = (profile, origin, family) => {
  switch (profile.peerType) {
    case 'ebgp':
      return ebgpEdits(profile, origin, family);
    case 'confed':
      return confedEdits(profile, origin, family);
    case 'ibgp':
    case 'ibgpClient':
      return ibgpEdits(profile, origin, family);
  }
};

// RFC 4271 5.1.4: the MED of a neighbouring AS is not passed on to another. 9: nor what we do not know and is not
// transitive, to anybody, nor what only this host knows. AIGP, tunnels and internal extended communities end at the border of the AS.
function ebgpEdits(profile: ExportProfile, origin: PathOrigin, family: FamilyIndex): AttributeEdits {
  const { special, localAsn } = profile;
  // RFC 7947 2.2: a route server is not in the path of what its clients tell each other.
  const transparent = special?.transparent === true && origin.peerType === 'ebgp';
  return {
    ...(transparent ? {} : { prependAs: special?.prependAs ?? [localAsn] }),
    ...(special == null ? {} : specialEdits(special, profile)),
    ...nextHopEdit(profile, family),
    localPref: null,
    ...(origin.peerType === 'local' || transparent ? {} : { med: null }),
    dropReflection: true,
    dropInternal: true,
    dropUnknownNonTransitive: true,
  };
}

const specialEdits = (special: ExportSpecials, { localAsn, peerAsn }: ExportProfile): AttributeEdits => ({
  ...(special.removePrivateAs === null
    ? {}
    : { removePrivateAs: { mode: special.removePrivateAs, keep: peerAsn, by: localAsn } }),
  ...(special.overrideAs ? { overrideAs: { from: peerAsn, to: localAsn } } : {}),
  ...(special.confederation ? { dropConfed: true } : {}),
  ...(special.onlyToCustomer === null || special.onlyToCustomer.add === null
    ? {}
    : { onlyToCustomerIfAbsent: special.onlyToCustomer.add }),
});

// RFC 5065 4, 5: our member AS in front; next hop, MED and LOCAL_PREF go through, as inside one AS. Reflection ends at
// the border of the member AS.
const confedEdits = (profile: ExportProfile, origin: PathOrigin, family: FamilyIndex): AttributeEdits => ({
  prependConfed: profile.localAsn,
  ...enteringEdits(profile, origin, family),
  dropReflection: true,
});

function ibgpEdits(profile: ExportProfile, origin: PathOrigin, family: FamilyIndex): AttributeEdits {
  switch (origin.peerType) {
    case 'local':
    case 'ebgp':
    case 'confed':
      return enteringEdits(profile, origin, family);
    case 'ibgp':
    case 'ibgpClient':
      return reflectionEdits(origin);
  }
}

/** The LOCAL_PREF is for paths that have none: those of other member ASes bring theirs. */
function enteringEdits(profile: ExportProfile, origin: PathOrigin, family: FamilyIndex): AttributeEdits {
  const entering = { localPref: DEFAULT_LOCAL_PREF, dropUnknownNonTransitive: true } as const;
  if (origin.peerType === 'local') return { ...nextHopEdit(profile, family), ...entering };
  if (!profile.alwaysNextHopSelf) return entering;
  return { ...nextHopEdit(profile, family), dropAigp: true, ...entering };
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
