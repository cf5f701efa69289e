// What the RFCs and the operator make of an AS_PATH on its way out or in: private AS numbers, AS override, confederation
// segments, prepending. In this order, each on the segments that the one before left.

import type { AsPathSegment, AttributeEdits, PrivateAsRemoval } from '../types.js';
import { prependAsns } from './as-path.js';

type AsPathEdits = Pick<
  AttributeEdits,
  'removePrivateAs' | 'overrideAs' | 'dropConfed' | 'prependAs' | 'prependConfed'
>;

/** True when AS_PATH is touched at all. */
export const editsAsPath = (edits: AsPathEdits): boolean =>
  (edits.prependAs !== undefined && edits.prependAs.length > 0) || !isPlainPrepend(edits);

/** True when nothing but `prependAs` is to be done. */
export const isPlainPrepend = (edits: AsPathEdits): boolean =>
  edits.prependConfed === undefined &&
  edits.dropConfed === undefined &&
  edits.removePrivateAs === undefined &&
  edits.overrideAs === undefined;

export function editAsPath(segments: readonly AsPathSegment[], edits: AsPathEdits): readonly AsPathSegment[] {
  let path = segments;
  if (edits.removePrivateAs !== undefined) path = withoutPrivate(path, edits.removePrivateAs);
  if (edits.overrideAs !== undefined) path = overridden(path, edits.overrideAs);
  if (edits.dropConfed) path = joined(path.filter((segment) => !isConfederation(segment)));
  if (edits.prependAs !== undefined) path = prependAsns(path, edits.prependAs);
  return edits.prependConfed === undefined ? path : confedPrepended(path, edits.prependConfed);
}

/** RFC 6996 5. */
export const isPrivateAsn = (asn: number): boolean =>
  (asn >= 64512 && asn <= 65534) || (asn >= 4200000000 && asn <= 4294967294);

export const isConfederation = ({ kind }: AsPathSegment): boolean =>
  kind === 'confedSequence' || kind === 'confedSet';

/** The receiver's own number stays: it is how the receiver finds loops. Confederation segments are left alone. */
function withoutPrivate(
  path: readonly AsPathSegment[],
  { mode, keep, by }: PrivateAsRemoval,
): readonly AsPathSegment[] {
  const goes = (asn: number): boolean => isPrivateAsn(asn) && asn !== keep;
  switch (mode) {
    case 'replace':
      return mapped(path, (asn) => (goes(asn) ? by : asn));
    case 'all':
      return joined(path.map((segment) => (isConfederation(segment) ? segment : kept(segment, goes))));
    case 'leading':
      return withoutLeading(path, goes);
  }
}

const kept = (segment: AsPathSegment, goes: (asn: number) => boolean): AsPathSegment => ({
  kind: segment.kind,
  asns: segment.asns.filter((asn) => !goes(asn)),
});

/** Up to the first number that stays. A set is no place to stop in: it goes or stays as a whole. */
function withoutLeading(
  path: readonly AsPathSegment[],
  goes: (asn: number) => boolean,
): readonly AsPathSegment[] {
  const left: AsPathSegment[] = [];
  let leading = true;
  for (const segment of path) {
    if (!leading || isConfederation(segment)) {
      left.push(segment);
      continue;
    }
    const stop = segment.asns.findIndex((asn) => !goes(asn));
    if (stop < 0) continue;
    leading = false;
    left.push(segment.kind === 'set' ? segment : { kind: segment.kind, asns: segment.asns.slice(stop) });
  }
  return joined(left);
}

const overridden = (
  path: readonly AsPathSegment[],
  { from, to }: NonNullable<AsPathEdits['overrideAs']>,
): readonly AsPathSegment[] => mapped(path, (asn) => (asn === from ? to : asn));

const mapped = (path: readonly AsPathSegment[], change: (asn: number) => number): readonly AsPathSegment[] =>
  path.map((segment) =>
    isConfederation(segment) ? segment : { kind: segment.kind, asns: segment.asns.map(change) },
  );

/** RFC 5065 4.1: into an AS_CONFED_SEQUENCE that is first already, else into a new one. */
function confedPrepended(path: readonly AsPathSegment[], asn: number): readonly AsPathSegment[] {
  const [first, ...rest] = path;
  const joins = first?.kind === 'confedSequence' && first.asns.length < 255;
  const lead: AsPathSegment = { kind: 'confedSequence', asns: joins ? [asn, ...first.asns] : [asn] };
  return joins ? [lead, ...rest] : [lead, ...path];
}

/** Without empty segments; sequences that meet become one where they fit. */
function joined(path: readonly AsPathSegment[]): readonly AsPathSegment[] {
  const result: AsPathSegment[] = [];
  for (const segment of path) {
    const last = result.at(-1);
    if (segment.asns.length === 0) continue;
    const meets = last?.kind === 'sequence' && segment.kind === 'sequence';
    if (meets && last.asns.length + segment.asns.length <= 255) {
      result[result.length - 1] = { kind: 'sequence', asns: [...last.asns, ...segment.asns] };
    } else result.push(segment);
  }
  return result;
}
