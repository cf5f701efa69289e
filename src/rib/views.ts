// Read-only answers about the RIB for the API: look-ups, paths with the reason of the decision. Changes nothing.

import { addressFamily, type FamilyIndex } from '../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PathId, type PeerId, type PrefixId } from '../base/ids.js';
import type { IpAddress } from '../base/ip.js';
import {
  hostPrefix,
  makePrefix,
  maxLength,
  type Prefix,
  prefixFromWords,
  prefixWords,
} from '../base/prefix.js';
import { decodeBlock } from '../wire/block.js';
import type { PathAttributes } from '../wire/types.js';
import type { Rib } from './core.js';
import type { DecisionReport } from './decision.js';
import { DECISION_STEPS, type DecisionOptions, STEP } from './decision-steps.js';
import { isStalePath } from './import/restarts.js';
import type { EqualPathVerdict } from './multipath/multipath-choice.js';
import type { NextHopId } from './tables/next-hops.js';

export interface PathView {
  readonly path: PathId;
  readonly peer: PeerId;
  readonly best: boolean;
  /** As received; 0 without ADD-PATH. */
  readonly pathId: number;
  /** Shares the traffic: stands in the multipath set with the best, or is the best of one. */
  readonly multipath: boolean;
  readonly weight: number;
  /** Its peer restarts and has not told it again. */
  readonly stale: boolean;
  readonly attributes: PathAttributes;
  /** Why it is best or what it lost by. */
  readonly decision: string;
}

export function prefixOf(rib: Pick<Rib, 'prefixes'>, family: FamilyIndex, id: PrefixId): Prefix {
  const table = rib.prefixes[family];
  const [w1, w2, w3] = family === 0 ? [0, 0, 0] : [table.w1[id]!, table.w2[id]!, table.w3[id]!];
  return prefixFromWords(addressFamily(family), table.w0[id]!, w1, w2, w3, table.length[id]!);
}

export function findPrefix(rib: Rib, prefix: Prefix): PrefixId | typeof NONE {
  const family: FamilyIndex = prefix.address.family === 'ipv4' ? 0 : 1;
  const [w0, w1, w2, w3] = prefixWords(prefix);
  return rib.prefixes[family].find(w0, w1, w2, w3, prefix.length);
}

/** The longest prefix with a path that holds `address`, or NONE. */
export function longestMatch(rib: Rib, address: IpAddress): PrefixId | typeof NONE {
  const family: FamilyIndex = address.family === 'ipv4' ? 0 : 1;
  const host = hostPrefix(address).address;
  for (let length: number = maxLength(address.family); length >= 0; length--) {
    const id = findPrefix(rib, makePrefix(host, length));
    if (id !== NONE && rib.prefixes[family].head[id] !== NONE) return id;
  }
  return NONE;
}

/** All paths of a prefix, the best first, then those it shares the traffic with, each with its reason. */
export function explainPrefix(rib: Rib, family: FamilyIndex, prefix: PrefixId): readonly PathView[] {
  const report = rib.decisions[family].explain(rib.prefixes[family].head[prefix]!);
  const view = (path: PathId, best: boolean, decision: string): PathView => ({
    path,
    peer: rib.paths[family].peer[path]! as PeerId,
    best,
    pathId: rib.paths[family].pathId(path),
    multipath: report.members.has(path),
    weight: weightOf(rib, family, path),
    stale: isStaleOf(rib, family, path),
    attributes: attributesOf(rib, family, path),
    decision,
  });
  const losers = report.losers.map(({ path, step }) =>
    view(path, false, lossReason(rib, family, path, step, report)),
  );
  losers.sort((a, b) => Number(b.multipath) - Number(a.multipath));
  if (report.best === NONE) return losers;
  const local = rib.prefixes[family].best[prefix];
  if (rib.restarts.deferring && rib.paths[family].peer[report.best]! >= FIRST_PEER) {
    const told = losers.map((each) =>
      each.path === local ? { ...each, best: true, decision: LOCAL_FIRST } : each,
    );
    return [view(report.best as PathId, false, WAITING), ...told];
  }
  const { options } = rib.decisions[family];
  return [view(report.best as PathId, true, `best: ${stepText(report.step, options)}`), ...losers];
}

/** Nothing of peers is chosen before all have been heard. */
const WAITING = 'not chosen yet: after a restart the routes of all peers are waited for';

const LOCAL_FIRST = 'best that starts here: after a restart the routes of all peers are waited for';

/** A path that import refused has none. */
const weightOf = (rib: Rib, family: FamilyIndex, path: PathId): number =>
  rib.paths[family].accepted[path] === NONE ? 0 : rib.decisions[family].weight(path);

function isStaleOf({ paths, sources }: Rib, family: FamilyIndex, path: PathId): boolean {
  const { peer, round } = paths[family];
  return isStalePath(sources.get(peer[path]! as PeerId), family, round[path]!);
}

const LEFT_OUT: Readonly<Record<EqualPathVerdict, string>> = {
  asPath: 'no multipath: another AS_PATH',
  nextHop: 'no multipath: the next hop of a better path',
  limit: 'no multipath: the set is full',
  cost: 'no multipath: not the lowest cost of its kind',
};

function stepText(step: number, { alwaysCompareMed }: DecisionOptions): string {
  if (step === STEP.only) return DECISION_STEPS[step];
  return `step ${step}, ${step === STEP.med && alwaysCompareMed ? 'lowest MED' : DECISION_STEPS[step]}`;
}

function lossReason(
  rib: Rib,
  family: FamilyIndex,
  path: PathId,
  step: number,
  report: DecisionReport,
): string {
  if (step !== STEP.usable) {
    const lost = `lost at ${stepText(step, rib.decisions[family].options)}`;
    if (report.members.has(path)) return `${lost}; shares the traffic`;
    const left = report.left.get(path);
    return left === undefined ? lost : `${lost}; ${LEFT_OUT[left]}`;
  }
  const accepted = rib.paths[family].accepted[path]!;
  if (accepted === NONE) return `not used: ${importRefusal(rib, family, path) ?? 'refused by import policy'}`;
  const nextHop = rib.attrSets.nextHop[accepted]! as NextHopId;
  return rib.nextHops.reachable(nextHop) ? 'not used' : 'not used: next hop unreachable';
}

/** Why import refused a path, for people; null when it did not. */
function importRefusal(
  { importer, paths: tables, sources }: Rib,
  family: FamilyIndex,
  path: PathId,
): string | null {
  const paths = tables[family];
  const { peer } = sources.get(paths.peer[path]! as PeerId);
  if (peer === null) return null;
  const prefix = paths.prefix[path]! as PrefixId;
  return importer.reason(family, prefix, peer, paths.received[path]! as AttrSetId);
}

function attributesOf(rib: Rib, family: FamilyIndex, path: PathId): PathAttributes {
  const paths = rib.paths[family];
  const attrs = paths.accepted[path] === NONE ? paths.received[path]! : paths.accepted[path]!;
  return decodeBlock(rib.attrSets.block(attrs as AttrSetId));
}
