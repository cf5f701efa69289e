// Which update group a peer belongs to: profiles to groups, and the life of groups. Groups are built slice by slice.

import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, type GroupId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import { formatIp } from '../../base/ip.js';
import type { ExportProfile, ExportSpecials } from '../hooks.js';
import { ExportChoice, type GroupTables } from './export-choice.js';
import type { ExportRules } from './exporter.js';
import type { GroupLimits } from './group-limits.js';
import type { EndOfRibHold } from './group-member.js';
import { UpdateGroup } from './update-group.js';
import { vantageKey } from './vantage.js';

/** Peers that have a group to themselves because others name them; more refuse such routes by themselves (RFC 4271 6.3). */
const MOST_APART = 16;

/** Everything that changes octets; equal keys share a group. */
export function profileKey(profile: ExportProfile): string {
  const { special = null, vantage = null, nextHopSelf } = profile;
  const apart = profile.peerType === 'ibgpClient' && !profile.clientToClient;
  return JSON.stringify([
    profile.peerType,
    profile.localAsn,
    profile.families,
    profile.asn4,
    profile.maxMessage,
    String(nextHopSelf[0]),
    String(nextHopSelf[1]),
    profile.alwaysNextHopSelf,
    apart ? [profile.clusterId] : null,
    special === null ? null : [countingAs(special, profile.peerAsn), special],
    profile.policy.key,
    profile.addPath ?? NO_PATH_IDS,
    vantage === null ? null : vantageKey(vantage),
    profile.ownBest === true,
    profile.notVia ?? null,
  ]);
}

const NO_PATH_IDS = [null, null];

/** The peer's AS counts only where it changes the path. */
const countingAs = (special: ExportSpecials, peerAsn: number): number =>
  special.removePrivateAs !== null || special.overrideAs ? peerAsn : 0;

export class UpdateGroups {
  readonly #byKey = new Map<string, UpdateGroup>();
  /** The values of `#byKey`: walked for every change of a best path. */
  #list: readonly UpdateGroup[] = [];
  /** By family: those of them that choose paths of their own. */
  readonly #choosing: [readonly UpdateGroup[], readonly UpdateGroup[]] = [[], []];
  /** By peer: every write to one looks here. */
  readonly #byPeer: (UpdateGroup | null)[] = [];
  /** Their addresses as text. */
  readonly #byAddress = new Map<string, PeerId>();
  readonly #choice: ExportChoice;
  readonly #rules: ExportRules;
  readonly #tables: GroupTables;
  readonly #limits: GroupLimits;
  #nextId = 1;
  readonly endOfRib: EndOfRibHold = { held: false };

  constructor(rules: ExportRules, tables: GroupTables, limits: GroupLimits) {
    this.#limits = limits;
    this.#rules = rules;
    this.#tables = tables;
    this.#choice = new ExportChoice(tables);
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): readonly UpdateGroup[] {
    return this.#list;
  }

  /** Those to be updated after every decision about a prefix, whether or not another path is the best now. */
  choosing(family: FamilyIndex): readonly UpdateGroup[] {
    return this.#choosing[family];
  }

  of(peer: PeerId): UpdateGroup | null {
    return this.#byPeer[peer] ?? null;
  }

