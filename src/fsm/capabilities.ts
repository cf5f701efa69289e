// Our OPEN: what a session's configuration says as capabilities and fixed fields (RFC 4271 4.2, RFC 5492, RFC 6793).

import type { FamilyIndex } from '../base/family.js';
import type { AfiSafi, Capability, OpenMessage } from '../wire/types.js';
import type { SessionConfig } from './types.js';

/** RFC 6793 9: stands in the 2-octet field for an AS number that does not fit. */
export const AS_TRANS = 23456;

const AFI_SAFI = [
  { afi: 1, safi: 1 },
  { afi: 2, safi: 1 },
] as const satisfies readonly AfiSafi[];

export const afiSafi = (family: FamilyIndex): AfiSafi => AFI_SAFI[family];

/** Null for a family that we do not route. */
export const familyOf = (afi: number, safi: number): FamilyIndex | null =>
  safi === 1 && (afi === 1 || afi === 2) ? (afi === 1 ? 0 : 1) : null;

export const localCapabilities = (config: SessionConfig): readonly Capability[] => [
  ...config.families.map((family): Capability => ({ kind: 'multiprotocol', ...afiSafi(family) })),
  { kind: 'routeRefresh' },
  { kind: 'fourOctetAs', asn: config.localAsn },
  ...config.extraCapabilities,
];

export const localOpen = (config: SessionConfig): OpenMessage => ({
  version: 4,
  asn: config.localAsn > 0xffff ? AS_TRANS : config.localAsn,
  holdTime: config.holdTime,
  routerId: config.routerId,
  capabilities: localCapabilities(config),
});

type CapabilityOf<K extends Capability['kind']> = Extract<Capability, { readonly kind: K }>;

/** The first capability of a kind. */
export const findCapability = <K extends Capability['kind']>(
  capabilities: readonly Capability[],
  kind: K,
): CapabilityOf<K> | undefined =>
  capabilities.find((capability): capability is CapabilityOf<K> => capability.kind === kind);
