// Our OPEN: what a session's configuration says as capabilities and fixed fields (RFC 4271 4.2, RFC 5492, RFC 6793).

import { AS_TRANS, afiSafiOf } from '../wire/iana.js';
import type { Capability, OpenMessage } from '../wire/types.js';
import type { SessionConfig } from './types.js';

export const localCapabilities = (config: SessionConfig): readonly Capability[] => [
  ...config.families.map((family): Capability => ({ kind: 'multiprotocol', ...afiSafiOf(family) })),
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
