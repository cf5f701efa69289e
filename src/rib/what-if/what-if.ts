// What another configuration would make of the routes that are there: copies them, a few prefixes at a time, into a RIB of
// its own that is thrown away, lets that decide, and compares what each group holds now with what it would be told then.
// The running RIB is only read.

import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import type { IpAddress } from '../../base/ip.js';
import { formatPrefix, type Prefix } from '../../base/prefix.js';
import { Rib } from '../core.js';
import type { DecisionOptions } from '../decision-steps.js';
import { ExportChoice } from '../export/export-choice.js';
import { Exporter, type ExportRules } from '../export/exporter.js';
import type { UpdateGroup } from '../export/update-group.js';
import { profileKey } from '../export/update-groups.js';
import { VantageCosts } from '../export/vantage.js';
import type { ExportProfile } from '../hooks.js';
import type { InterfaceOf } from '../import/importer.js';
import type { RibPeer } from '../tables/sources.js';
import { findPrefix, prefixOf } from '../views.js';
import { GroupTally } from './tally.js';
import { Told } from './told.js';

/** A route that would start here. */
export interface LocalPath {
  readonly source: PeerId;
  readonly prefix: Prefix;
  readonly block: Uint8Array;
}

/** Peers that share a group now and would share one then. */
export interface OutlookGroup {
  /** Null: they have no session. */
  readonly before: UpdateGroup | null;
  /** Null: they would have none. */
  readonly after: ExportProfile | null;
  readonly members: readonly PeerId[];
}

/** All that would be otherwise, for the RIB. */
export interface Outlook {
  readonly routerId: number;
  readonly clusterIds: readonly number[];
  readonly rules: ExportRules;
  readonly decision: DecisionOptions;
  readonly seed: number;
  /** Whose paths stay. Ids are those of the running RIB. */
  readonly peers: ReadonlyMap<PeerId, RibPeer>;
  readonly groups: readonly OutlookGroup[];
  /** By prefix as text. */
  readonly local: ReadonlyMap<string, readonly LocalPath[]>;
  /** Of a next hop that nobody has asked for yet. */
  readonly nextHop: (address: IpAddress) => { readonly reachable: boolean; readonly cost: number };
  readonly interfaceOf: InterfaceOf | null;
  /** Prefixes to name, of each group, kind of change and family. */
  readonly limit: number;
}

/** Shown every prefix: its rows now and then, NONE where it has none now. */
export interface Witness {
  /** There is a new table of what would be. */
  begins(then: Rib): void;
  prefix(
    family: FamilyIndex,
    prefix: Prefix,
    now: PrefixId | typeof NONE,
    then: PrefixId | typeof NONE,
  ): void;
}

interface Group {
  readonly before: UpdateGroup | null;
  readonly after: ExportProfile | null;
  readonly tally: GroupTally;
}

interface Taken {
  readonly family: FamilyIndex;
  readonly prefix: Prefix;
  readonly now: PrefixId | typeof NONE;
}

/** Prefixes after which the copy is thrown away and a new one begun: what bounds the memory. */
const MOST_COPIED = 16_384;

export class WhatIf {
  readonly tallies: readonly GroupTally[];
  readonly #running: Rib;
  readonly #outlook: Outlook;
  readonly #witness: Witness;
  readonly #groups: readonly Group[];
  #copy: Copy;
  #copied = 0;
  #family: FamilyIndex = 0;
  #row = 0;
  readonly #locals: Iterator<readonly LocalPath[]>;
  readonly #before: Told;

