// What the members of a group hold of one prefix before a change and after it, and what that makes for one of them.
// Compares what would be sent, octet by octet; the two sides may have their attribute sets in different tables.

import { toHex } from '../../base/bytes.js';
import type { AttrSetId, NONE, PeerId } from '../../base/ids.js';
import { LOCAL_FACTS } from '../../wire/attributes/local-facts.js';
import { findAttribute, valueEnd } from '../../wire/attributes/tlv.js';
import type { AttrSets } from '../tables/attr-sets.js';

/** The announcements of one prefix to a group: parallel lists, filled again and again. */
export class Told {
  readonly attrSets: AttrSets;
  count = 0;
  readonly attrs: AttrSetId[] = [];
  readonly source: PeerId[] = [];

  constructor(attrSets: AttrSets) {
    this.attrSets = attrSets;
  }

  clear(): void {
    this.count = 0;
  }

  add(attrs: AttrSetId, source: PeerId): void {
    this.attrs[this.count] = attrs;
    this.source[this.count] = source;
    this.count++;
  }

  /** Announcements that `member` gets: all but its own. */
  countFor(member: PeerId | typeof NONE): number {
    let count = 0;
    for (let i = 0; i < this.count; i++) if (this.source[i] !== member) count++;
    return count;
  }
}

export type Verdict = 'none' | 'same' | 'announced' | 'withdrawn' | 'changed';

/** What becomes of a prefix for `member`; NONE: for one that is the source of nothing. */
export function verdictFor(before: Told, after: Told, member: PeerId | typeof NONE): Verdict {
  const [had, gets] = [before.countFor(member), after.countFor(member)];
  if (had === 0) return gets === 0 ? 'none' : 'announced';
  if (gets === 0) return 'withdrawn';
  if (had !== gets) return 'changed';
  return saysTheSame(before, after, member, had) ? 'same' : 'changed';
}

function saysTheSame(before: Told, after: Told, member: PeerId | typeof NONE, count: number): boolean {
  if (count === 1) {
    const [i, j] = [firstFor(before, member), firstFor(after, member)];
    return sameOctets(before.attrSets, before.attrs[i]!, after.attrSets, after.attrs[j]!);
  }
  const [left, right] = [textsFor(before, member), textsFor(after, member)];
  return left.every((text, index) => text === right[index]);
}

function firstFor(told: Told, member: PeerId | typeof NONE): number {
  let i = 0;
  while (told.source[i] === member) i++;
  return i;
}

/** Several paths of a prefix have no order. */
function textsFor(told: Told, member: PeerId | typeof NONE): readonly string[] {
  const texts: string[] = [];
  for (let i = 0; i < told.count; i++) {
    if (told.source[i] !== member) texts.push(sentOctets(told.attrSets, told.attrs[i]!));
  }
  return texts.sort();
}

function sameOctets(a: AttrSets, left: AttrSetId, b: AttrSets, right: AttrSetId): boolean {
  const [start, end] = [a.startOf(left), a.endOf(left)];
  const from = b.startOf(right);
  if (end - start === b.endOf(right) - from) {
    let at = start;
    while (at < end && a.bytes[at] === b.bytes[from + at - start]) at++;
    if (at === end) return true;
  }
  return sentOctets(a, left) === sentOctets(b, right);
}

/** The block in hex, without what this host knows of the route and tells nobody. */
function sentOctets(attrSets: AttrSets, attrs: AttrSetId): string {
  const { bytes } = attrSets;
  const [start, end] = [attrSets.startOf(attrs), attrSets.endOf(attrs)];
  const local = findAttribute(bytes, start, end, LOCAL_FACTS);
  if (local < 0) return toHex(bytes.subarray(start, end));
  return toHex(bytes.subarray(start, local)) + toHex(bytes.subarray(valueEnd(bytes, local), end));
}
