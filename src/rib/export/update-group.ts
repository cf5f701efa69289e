// An update group: the peers that are sent the same octets. Owns what they were told (Adj-RIB-Out), the shared packets and
// where each member stands. It never decides which path is best.

import { EMPTY } from '../../base/bytes.js';
import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, type GroupId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import { UpdatePacker } from '../../wire/update-packer.js';
import type { ExportProfile } from '../hooks.js';
import { noRefresh, takeBeginnings, takeEnds, takeWanted } from '../import/refresh-marks.js';
import { AdjRibOut } from './adj-rib-out.js';
import { AdjRibOutPaths, type PathChange, type PathSink } from './adj-rib-out-paths.js';
import { type AdjRibsOut, CatchUp } from './catch-up.js';
import type { ExportedPaths } from './exported-paths.js';
import { Exporter, type ExportRules, type ExportTables } from './exporter.js';
import type { GroupLimits, GroupMemory } from './group-limits.js';
import { type EndOfRibHold, type Member, mayEnd } from './group-member.js';
import { partsFor, type Reader } from './packet-queue.js';
import { PendingChanges } from './pending-changes.js';
import { SharedPackets } from './shared-packets.js';
import { VantageCosts } from './vantage.js';

export class UpdateGroup implements PathSink {
  readonly id: GroupId;
  readonly profile: ExportProfile;
  readonly exporter: Exporter;
  readonly adjRibOut: AdjRibsOut;
  /** Null: what is told is seen from here. */
  readonly vantage: VantageCosts | null;
  /** By family: members are told other paths than the best one of all, so that every decision concerns them. */
  readonly chooses: readonly [boolean, boolean];
  /** Next prefix row to fill in by family while the group is new; NONE when it is complete. */
  readonly buildCursor: [number, number] = [0, 0];
  readonly #tables: ExportTables;
  readonly #limits: GroupLimits;
  readonly #hold: EndOfRibHold;
  readonly #queue = new SharedPackets();
  readonly #members = new Map<PeerId, Member>();
  readonly #catchUps = new Set<CatchUp>();
  readonly #pending: PendingChanges;
  readonly #slicePending: PendingChanges;
  readonly #packer: UpdatePacker;
  #epoch = 0;
  /** Something was recorded since the last flush. */
  #hasNews = false;
  /** Of the prefix whose paths are being recorded. */
  #family: FamilyIndex = 0;

  constructor(
    id: GroupId,
    profile: ExportProfile,
    rules: ExportRules,
    tables: ExportTables,
    shared: { readonly limits: GroupLimits; readonly endOfRib: EndOfRibHold },
  ) {
    this.#limits = shared.limits;
    this.#hold = shared.endOfRib;
    this.id = id;
    this.profile = profile;
    this.#tables = tables;
    this.exporter = new Exporter(profile, rules, tables);
    const { maxMessage, asn4, addPath = [null, null], vantage = null, ownBest = false } = profile;
    const pathIds = [addPath[0] !== null, addPath[1] !== null] as const;
    this.adjRibOut = [adjRibOut(pathIds[0]), adjRibOut(pathIds[1])];
    this.vantage = vantage === null ? null : new VantageCosts(vantage);
    const chooses = vantage !== null || ownBest;
    this.chooses = [chooses || pathIds[0], chooses || pathIds[1]];
    this.#pending = new PendingChanges(tables.attrSets, tables.prefixes, pathIds);
    this.#slicePending = new PendingChanges(tables.attrSets, tables.prefixes, pathIds);
    this.#packer = new UpdatePacker({ maxMessage, asn4, addPath: pathIds });
  }

  get size(): number {
    return this.#members.size;
  }

  get members(): Iterable<PeerId> {
    return this.#members.keys();
  }

  get built(): boolean {
    return this.buildCursor[0] === NONE && this.buildCursor[1] === NONE;
  }