  constructor(running: Rib, outlook: Outlook, witness: Witness) {
    this.#running = running;
    this.#outlook = outlook;
    this.#witness = witness;
    this.#before = new Told(running.attrSets);
    this.#groups = outlook.groups.map(({ before, after, members }) => ({
      before,
      after,
      tally: new GroupTally(members, outlook.limit),
    }));
    this.tallies = this.#groups.map(({ tally }) => tally);
    this.#locals = outlook.local.values();
    this.#copy = this.#begin();
  }

  /** One slice of about `budget` prefixes. True when there is more. */
  step(budget: number): boolean {
    if (this.#copied >= MOST_COPIED) this.#copy = this.#begin();
    const taken: Taken[] = [];
    const more = this.#takeRows(budget, taken) || this.#takeLocals(budget, taken);
    this.#copied += taken.length;
    this.#copy.decide();
    for (const each of taken) this.#compare(each);
    return more;
  }

  #begin(): Copy {
    this.#copied = 0;
    const copy = new Copy(this.#running, this.#outlook);
    this.#witness.begins(copy.rib);
    return copy;
  }

  /** The prefixes that are there. */
  #takeRows(budget: number, taken: Taken[]): boolean {
    const { prefixes } = this.#running;
    for (let left = budget; left > 0; left--) {
      if (this.#row >= prefixes[this.#family].rows) {
        if (this.#family === 1) return false;
        this.#family = 1;
        this.#row = -1;
      } else this.#takeRow(this.#family, this.#row as PrefixId, taken);
      this.#row++;
    }
    return true;
  }

  #takeRow(family: FamilyIndex, row: PrefixId, taken: Taken[]): void {
    const table = this.#running.prefixes[family];
    if (!table.isLive(row) || table.head[row] === NONE) return;
    const prefix = prefixOf(this.#running, family, row);
    this.#copy.paths(family, row, prefix);
    const { local } = this.#outlook;
    if (local.size > 0) this.#copy.local(local.get(formatPrefix(prefix)) ?? []);
    taken.push({ family, prefix, now: row });
  }

  /** What would start here and is not there yet. */
  #takeLocals(budget: number, taken: Taken[]): boolean {
    for (let left = budget; left > 0; left--) {
      const next = this.#locals.next();
      if (next.done === true) return false;
      const { prefix } = next.value[0]!;
      const family: FamilyIndex = prefix.address.family === 'ipv4' ? 0 : 1;
      const now = findPrefix(this.#running, prefix);
      if (now !== NONE && this.#running.prefixes[family].head[now] !== NONE) continue;
      this.#copy.local(next.value);
      taken.push({ family, prefix, now: NONE });
    }
    return true;
  }

  #compare({ family, prefix, now }: Taken): void {
    const then = findPrefix(this.#copy.rib, prefix);
    const text = (): string => formatPrefix(prefix);
    for (const { before, after, tally } of this.#groups) {
      this.#tellNow(before, family, now);
      tally.record(family, text, this.#before, this.#copy.told(after, family, then));
    }
    if (then !== NONE || now !== NONE) this.#witness.prefix(family, prefix, now, then);
  }

  #tellNow(group: UpdateGroup | null, family: FamilyIndex, prefix: PrefixId | typeof NONE): void {
    const told = this.#before;
    told.clear();
    if (group === null || prefix === NONE) return;
    const out = group.adjRibOut[family];
    if (out.kind === 'single') {
      const attrs = out.attrsOf(prefix);
      if (attrs !== NONE) told.add(attrs, out.sourceOf(prefix) as PeerId);
      return;
    }
    for (let row = out.head(prefix); row !== NONE; row = out.next[row]!) {
      told.add(out.attrs[row]! as AttrSetId, out.source[row]! as PeerId);
    }
  }
}

interface CopyGroup {
  readonly profile: ExportProfile;
  readonly exporter: Exporter;
  readonly vantage: VantageCosts | null;
}

/** A RIB with the peers of the outlook and a part of the prefixes; without update groups, it tells nobody. */
class Copy {
  readonly rib: Rib;
  readonly #from: Rib;
  readonly #outlook: Outlook;
  readonly #choice: ExportChoice;
  readonly #groups = new Map<ExportProfile, CopyGroup>();
  readonly #told: Told;

  constructor(from: Rib, outlook: Outlook) {
    this.#from = from;
    this.#outlook = outlook;
    this.rib = this.#makeRib();
    for (const [id, peer] of outlook.peers) this.rib.sources.put(id, peer);
    this.#choice = new ExportChoice(this.rib);
    this.#told = new Told(this.rib.attrSets);
    const forget = this.rib.attrSets.onFree;
    this.rib.attrSets.onFree = (attrs) => {
      forget?.(attrs);
      for (const { exporter } of this.#groups.values()) exporter.forget(attrs);
    };
  }

  decide(): void {
    while (this.rib.run(MOST_COPIED));
  }

  /** What peers told for the prefix. */
  paths(family: FamilyIndex, row: PrefixId, prefix: Prefix): void {
    const { attrSets, prefixes } = this.#from;
    const paths = this.#from.paths[family];
    for (let path = prefixes[family].head[row]!; path !== NONE; path = paths.next[path]!) {
      const peer = paths.peer[path]! as PeerId;
      if (peer < FIRST_PEER || !this.#outlook.peers.has(peer)) continue;
      const attrs = paths.received[path]! as AttrSetId;
      const { bytes } = attrSets;
      this.rib.learn(peer, prefix, paths.pathId(path), bytes, attrSets.startOf(attrs), attrSets.endOf(attrs));
    }
  }

  local(paths: readonly LocalPath[]): void {
    for (const { source, prefix, block } of paths) this.rib.applyLocal(source, prefix, block);
  }

  /** Good until the next call. */
  told(profile: ExportProfile | null, family: FamilyIndex, prefix: PrefixId | typeof NONE): Told {
    const told = this.#told;
    told.clear();
    if (profile === null || prefix === NONE || !profile.families[family]) return told;
    // After our own start nothing of peers is chosen yet, whatever the group.
    if (this.rib.restarts.deferring && this.rib.prefixes[family].bestSource[prefix] === NONE) return told;
    const group = this.#groupOf(profile);
    const choosesBest = group.vantage === null && profile.ownBest !== true;
    if (choosesBest && (profile.addPath?.[family] ?? null) === null) {
      const table = this.rib.prefixes[family];
      const source = table.bestSource[prefix]! as PeerId;
      if (source === NONE) return told;
      const attrs = group.exporter.export(family, prefix, source, table.bestAttrs[prefix]! as AttrSetId);
      if (attrs !== NONE) told.add(attrs, source);
      return told;
    }
    const chosen = this.#choice.chosen(group, family, prefix);
    for (let i = 0; i < chosen.count; i++) told.add(chosen.attrs[i]!, chosen.source[i]!);
    return told;
  }

  #groupOf(profile: ExportProfile): CopyGroup {
    const known = this.#groups.get(profile);
    if (known !== undefined) return known;
    const { vantage = null } = profile;
    const exporter = new Exporter(profile, this.#outlook.rules, this.rib);
    const group = { profile, exporter, vantage: vantage === null ? null : new VantageCosts(vantage) };
    this.#groups.set(profile, group);
    return group;
  }

  #makeRib(): Rib {
    const { routerId, clusterIds, rules, decision, seed, nextHop } = this.#outlook;
    const { nextHops, validation } = this.#from;
    const rib: Rib = new Rib({
      routerId,
      clusterIds,
      rules,
      decision,
      seed,
      ...(validation === null ? {} : { validation }),
      nextHopInterest: {
        track: (address) => nextHops.stateOf(address) ?? nextHop(address),
        untrack: () => {},
      },
      listener: { bestChanged: () => {}, wake: () => {}, workPending: () => {} },
    });
    rib.setInterfaces(this.#outlook.interfaceOf);
    if (this.#from.restarts.deferring) rib.restarts.defer();
    return rib;
  }
}

/** The groups of an outlook: peers with equal profiles on both sides are one. */
export function outlookGroups(
  rows: readonly {
    readonly peer: PeerId;
    readonly before: UpdateGroup | null;
    readonly after: ExportProfile | null;
  }[],
): readonly OutlookGroup[] {
  const groups = new Map<
    string,
    { before: UpdateGroup | null; after: ExportProfile | null; members: PeerId[] }
  >();
  for (const { peer, before, after } of rows) {
    const key = `${before?.id ?? ''} ${after === null ? '' : profileKey(after)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { before, after, members: [peer] });
    else group.members.push(peer);
  }
  return [...groups.values()];
}