  /** A new session: it is owed everything, then End-of-RIB. */
  join(peer: PeerId, wanted: ExportProfile, keeps: boolean): void {
    const { address } = this.#tables.sources.get(peer).peer!;
    this.#byAddress.set(formatIp(address), peer);
    const group = this.#groupFor(this.#withoutItself(peer, wanted));
    for (let id = this.#byPeer.length; id <= peer; id++) this.#byPeer.push(null);
    this.#byPeer[peer] = group;
    group.join(peer, keeps);
  }

  /**
   * The profile of a running session changed: it is told the new view, and withdrawn what that no longer has. True when
   * that gives it something to pull at once or, from a new group, as soon as that is built.
   */
  move(peer: PeerId, wanted: ExportProfile): boolean {
    const before = this.of(peer);
    const profile = this.#withoutItself(peer, wanted);
    if (before === null || profileKey(before.profile) === profileKey(profile)) return false;
    const group = this.#groupFor(profile);
    group.joinFrom(peer, before);
    this.#byPeer[peer] = group;
    this.#dropIfEmpty(before);
    return true;
  }

  leave(peer: PeerId): void {
    const group = this.of(peer);
    if (group === null) return;
    this.#byPeer[peer] = null;
    const address = formatIp(this.#tables.sources.get(peer).peer!.address);
    if (this.#byAddress.get(address) === peer) this.#byAddress.delete(address);
    group.leave(peer);
    this.#dropIfEmpty(group);
  }

  /** Fills new groups from the Loc-RIB, `budget` prefixes at most. Returns the groups that became complete. */
  build(budget: number): { readonly completed: readonly UpdateGroup[]; readonly more: boolean } {
    this.#moveNamed();
    const completed: UpdateGroup[] = [];
    let left = budget;
    for (const group of this.#list) {
      if (group.built) continue;
      for (const family of [0, 1] as const) left -= this.#buildFamily(group, family, left);
      if (!group.built) return { completed, more: true };
      completed.push(group);
    }
    return { completed, more: false };
  }

  forgetAttrs(attrs: AttrSetId): void {
    for (const group of this.#list) group.exporter.forget(attrs);
  }

  get oldestEpoch(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const group of this.#list) oldest = Math.min(oldest, group.oldestEpoch);
    return oldest;
  }

  /** Source ids are about to be given to others: nothing may be remembered under them. */
  forgetSources(): void {
    for (const group of this.#list) group.exporter.forgetAll();
  }

  /** RFC 4271 5.1.3: a peer that others name as their next hop is told something else than the rest of its group. */
  #withoutItself(peer: PeerId, profile: ExportProfile): ExportProfile {
    const { address } = this.#tables.sources.get(peer).peer!;
    if (!this.#tables.nextHops.isNamed(address)) return profile;
    const apart = this.#list.filter((group) => group.profile.notVia != null).length;
    return apart < MOST_APART ? { ...profile, notVia: address } : profile;
  }

  #moveNamed(): void {
    for (const address of this.#tables.nextHops.takeNamed()) {
      const peer = this.#byAddress.get(formatIp(address));
      if (peer !== undefined) this.move(peer, this.of(peer)!.profile);
    }
  }

  #groupFor(profile: ExportProfile): UpdateGroup {
    const key = profileKey(profile);
    let group = this.#byKey.get(key);
    if (group === undefined) {
      group = new UpdateGroup(this.#nextId++ as GroupId, profile, this.#rules, this.#tables, {
        limits: this.#limits,
        endOfRib: this.endOfRib,
      });
      this.#byKey.set(key, group);
      this.#listAll();
    }
    return group;
  }

  #dropIfEmpty(group: UpdateGroup): void {
    if (group.size > 0) return;
    this.#byKey.delete(profileKey(group.profile));
    this.#listAll();
    group.clear();
  }

  #listAll(): void {
    this.#list = [...this.#byKey.values()];
    for (const family of [0, 1] as const) {
      this.#choosing[family] = this.#list.filter(
        (group) => group.profile.families[family] && group.chooses[family],
      );
    }
  }

  #buildFamily(group: UpdateGroup, family: FamilyIndex, budget: number): number {
    const from = group.buildCursor[family];
    if (from === NONE || budget <= 0) return 0;
    const table = this.#tables.prefixes[family];
    const end = group.profile.families[family] ? Math.min(table.rows, from + budget) : from;
    for (let prefix = from; prefix < end; prefix++) {
      if (table.isLive(prefix as PrefixId)) this.update(group, family, prefix as PrefixId);
    }
    group.buildCursor[family] = !group.profile.families[family] || end === table.rows ? NONE : end;
    return end - from;
  }

  /** Brings one group's Adj-RIB-Out of one prefix in line with the Loc-RIB, or with what the group chooses itself. */
  update(group: UpdateGroup, family: FamilyIndex, prefix: PrefixId): void {
    if (group.chooses[family]) this.#updateChosen(group, family, prefix);
    else this.updateBest(group, family, prefix);
  }

  /** As `update`, of a group that is told the best path. */
  updateBest(group: UpdateGroup, family: FamilyIndex, prefix: PrefixId): void {
    const table = this.#tables.prefixes[family];
    const source = table.bestSource[prefix]! as PeerId;
    if (source === NONE) {
      group.record(family, prefix, NONE, source);
      return;
    }
    const attrs = group.exporter.export(family, prefix, source, table.bestAttrs[prefix]! as AttrSetId);
    group.record(family, prefix, attrs, source);
  }

  #updateChosen(group: UpdateGroup, family: FamilyIndex, prefix: PrefixId): void {
    const exported = this.#choice.chosen(group, family, prefix);
    if (group.profile.addPath?.[family] != null) group.recordPaths(family, prefix, exported);
    else if (exported.count === 0) group.record(family, prefix, NONE, NONE as PeerId);
    else group.record(family, prefix, exported.attrs[0]!, exported.source[0]!);
  }
}
