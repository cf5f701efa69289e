// Values of a world in memory: what tests write as text, and the routes that addresses bring along.

import { type IpAddress, parseIp } from '../../base/ip.js';
import { formatPrefix, makePrefix, type Prefix, parsePrefix } from '../../base/prefix.js';
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

// Called with what tests write: text that is no address is a mistake in the program.

export function mustIp(text: string): IpAddress {
  const ip = parseIp(text);
  if (ip === null) throw new Error(`not an address: ${text}`);
  return ip;
}

export function mustPrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`not a prefix: ${text}`);
  return prefix;
}

export const sameIp = (a: IpAddress, b: IpAddress): boolean =>
  formatPrefix({ address: a, length: 0 }) === formatPrefix({ address: b, length: 0 });