  /** The oldest pass whose packets or sets some member still has to take. */
  get oldestEpoch(): number {
    let oldest = this.#queue.oldestEpoch;
    for (const catchUp of this.#catchUps) oldest = Math.min(oldest, catchUp.epoch);
    return oldest;
  }

  /** Octets of packets and catch-up sets. */
  get queuedBytes(): number {
    const { queue, catchUps } = this.memory();
    return queue + catchUps;
  }

  /** Octets, by what they are for. */
  memory(): GroupMemory {
    let catchUps = 0;
    for (const catchUp of this.#catchUps) catchUps += catchUp.queue.bytes + catchUp.bytes;
    return {
      adjRibOut: this.adjRibOut[0].bytes + this.adjRibOut[1].bytes,
      memo: this.exporter.bytes,
      pending: this.#pending.bytes + this.#slicePending.bytes,
      queue: this.#queue.bytes,
      catchUps,
    };
  }

  /** Gives back what is not needed any more, where much was. */
  trim(): void {
    const { attrSets, prefixes } = this.#tables;
    for (const out of this.adjRibOut) out.trim();
    this.exporter.trim(attrSets.rows);
    const rows = Math.max(prefixes[0].rows, prefixes[1].rows);
    for (const pending of [this.#pending, this.#slicePending]) pending.trim(rows);
  }

  advertised(peer: PeerId, family: FamilyIndex): number {
    return this.adjRibOut[family].sizeFor(peer);
  }

  /** A new member: it is owed the whole Adj-RIB-Out, then End-of-RIB. */
  join(peer: PeerId, keeps = false): void {
    const catchUp = this.#joinableCatchUp();
    const reader = catchUp.queue.join(peer);
    this.#members.set(peer, { catchUp, reader, owesEndOfRib: true, keeps, marks: noRefresh() });
  }

  /** A member of `before` comes over: whatever it was told there is owed again in this group's view. */
  joinFrom(peer: PeerId, before: UpdateGroup): void {
    const { owesEndOfRib, keeps, marks } = before.#members.get(peer)!;
    const catchUp = this.#newCatchUp(false);
    catchUp.oweHeld(before.adjRibOut);
    for (const family of [0, 1] as const) {
      const [ours, theirs] = [this.adjRibOut[family], before.adjRibOut[family]];
      if (ours.kind === 'paths' && theirs.kind === 'paths') ours.coverIds(theirs);
    }
    catchUp.oweAsIn(before.#ownCatchUp(peer, before.#members.get(peer)!));
    before.leave(peer);
    if (this.built) catchUp.oweAll(this.adjRibOut, this.profile.families);
    const reader = catchUp.queue.join(peer);
    this.#members.set(peer, { catchUp, reader, owesEndOfRib, keeps, marks });
  }

  leave(peer: PeerId): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.delete(peer);
    if (member.catchUp === null) this.#queue.leave(peer);
    else this.#leaveCatchUp(peer, member.catchUp);
  }

  /**
   * ROUTE-REFRESH (RFC 2918): the whole Adj-RIB-Out of the family again, what was still queued included. `marked`: with
   * BoRR and EoRR around it, never before End-of-RIB (RFC 7313 4).
   */
  refresh(peer: PeerId, family: FamilyIndex, marked: boolean): void {
    const member = this.#members.get(peer);
    if (member === undefined || !this.profile.families[family]) return;
    if (marked && member.owesEndOfRib) {
      member.marks.wanted[family] = true;
      return;
    }
    const catchUp = this.#ownCatchUp(peer, member);
    if (this.built) catchUp.oweAll(this.adjRibOut, [family === 0, family === 1]);
    if (marked) member.marks.begins[family] = true;
  }

  /** The pass found `attrs` (NONE: nothing) from `source` for the prefix; remembered and queued when that is news. */
  record(family: FamilyIndex, prefix: PrefixId, attrs: AttrSetId | typeof NONE, source: PeerId): void {
    const out = this.adjRibOut[family];
    if (out.kind !== 'single') throw new Error('one path for a family with ADD-PATH');
    const oldAttrs = out.attrsOf(prefix);
    const oldSource = out.sourceOf(prefix);
    if (oldAttrs === attrs && (attrs === NONE || oldSource === source)) return;
    out.set(this.#tables.attrSets, prefix, attrs, source);
    this.#queueChange(family, prefix, 0, oldAttrs, oldSource, attrs, source);
  }

  /** As `record`, for all paths of a prefix of a family with ADD-PATH. */
  recordPaths(family: FamilyIndex, prefix: PrefixId, paths: ExportedPaths): void {
    const out = this.adjRibOut[family];
    if (out.kind !== 'paths') throw new Error('several paths for a family without ADD-PATH');
    this.#family = family;
    out.replace(this.#tables.attrSets, prefix, paths, this);
  }

  pathChanged(prefix: PrefixId, pathId: number, change: PathChange): void {
    const { oldAttrs, oldSource, attrs, source } = change;
    this.#queueChange(this.#family, prefix, pathId, oldAttrs, oldSource, attrs, source);
  }

  #queueChange(
    family: FamilyIndex,
    prefix: PrefixId,
    pathId: number,
    oldAttrs: AttrSetId | typeof NONE,
    oldSource: PeerId | typeof NONE,
    attrs: AttrSetId | typeof NONE,
    source: PeerId | typeof NONE,
  ): void {
    this.#hasNews = true;
    if (this.#queue.members.size > 0) {
      this.#pending.add(family, prefix, attrs, attrs === NONE ? oldSource : source, pathId);
      const held = oldAttrs !== NONE && attrs !== NONE && oldSource !== source;
      if (held && this.#queue.members.has(source as PeerId)) {
        this.#pending.withdrawFrom(source as PeerId, family, prefix, pathId);
      }
    }
    for (const catchUp of this.#catchUps) if (this.built) catchUp.owe(family, prefix);
  }

  /** Packs what the pass recorded. True when members have something new to pull. `more`: another pass follows at once. */
  flush(epoch: number, more: boolean): boolean {
    this.#epoch = epoch;
    if (this.#hasNews) {
      this.#hasNews = false;
      this.#queue.add(this.#pending.size > 0 ? this.#pending.pack(this.#packer, epoch) : null);
    }
    const told = this.#queue.flush(more);
    if (told) this.#evictSlow();
    return told;
  }

  /** The build is complete: those who waited for it are owed everything. */
  finishBuild(): void {
    for (const catchUp of this.#catchUps) catchUp.oweAll(this.adjRibOut, this.profile.families);
  }

  /**
   * The member's next octets, or null when it has everything. Of shared packets as many as `budget` allows: they are
   * ready, and one system call takes them all.
   */
  pull(peer: PeerId, budget: number): readonly Uint8Array[] | null {
    const member = this.#members.get(peer);
    if (member === undefined || !this.built) return null;
    const first = this.#nextParts(peer, member);
    if (first === null || member.catchUp !== null) return first;
    let parts = first;
    for (let octets = octetsOf(first); octets < budget; ) {
      const entry = this.#queue.next(member.reader);
      if (entry === null) break;
      const more = partsFor(entry, peer);
      octets += octetsOf(more);
      parts = parts.concat(more);
    }
    return parts;
  }

  /** False: `pull` would have nothing now. */
  owes(peer: PeerId): boolean {
    const member = this.#members.get(peer);
    if (member === undefined || !this.built) return false;
    return member.catchUp !== null || this.#queue.owes(member.reader) || mayEnd(member, this.#hold);
  }

  #nextParts(peer: PeerId, member: Member): readonly Uint8Array[] | null {
    const beginnings = takeBeginnings(member.marks);
    if (beginnings.length > 0) return beginnings;
    for (;;) {
      const { catchUp } = member;
      const entry =
        catchUp === null ? this.#queue.next(member.reader) : this.#nextOwed(peer, member.reader, catchUp);
      if (entry !== null) {
        const parts = partsFor(entry, peer);
        if (parts.length > 0) return parts;
      } else if (catchUp === null) return this.#heldEndOfRib(peer, member);
      else {
        const last = this.#caughtUp(peer, member, catchUp);
        if (last.length > 0) return last;
      }
    }
  }

  clear(): void {
    this.exporter.forgetAll();
    for (const out of this.adjRibOut) out.clear(this.#tables.attrSets);
  }

  #nextOwed(peer: PeerId, reader: Reader, catchUp: CatchUp) {
    const ready = catchUp.queue.next(reader);
    if (ready !== null) return ready;
    const { slicePrefixes } = this.#limits;
    if (!catchUp.packSlice(slicePrefixes, this.adjRibOut, this.#slicePending, this.#packer, this.#epoch)) {
      return null;
    }
    this.#splitSlow(catchUp, peer);
    return catchUp.queue.next(reader);
  }

  #caughtUp(peer: PeerId, member: Member, catchUp: CatchUp): readonly Uint8Array[] {
    this.#leaveCatchUp(peer, catchUp);
    member.reader = this.#queue.join(peer);
    member.catchUp = null;
    const ends = takeEnds(member.marks);
    return mayEnd(member, this.#hold) ? [this.#sayEndOfRib(peer, member), ...ends] : ends;
  }

  /** Everything is told; End-of-RIB may have had to wait. */
  #heldEndOfRib(peer: PeerId, member: Member): readonly Uint8Array[] | null {
    return mayEnd(member, this.#hold) ? [this.#sayEndOfRib(peer, member)] : null;
  }

  #sayEndOfRib(peer: PeerId, member: Member): Uint8Array {
    member.owesEndOfRib = false;
    for (const family of takeWanted(member.marks)) this.refresh(peer, family, true);
    return this.#endOfRib();
  }

  #endOfRib(): Uint8Array {
    for (const family of [0, 1] as const) if (this.profile.families[family]) this.#packer.endOfRib(family);
    return this.#packer.length === 0 ? EMPTY : this.#packer.take();
  }

  #joinableCatchUp(): CatchUp {
    for (const catchUp of this.#catchUps) if (catchUp.joinable) return catchUp;
    const catchUp = this.#newCatchUp(true);
    if (this.built) catchUp.oweAll(this.adjRibOut, this.profile.families);
    return catchUp;
  }

  #newCatchUp(whole: boolean): CatchUp {
    const catchUp = new CatchUp(this.#epoch, whole);
    this.#catchUps.add(catchUp);
    return catchUp;
  }

  #leaveCatchUp(peer: PeerId, catchUp: CatchUp) {
    const missed = catchUp.queue.leave(peer);
    if (catchUp.size === 0) this.#catchUps.delete(catchUp);
    return missed;
  }

  #ownCatchUp(peer: PeerId, member: Member): CatchUp {
    return this.#catchUpTogether([peer], member.catchUp);
  }

  /**
   * Moves members that stand at the same place (of a catch-up, or of the shared queue) to a new catch-up: it owes all
   * that they had not taken, packed once for all of them.
   */
  #catchUpTogether(peers: readonly PeerId[], from: CatchUp | null): CatchUp {
    const together = this.#newCatchUp(false);
    if (from !== null) together.oweAsIn(from);
    for (const [i, peer] of peers.entries()) {
      const missed = from === null ? this.#queue.leave(peer) : this.#leaveCatchUp(peer, from);
      if (i === 0) together.oweMissed(missed);
      const member = this.#members.get(peer)!;
      member.reader = together.queue.join(peer);
      member.catchUp = together;
    }
    return together;
  }

  #evictSlow(): void {
    while (this.#queue.bytes > this.#limits.queueBytes) {
      this.#catchUpTogether(this.#queue.slowest(), null);
    }
  }

  #splitSlow(catchUp: CatchUp, puller: PeerId): void {
    while (catchUp.queue.bytes > this.#limits.queueBytes) {
      const slow = catchUp.queue.slowest();
      if (slow.includes(puller)) return;
      this.#catchUpTogether(slow, catchUp);
    }
  }
}

const octetsOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

const adjRibOut = (pathIds: boolean): AdjRibsOut[0] => (pathIds ? new AdjRibOutPaths() : new AdjRibOut());
