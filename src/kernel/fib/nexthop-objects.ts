// Nexthop objects of ours in the kernel: one group per intent, so that a hop that comes or goes is one message for all
// routes that use the group. Knows what the kernel holds and what it should; writes nothing itself.

import type { ObjectWrite } from '../port.js';
import type { KernelNextHop, KernelNexthop, NexthopMember } from '../types.js';
import type { IntentGroup } from './fib-intents.js';
import { comingContent, type GroupObject, type ObjectPending } from './group-object.js';
import { HopObjects } from './hop-objects.js';
import { type NextHopSets, NO_SET } from './next-hop-sets.js';

/** Ids are ours from here on, a million per protocol: two daemons on one host cannot meet. */
const FIRST_ID = 0x40000000;
const IDS_PER_PROTOCOL = 0x100000;

/** What a kernel says to a kind of group that it does not know. */
const UNKNOWN: readonly string[] = ['EINVAL', 'EOPNOTSUPP'];

export class NexthopObjects {
  readonly #sets: NextHopSets;
  readonly #objects: (GroupObject | undefined)[] = [];
  readonly #byId = new Map<number, GroupObject>();
  readonly #hops = new HopObjects();
  /** Groups that may have to be written. */
  readonly dirty = new Set<GroupObject>();
  #free: number[] = [];
  /** Groups with hops that were not told of yet. */
  readonly #unresolved = new Map<GroupObject, readonly NexthopMember[]>();
  #protocol: number;
  #nextId = 1;
  /** False: routes carry their hops themselves. */
  enabled = false;
  /** The kernel has groups that leave flows where they are; until it says otherwise. */
  #hasResilient = true;
  /** Something may be out of use. */
  garbage = false;
  /** Ids that the running listing named, null when none runs. */
  #named: Set<number> | null = null;

  constructor(sets: NextHopSets, protocol: number) {
    this.#sets = sets;
    this.#protocol = protocol;
  }

  get(index: number): GroupObject {
    return this.#objects[index]!;
  }

  byId(id: number): GroupObject | undefined {
    return this.#byId.get(id);
  }

