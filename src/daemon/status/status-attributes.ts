// Path attributes as the API shows them: every one there is, in words.

import type { RouteStatus } from '../../api/model/types.js';
import { toHex } from '../../base/bytes.js';
import { formatIp } from '../../base/ip.js';
import { ATTRIBUTE_NAMES } from '../../wire/iana.js';
import {
  formatAigp,
  formatAsPath,
  formatCommunity,
  formatExtendedCommunity,
  formatIpv6ExtendedCommunity,
  formatLargeCommunity,
  formatRouterId,
  formatTunnel,
} from '../../wire/text.js';
import type { PathAttributes } from '../../wire/types.js';

const ORIGINS = ['IGP', 'EGP', 'INCOMPLETE'] as const;

type AttributeStatus = Pick<
  RouteStatus,
  | 'nextHop'
  | 'origin'
  | 'asPath'
  | 'localPref'
  | 'med'
  | 'communities'
  | 'extendedCommunities'
  | 'atomicAggregate'
  | 'aggregator'
  | 'aigp'
  | 'onlyToCustomer'
  | 'tunnels'
  | 'otherAttributes'
  | 'originatorId'
  | 'clusterList'
>;

export const attributeStatus = (attributes: PathAttributes): AttributeStatus => ({
  nextHop: attributes.nextHop === null ? null : formatIp(attributes.nextHop),
  origin: ORIGINS[attributes.origin] ?? 'INCOMPLETE',
  asPath: formatAsPath(attributes.asPath),
  localPref: attributes.localPref,
  med: attributes.med,
  communities: [
    ...attributes.communities.map(formatCommunity),
    ...attributes.largeCommunities.map(formatLargeCommunity),
  ],
  extendedCommunities: [
    ...attributes.extendedCommunities.map(formatExtendedCommunity),
    ...attributes.ipv6ExtendedCommunities.map(formatIpv6ExtendedCommunity),
  ],
  atomicAggregate: attributes.atomicAggregate,
  aggregator: aggregatorText(attributes),
  aigp: formatAigp(attributes.aigp) || null,
  onlyToCustomer: attributes.onlyToCustomer,
  tunnels: attributes.tunnels.map(formatTunnel),
  otherAttributes: attributes.others.map(otherText),
  originatorId: attributes.originatorId === null ? null : formatRouterId(attributes.originatorId),
  clusterList: attributes.clusterList.map(formatRouterId),
});

const aggregatorText = ({ aggregator }: PathAttributes): string | null =>
  aggregator === null ? null : `${aggregator.asn} ${formatRouterId(aggregator.address)}`;

const otherText = ({ code, value }: PathAttributes['others'][number]): string =>
  `${ATTRIBUTE_NAMES[code] ?? `attribute ${code}`} 0x${toHex(value)}`;
