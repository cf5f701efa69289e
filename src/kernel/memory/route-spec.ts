// Routes, addresses and prefixes as a test or an agent writes them. Pure.

import { type IpAddress, parseIp } from '../../base/ip.js';
import { formatPrefix, type Prefix, parsePrefix } from '../../base/prefix.js';
import type { RouteType } from '../types.js';

/** A route as a test or an agent writes it. */
export interface RouteSpec {
  /** `10.65.0.2/32`; without a length a host route. */
  readonly prefix: string;
  readonly dev?: string;
  readonly via?: string;
  /** Default 4 (static). */
  readonly protocol?: number;
  /** Default 0, for IPv6 1024. */
  readonly metric?: number;
  /** Default 254 (main). */
  readonly table?: number;
  readonly type?: RouteType;
}

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
