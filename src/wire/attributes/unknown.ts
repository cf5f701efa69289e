// Attributes without a row (RFC 4271 5 and 6.3): what becomes of them, by their flags alone.

import { OPTIONAL, TRANSITIVE } from './row.js';

/** `keep` travels on with the Partial bit set; `drop` is not an error; `reset` is an unrecognized well-known one. */
export type UnknownAttributeFate = 'keep' | 'drop' | 'reset';

export function fateOfUnknown(flags: number): UnknownAttributeFate {
  if ((flags & OPTIONAL) === 0) return 'reset';
  return (flags & TRANSITIVE) === 0 ? 'drop' : 'keep';
}
