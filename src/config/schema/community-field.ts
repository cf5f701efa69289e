// One community as people write it: `64512:100` (RFC 1997), `64512:1:2` (RFC 8092), or the name of a well-known one.

import { describe } from '../problem.js';
import type { CommunityConfig } from '../types.js';
import { fault, textField } from './fields.js';

const COMMUNITY = 'a community such as 64512:100, 64512:1:2 or no-export';

const WELL_KNOWN: Readonly<Record<string, number>> = {
  'graceful-shutdown': 0xffff0000,
  'no-export': 0xffffff01,
  'no-advertise': 0xffffff02,
  'no-export-subconfed': 0xffffff03,
};

export const communityField = textField<CommunityConfig>(
  COMMUNITY,
  (text) => readCommunity(text) ?? fault(`${describe(text)} is no community`, `give ${COMMUNITY}`),
);

/** Null when it is none. */
export function readCommunity(text: string): CommunityConfig | null {
  const known = Object.hasOwn(WELL_KNOWN, text) ? WELL_KNOWN[text] : undefined;
  if (known !== undefined) return { kind: 'standard', value: known };
  if (!/^\d{1,10}(:\d{1,10}){1,2}$/.test(text)) return null;
  const [a = 0, b = 0, c] = text.split(':').map(Number);
  const most = c === undefined ? 0xffff : 0xffffffff;
  if (a > most || b > most || (c ?? 0) > most) return null;
  return c === undefined ? { kind: 'standard', value: a * 0x10000 + b } : { kind: 'large', value: [a, b, c] };
}
