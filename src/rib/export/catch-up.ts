// Members of an update group that are not at the shared queue: joiners that want the whole Adj-RIB-Out, and slow ones that
// fell out. They share a set of prefixes still owed and a queue of their own, filled slice by slice as they pull.
// Memory is bounded: what changes meanwhile is a bit in the set, latest state only.

import { Bitset } from '../../base/bitset.js';
import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import type { UpdatePacker } from '../../wire/update-packer.js';
import type { AdjRibOut } from './adj-rib-out.js';
import type { AdjRibOutPaths } from './adj-rib-out-paths.js';
import { type PacketEntry, PacketQueue } from './packet-queue.js';
import type { PendingChanges } from './pending-changes.js';

/** By family: one path a prefix, or several. */
export type AdjRibsOut = readonly [AdjRibOut | AdjRibOutPaths, AdjRibOut | AdjRibOutPaths];

export class CatchUp {
  readonly queue = new PacketQueue();
  /** The oldest pass of which a member may not know: prefixes that ended since must keep their ids. */
  #epoch: number;
  /** Prefixes whose present state is owed, by family. */
  readonly #owed = [new Bitset(), new Bitset()] as const;
  /** Of those, the ones a member may hold an older state of: a withdrawal is owed too. */
  readonly #held = [new Bitset(), new Bitset()] as const;
  readonly #whole: boolean;
  #begun = false;

  /** `whole`: it will owe the whole Adj-RIB-Out, as joiners need. */
  constructor(epoch: number, whole: boolean) {
    this.#epoch = epoch;
    this.#whole = whole;
  }

  /** Owes everything and nothing is packed yet: newcomers may still share it. */
  get joinable(): boolean {
    return this.#whole && !this.#begun;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.queue.members.size;
  }

  get owed(): number {
    return this.#owed[0].size + this.#owed[1].size;
  }

  get bytes(): number {
    return this.#owed[0].bytes + this.#owed[1].bytes + this.#held[0].bytes + this.#held[1].bytes;
  }

  oweAll(adjRibOut: AdjRibsOut, families: readonly [boolean, boolean]): void {
    for (const family of [0, 1] as const) {
      if (!families[family]) continue;
      const out = adjRibOut[family];
      for (let prefix = 0; prefix < out.prefixRows; prefix++) {
        if (out.announces(prefix as PrefixId)) this.#owed[family].add(prefix);
      }
    }
  }

  /** The prefix changed, or its packet was missed, and a member may hold an older state. */
  owe(family: FamilyIndex, prefix: PrefixId): void {
    this.#owed[family].add(prefix);
    // Those who have been sent nothing yet hold nothing.
    if (!this.joinable) this.#held[family].add(prefix);
  }

  /** Members may hold anything of `adjRibOut`: its present state, or its end, is owed. */
  oweHeld(adjRibOut: AdjRibsOut): void {
    for (const family of [0, 1] as const) {
      const out = adjRibOut[family];
      for (let prefix = 0; prefix < out.prefixRows; prefix++) {
        if (out.announces(prefix as PrefixId)) this.owe(family, prefix as PrefixId);
      }
    }
  }

  oweMissed(entries: readonly PacketEntry[]): void {
    for (const entry of entries) {
      this.#epoch = Math.min(this.#epoch, entry.epoch);
      for (const family of [0, 1] as const) {
        for (const prefix of entry.prefixes[family]) this.owe(family, prefix as PrefixId);
      }
    }
  }

  /** Everything this one still owes, for a member that leaves it for one of its own. */
  oweAsIn(other: CatchUp): void {
    this.#epoch = Math.min(this.#epoch, other.#epoch);
    for (const family of [0, 1] as const) {
      for (const prefix of other.#owed[family]) this.#owed[family].add(prefix);
      for (const prefix of other.#held[family]) this.#held[family].add(prefix);
    }
  }

  /** Packs the next slice, `limit` prefixes at most, for the members; false when nothing is owed. */
  packSlice(
    limit: number,
    adjRibOut: AdjRibsOut,
    pending: PendingChanges,
    packer: UpdatePacker,
    epoch: number,
  ): boolean {
    this.#begun = true;
    for (const family of [0, 1] as const) {
      if (this.#owed[family].size > 0) {
        this.#fill(limit, family, adjRibOut[family], pending);
        this.queue.append(pending.pack(packer, epoch));
        return true;
      }
    }
    return false;
  }

  #fill(limit: number, family: FamilyIndex, adjRibOut: AdjRibsOut[0], pending: PendingChanges): void {
    const owed = this.#owed[family];
    let prefix = owed.next(0);
    for (let i = 0; i < limit && prefix >= 0; i++) {
      owed.delete(prefix);
      if (adjRibOut.kind === 'single') this.#addOne(family, prefix as PrefixId, adjRibOut, pending);
      else this.#addPaths(family, prefix as PrefixId, adjRibOut, pending);
      prefix = owed.next(prefix + 1);
    }
  }

  #addOne(family: FamilyIndex, prefix: PrefixId, adjRibOut: AdjRibOut, pending: PendingChanges): void {
    const attrs = adjRibOut.attrsOf(prefix);
    const source = adjRibOut.sourceOf(prefix);
    const held = this.#held[family].delete(prefix);
    if (attrs !== NONE) pending.add(family, prefix, attrs as AttrSetId, source);
    else if (held) pending.add(family, prefix, NONE, NONE);
    if (held && source !== NONE && this.queue.members.has(source as PeerId)) {
      pending.withdrawFrom(source as PeerId, family, prefix);
    }
  }

  /** A member may hold any path id that was ever used for the prefix: those that are not now are withdrawn. */
  #addPaths(family: FamilyIndex, prefix: PrefixId, out: AdjRibOutPaths, pending: PendingChanges): void {
    const held = this.#held[family].delete(prefix);
    for (let row = out.head(prefix); row !== NONE; row = out.next[row]!) {
      const source = out.source[row]! as PeerId;
      const pathId = out.pathId[row]!;
      pending.add(family, prefix, out.attrs[row]! as AttrSetId, source, pathId);
      if (held && this.queue.members.has(source)) pending.withdrawFrom(source, family, prefix, pathId);
    }
    if (held) for (const pathId of out.goneIds(prefix)) pending.add(family, prefix, NONE, NONE, pathId);
  }
}
