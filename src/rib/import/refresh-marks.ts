// Where the refreshes that one member asked for stand (RFC 7313 4): which families are due a BoRR before anything else,
// which an EoRR once everything has been told again.

import type { FamilyIndex } from '../../base/family.js';
import { afiSafiOf, ROUTE_REFRESH } from '../../wire/iana.js';
import { encodeRouteRefresh } from '../../wire/route-refresh.js';

/** By family index. */
export interface RefreshMarks {
  /** Asked for before End-of-RIB was sent: begins after it. */
  readonly wanted: [boolean, boolean];
  readonly begins: [boolean, boolean];
  readonly ends: [boolean, boolean];
}

export const noRefresh = (): RefreshMarks => ({
  wanted: [false, false],
  begins: [false, false],
  ends: [false, false],
});

const NONE_DUE: readonly Uint8Array[] = [];

/** The BoRRs that are due; their EoRRs are due from now on. */
export function takeBeginnings({ begins, ends }: RefreshMarks): readonly Uint8Array[] {
  if (!begins[0] && !begins[1]) return NONE_DUE;
  return take(begins, ROUTE_REFRESH.beginning, (family) => {
    ends[family] = true;
  });
}

/** The EoRRs that are due, when everything has been told. */
export const takeEnds = ({ ends }: RefreshMarks): readonly Uint8Array[] =>
  take(ends, ROUTE_REFRESH.end, () => undefined);

/** The families whose refresh had to wait. */
export function takeWanted({ wanted }: RefreshMarks): readonly FamilyIndex[] {
  const families = ([0, 1] as const).filter((family) => wanted[family]);
  wanted[0] = wanted[1] = false;
  return families;
}

function take(
  due: [boolean, boolean],
  subtype: number,
  taken: (family: FamilyIndex) => void,
): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const family of [0, 1] as const) {
    if (!due[family]) continue;
    due[family] = false;
    taken(family);
    messages.push(encodeRouteRefresh({ ...afiSafiOf(family), subtype }));
  }
  return messages;
}
