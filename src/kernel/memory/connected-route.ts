// The route that an address brings along, as Linux makes it.

import { makePrefix } from '../../base/prefix.js';
import { RT_SCOPE, RT_TABLE, RTPROT } from '../rtnetlink/numbers.js';
import type { KernelAddress, KernelRoute } from '../types.js';

/** The connected route of an address. */
export function connectedRoute({ ifindex, address, length }: KernelAddress): KernelRoute {
  return {
    prefix: makePrefix(address, length),
    table: RT_TABLE.main,
    protocol: RTPROT.kernel,
    scope: address.family === 'ipv4' ? RT_SCOPE.link : RT_SCOPE.universe,
    type: 'unicast',
    metric: address.family === 'ipv4' ? 0 : 256,
    nextHops: [{ gateway: null, ifindex, onlink: false, weight: 1 }],
  };
}
