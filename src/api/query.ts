// Reads the query string of GET /v1/routes into a `RouteQuery`. A wrong query is a sentence that says what would be
// right. Never touches routes.

import { FAMILY_NAMES, type FamilyName, familyName, familyOfAddress } from '../base/family.js';
import { parseIp } from '../base/ip.js';
import { formatPrefix, makePrefix, maxLength, type Prefix, parsePrefix } from '../base/prefix.js';
import type { RouteQuery } from './model/types.js';

export const DEFAULT_ROUTE_LIMIT = 1000;
export const MAX_ROUTE_LIMIT = 100_000;

export type QueryResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string };

type RawQuery = Readonly<Record<string, unknown>>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const good = <T>(value: T): QueryResult<T> => ({ ok: true, value });
const bad = (error: string): { readonly ok: false; readonly error: string } => ({ ok: false, error });

/** One reader per key; what it returns goes into the query under that key. */
const READERS = {
  family: readFamily,
  prefix: readPrefix,
  peer: (text: string) => (text === '' ? bad('peer is empty: give a neighbor name or address') : good(text)),
  direction: readDirection,
  all: readFlag,
  limit: readLimit,
} as const satisfies {
  readonly [K in keyof RouteQuery]-?: (text: string) => QueryResult<NonNullable<RouteQuery[K]>>;
};

export function readRouteQuery(raw: RawQuery): QueryResult<RouteQuery> {
  const query: Record<string, unknown> = { limit: DEFAULT_ROUTE_LIMIT };
  for (const [key, text] of Object.entries(raw)) {
    if (!isKey(key)) return bad(`unknown query key "${key}": use ${Object.keys(READERS).join(', ')}`);
    if (typeof text !== 'string') return bad(`${key} is given more than once: give it once`);
    const result = READERS[key](text);
    if (!result.ok) return result;
    query[key] = result.value;
  }
  return checkTogether(query as Writable<RouteQuery>);
}

const isKey = (key: string): key is keyof RouteQuery => Object.hasOwn(READERS, key);

function checkTogether(query: Writable<RouteQuery>): QueryResult<RouteQuery> {
  if (query.direction !== undefined && query.peer === undefined) {
    return bad('direction needs peer: give the neighbor by name or address');
  }
  if (query.peer !== undefined) query.direction ??= 'in';
  const family = query.prefix === undefined ? undefined : familyOf(query.prefix);
  if (family !== undefined && query.family !== undefined && query.family !== family) {
    return bad(`${query.prefix} is not of family ${query.family}: leave family out or use ${family}`);
  }
  return good(query);
}

const familyOf = (text: string): FamilyName =>
  familyName(familyOfAddress(text.includes(':') ? 'ipv6' : 'ipv4'));

function readFamily(text: string): QueryResult<FamilyName> {
  const family = FAMILY_NAMES.find((name) => name === text);
  return family === undefined
    ? bad(`unknown family "${text}": use ${FAMILY_NAMES.join(' or ')}`)
    : good(family);
}

/** A prefix or an address in canonical form. */
function readPrefix(text: string): QueryResult<string> {
  const prefix = parsePrefix(text);
  if (prefix !== null) return good(text.includes('/') ? formatPrefix(prefix) : text);
  const meant = withoutHostBits(text);
  return meant === null
    ? bad(`"${text}" is neither a prefix nor an address: write 10.65.0.0/26, 10.65.0.7 or fd00:65::/64`)
    : bad(`${text} has host bits set: write ${formatPrefix(meant)}`);
}

function withoutHostBits(text: string): Prefix | null {
  const [address = '', length = ''] = text.split('/');
  const ip = parseIp(address);
  if (ip === null || !/^\d{1,3}$/.test(length) || Number(length) > maxLength(ip.family)) return null;
  return makePrefix(ip, Number(length));
}

function readDirection(text: string): QueryResult<'in' | 'out'> {
  if (text === 'in' || text === 'out') return good(text);
  return bad(`unknown direction "${text}": use in (received from the peer) or out (advertised to it)`);
}

function readFlag(text: string): QueryResult<boolean> {
  if (text === 'true' || text === '1' || text === '') return good(true);
  if (text === 'false' || text === '0') return good(false);
  return bad(`all is "${text}": use true or false`);
}

function readLimit(text: string): QueryResult<number> {
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_ROUTE_LIMIT
    ? good(limit)
    : bad(`limit is "${text}": use a whole number from 1 to ${MAX_ROUTE_LIMIT}`);
}
