// Address families as names (config, API, logs) and as small indexes (hot paths).

export type AddressFamily = 'ipv4' | 'ipv6';
export type FamilyName = 'ipv4-unicast' | 'ipv6-unicast';

/** Index of a routed family into two-element arrays: 0 is IPv4 unicast, 1 is IPv6 unicast. */
export type FamilyIndex = 0 | 1;

export const IPV4_UNICAST: FamilyIndex = 0;
export const IPV6_UNICAST: FamilyIndex = 1;
export const FAMILY_INDEXES = [IPV4_UNICAST, IPV6_UNICAST] as const;
export const FAMILY_NAMES = ['ipv4-unicast', 'ipv6-unicast'] as const satisfies readonly FamilyName[];

export const familyIndex = (name: FamilyName): FamilyIndex => (name === 'ipv4-unicast' ? 0 : 1);
export const familyName = (index: FamilyIndex): FamilyName => FAMILY_NAMES[index];
export const addressFamily = (index: FamilyIndex): AddressFamily => (index === 0 ? 'ipv4' : 'ipv6');
export const familyOfAddress = (family: AddressFamily): FamilyIndex => (family === 'ipv4' ? 0 : 1);