  *groups(): Generator<GroupObject> {
    for (const object of this.#objects) if (object !== undefined) yield object;
  }

  /** Changes that the kernel has yet to hear of or to answer. */
  get pending(): number {
    let writing = 0;
    for (const object of this.groups()) if (object.writing !== null) writing++;
    return this.dirty.size + writing + Number(this.garbage);
  }

  /** Groups and single hops that the kernel is believed to have. */
  get counts(): { readonly groups: number; readonly hops: number } {
    return { groups: this.#byId.size, hops: this.#hops.size };
  }

  /** Another protocol: what was made under the old one is no longer ours to find; it goes with its last route. */
  configure(protocol: number): void {
    this.#protocol = protocol;
  }

  /** Whether flows are treated by the object as the intent wants it. */
  fits({ resilient }: GroupObject, group: IntentGroup): boolean {
    return resilient === this.#wantsResilient(group);
  }

  #wantsResilient({ sticky }: IntentGroup): boolean {
    return this.#hasResilient && sticky !== null;
  }

  /**
   * The object that follows this intent: its own, the one that its route `held` alone so far, one nobody follows that
   * already holds the same, or a new one.
   */
  of(group: IntentGroup, held: number | null): GroupObject {
    const known = group.object;
    if (known !== null && !known.gone) return known;
    const found =
      this.#left(group, held) ??
      this.#orphan(group) ??
      this.#make(this.#freeId(), group.ipv6, this.#wantsResilient(group));
    found.owner = group;
    group.object = found;
    if (found.content !== group.set) this.dirty.add(found);
    return found;
  }

  /** The intent is nobody's any more; routes may still use its object. */
  disown(group: IntentGroup): void {
    if (group.object === null) return;
    group.object.owner = null;
    group.object = null;
    this.garbage = true;
  }

  /** An object that nobody follows is this intent's from now on. */
  inherit(object: GroupObject, group: IntentGroup): void {
    object.owner = group;
    group.object = object;
  }

  /** Somebody else's route uses it, and would go with it. */
  lend(id: number): void {
    const object = this.#byId.get(id);
    if (object !== undefined) object.lent = true;
  }

  hold(index: number): void {
    this.#objects[index]!.users++;
  }

  unhold(index: number): void {
    if (--this.#objects[index]!.users === 0) this.garbage = true;
  }

  /** Appends the writes that bring dirty groups in line with their intents. */
  takeWrites(writes: ObjectWrite[], pending: ObjectPending[]): void {
    for (const object of this.dirty) {
      this.dirty.delete(object);
      const target = object.owner?.set ?? NO_SET;
      if (object.gone || object.writing !== null || target === NO_SET || target === object.content) continue;
      if (object.owner?.plain === true) continue;
      const members = this.#members(target, object.ipv6, writes, pending);
      object.writing = target;
      const { id, resilient } = object;
      writes.push({ kind: 'setGroup', id, protocol: this.#protocol, resilient, members });
      pending.push({ kind: 'group', object, set: target });
    }
  }

  /** Removes from the kernel what nobody refers to: groups first, their hops after them. */
  takeGarbage(max: number, writes: ObjectWrite[], pending: ObjectPending[]): void {
    if (!this.garbage || this.#named !== null) return;
    const drop = (id: number): void => {
      writes.push({ kind: 'dropObject', id });
      pending.push({ kind: 'drop' });
    };
    const used = new Set<number>();
    for (const object of this.groups()) {
      const idle = !object.lent && object.users === 0 && object.owner === null && object.writing === null;
      if (!idle || writes.length >= max) {
        for (const set of [object.content, object.writing ?? NO_SET])
          for (const hop of this.#sets.get(set)) used.add(this.#hops.idOf(hop, object.ipv6) ?? 0);
        continue;
      }
      if (object.content !== NO_SET) drop(object.id);
      this.#forget(object);
    }
    for (const id of this.#hops.ids()) {
      if (used.has(id) || writes.length >= max) continue;
      drop(id);
      this.#hops.delete(id);
    }
    this.garbage = writes.length >= max;
  }

  /** The kernel's answer. Returns the group whose content changed, or that was refused. */
  settle(pending: ObjectPending, errno: string | null): GroupObject | null {
    if (pending.kind === 'drop') return null;
    if (pending.kind === 'hop') {
      if (errno !== null) this.#hops.delete(pending.id);
      return null;
    }
    const { object, set } = pending;
    object.writing = null;
    if (errno === null) object.content = set;
    else if (object.resilient && object.content === NO_SET && UNKNOWN.includes(errno))
      this.#doWithout(object);
    else if (object.owner !== null && object.owner.set === set) object.owner.plain = true;
    if (object.owner !== null && object.owner.set !== object.content) this.dirty.add(object);
    this.garbage = true;
    return object;
  }

  /** No answer will come: a listing tells what became of it. */
  abandon(pending: ObjectPending): void {
    if (pending.kind !== 'group') return;
    pending.object.writing = null;
    this.dirty.add(pending.object);
  }

  /** The kernel says that it does not know the object: it is made again. */
  distrust(index: number): void {
    const object = this.get(index);
    if (object.writing !== null) return;
    object.content = NO_SET;
    this.dirty.add(object);
    for (const hop of this.#sets.get(object.owner?.set ?? NO_SET))
      this.#hops.delete(this.#hops.idOf(hop, object.ipv6) ?? 0);
  }

  /**
   * The kernel takes the hops of a dead link out of every group, and a group without hops away with its routes; it tells
   * nobody. `gone`: the groups that went; `some`: whether any was touched.
   */
  linkLost(ifindex: number): { readonly gone: readonly GroupObject[]; readonly some: boolean } {
    for (const id of this.#hops.through(ifindex)) this.#hops.delete(id);
    const gone: GroupObject[] = [];
    let some = false;
    for (const object of this.groups()) {
      const hops = this.#sets.get(object.content);
      const left = hops.filter((hop) => hop.ifindex !== ifindex);
      if (left.length === hops.length) continue;
      object.content = left.length === 0 ? NO_SET : this.#sets.intern(left);
      this.dirty.add(object);
      some = true;
      if (left.length === 0) gone.push(object);
    }
    return { gone, some };
  }

  beginListing(): void {
    this.#named = new Set();
  }

  /** What is ours and was not named is gone; returns the groups among it. */
  endListing(): readonly GroupObject[] {
    const named = this.#named;
    this.#named = null;
    if (named === null) return [];
    const gone = [...this.groups()].filter(
      (object) => object.content !== NO_SET && object.writing === null && !named.has(object.id),
    );
    for (const object of gone) this.#lost(object);
    for (const object of this.#unresolved.keys()) this.dirty.add(object);
    this.#unresolved.clear();
    for (const id of this.#hops.ids()) if (!named.has(id)) this.#hops.delete(id);
    return gone;
  }

  /** A notification or a row of a listing. Returns the group that is otherwise than it was believed to be. */
  observe(nexthop: KernelNexthop, present: boolean): GroupObject | null {
    const { id, protocol, hop, members } = nexthop;
    if (protocol !== this.#protocol || !this.#isOurs(id)) return null;
    this.#named?.add(id);
    if (hop !== null) this.#observeHop(id, hop, present);
    const known = this.#byId.get(id);
    if (members === null || known?.writing != null) return null;
    if (!present) return known === undefined || known.content === NO_SET ? null : this.#lost(known);
    return this.#observeGroup(nexthop, members, known);
  }

  /** A group is being written: a listing that is on its way cannot speak of it. */
  named(id: number): void {
    this.#named?.add(id);
  }

  #observeHop(id: number, hop: KernelNextHop, present: boolean): void {
    if (!present) this.#hops.delete(id);
    else if (!this.#hops.has(id)) {
      this.#hops.add(id, hop, hop.gateway?.family === 'ipv6');
      this.garbage = true;
    }
    // A listing goes by number: a group may come before its hops.
    for (const [object, members] of this.#unresolved) this.#resolve(object, members);
  }

  #observeGroup(
    { id, resilient }: KernelNexthop,
    members: readonly NexthopMember[],
    known: GroupObject | undefined,
  ): GroupObject | null {
    const object = known ?? this.#make(id, false, resilient === true);
    const before = object.content;
    object.resilient = resilient === true;
    this.#resolve(object, members);
    if (object.content === before) return null;
    this.dirty.add(object);
    this.garbage = true;
    return known === undefined ? null : object;
  }

  #resolve(object: GroupObject, members: readonly NexthopMember[]): void {
    const hops = members.flatMap(({ id, weight }) => {
      const hop = this.#hops.get(id);
      return hop === undefined ? [] : [{ ...hop, weight }];
    });
    if (hops.length < members.length) {
      this.#unresolved.set(object, members);
      return;
    }
    this.#unresolved.delete(object);
    object.ipv6 = hops[0]?.gateway?.family === 'ipv6';
    object.content = this.#sets.intern(hops);
  }

  #lost(object: GroupObject): GroupObject {
    this.#unresolved.delete(object);
    object.content = NO_SET;
    this.dirty.add(object);
    return object;
  }

  /** The group of a route whose flows are to stay where they are: its next hops change, the group remains. */
  #left(group: IntentGroup, held: number | null): GroupObject | null {
    const object = group.sticky === null || held === null ? undefined : this.#objects[held];
    if (object === undefined || object.owner !== null || object.users > 1 || object.gone) return null;
    return object.ipv6 === group.ipv6 && this.fits(object, group) ? object : null;
  }

  #orphan(group: IntentGroup): GroupObject | null {
    if (group.sticky !== null) return null;
    for (const object of this.groups()) {
      const alike = object.ipv6 === group.ipv6 && this.fits(object, group);
      if (alike && object.owner === null && comingContent(object) === group.set) return object;
    }
    return null;
  }

  /** An old kernel: groups of the other kind from now on. */
  #doWithout(object: GroupObject): void {
    this.#hasResilient = false;
    object.resilient = false;
  }

  #make(id: number, ipv6: boolean, resilient: boolean): GroupObject {
    const index = this.#free.pop() ?? this.#objects.length;
    const object: GroupObject = {
      index,
      id,
      ipv6,
      resilient,
      content: NO_SET,
      owner: null,
      users: 0,
      writing: null,
      gone: false,
      lent: false,
    };
    this.#objects[index] = object;
    this.#byId.set(id, object);
    return object;
  }

  #forget(object: GroupObject): void {
    object.gone = true;
    this.#unresolved.delete(object);
    this.dirty.delete(object);
    this.#byId.delete(object.id);
    this.#objects[object.index] = undefined;
    this.#free.push(object.index);
  }

  #members(set: number, ipv6: boolean, writes: ObjectWrite[], pending: ObjectPending[]): NexthopMember[] {
    return this.#sets.get(set).map((hop) => {
      const known = this.#hops.idOf(hop, ipv6);
      if (known !== undefined) return { id: known, weight: hop.weight };
      const id = this.#freeId();
      this.#hops.add(id, { ...hop, weight: 1 }, ipv6);
      const family = ipv6 ? 'ipv6' : 'ipv4';
      writes.push({ kind: 'setHop', id, protocol: this.#protocol, family, hop });
      pending.push({ kind: 'hop', id });
      this.named(id);
      return { id, weight: hop.weight };
    });
  }

  #freeId(): number {
    for (;;) {
      const id = this.#base + (this.#nextId++ % IDS_PER_PROTOCOL);
      if (!this.#byId.has(id) && !this.#hops.has(id)) return id;
    }
  }

  get #base(): number {
    return FIRST_ID + this.#protocol * IDS_PER_PROTOCOL;
  }

  #isOurs(id: number): boolean {
    return id >= this.#base && id < this.#base + IDS_PER_PROTOCOL;
  }
}
