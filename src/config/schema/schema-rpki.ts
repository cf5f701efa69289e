// The YAML shape of the RPKI caches.

import { z } from 'zod';
import { formatIp } from '../../base/ip.js';
import { type Issue, issue } from '../problem.js';
import { addressField, integerField, nameField, portField } from './fields.js';
import type { Located, Sections } from './schema.js';

/** As the tables have it: each cache is a bit. */
const MOST_CACHES = 16;

const cacheSchema = z.strictObject({
  name: nameField('a name for the cache').optional(),
  address: addressField,
  port: portField.optional(),
  preference: integerField('a preference, the lowest is asked first,', 0, 255).optional(),
  refresh: integerField('seconds', 1, 86_400).optional(),
  retry: integerField('seconds', 1, 7_200).optional(),
  expire: integerField('seconds', 600, 172_800).optional(),
});

export type CacheSection = z.output<typeof cacheSchema>;

export const rpkiSchema = z.strictObject({ caches: z.array(cacheSchema).optional() });

/** RFC 8210 9.1: rpki-rtr, unprotected transport. */
export const RTR_PORT = 323;

export const cacheName = ({ name, address, port = RTR_PORT }: CacheSection): string =>
  name ?? (address.family === 'ipv4' ? `${formatIp(address)}:${port}` : `[${formatIp(address)}]:${port}`);

export function checkRpki({ rpki }: Sections): readonly Issue[] {
  const caches = (rpki?.caches ?? []).map((value, index) => ({ path: ['rpki', 'caches', index], value }));
  const many =
    caches.length > MOST_CACHES
      ? [issue(['rpki', 'caches'], `has ${caches.length} caches`, `give at most ${MOST_CACHES}`)]
      : [];
  return [...many, ...caches.flatMap(sharedName), ...caches.flatMap(shortExpiry)];
}

function sharedName(
  { path, value }: Located<CacheSection>,
  index: number,
  all: readonly Located<CacheSection>[],
): Issue[] {
  const first = all.findIndex((other) => cacheName(other.value) === cacheName(value));
  const remedy = 'name each cache once';
  return first === index ? [] : [issue(path, `${cacheName(value)} is there twice`, remedy)];
}

/** RFC 8210 6. */
function shortExpiry({ path, value: { refresh, retry, expire } }: Located<CacheSection>): Issue[] {
  if (expire === undefined || expire > Math.max(refresh ?? 0, retry ?? 0)) return [];
  return [
    issue(
      [...path, 'expire'],
      `${expire} is no longer than refresh or retry`,
      'give a larger number of seconds',
    ),
  ];
}
