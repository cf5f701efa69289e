// A member of an update group: where it stands, and what it is owed besides routes.

import type { RefreshMarks } from '../import/refresh-marks.js';
import type { CatchUp } from './catch-up.js';
import type { Reader } from './packet-queue.js';

/** Shared by all groups. While it is held, members that have everything are owed End-of-RIB. */
export interface EndOfRibHold {
  held: boolean;
}

export interface Member {
  /** Null: at the shared queue. */
  catchUp: CatchUp | null;
  /** In the queue that it is at. */
  reader: Reader;
  /** End-of-RIB is due when it has caught up (RFC 4724 3). */
  owesEndOfRib: boolean;
  /** End-of-RIB may be held from it. */
  readonly keeps: boolean;
  readonly marks: RefreshMarks;
}

/** End-of-RIB is due and not held. */
export const mayEnd = ({ owesEndOfRib, keeps }: Member, hold: EndOfRibHold): boolean =>
  owesEndOfRib && !(keeps && hold.held);
