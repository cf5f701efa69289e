// The RIB: takes updates and local routes in, keeps the dirty set, and in one pass decides, tells the kernel side, and
// fills the update groups. Pure: no clock, no sockets; work is done in slices that the caller asks for.

import type { FamilyIndex } from '../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PathId, type PeerId, type PrefixId } from '../base/ids.js';
import type { IpAddress } from '../base/ip.js';
import { type Prefix, prefixWords } from '../base/prefix.js';
import { NlriCursor } from '../wire/nlri.js';
import type { NlriRun, UpdateView } from '../wire/types.js';
import { Decision } from './decision.js';
import { DEFAULT_DECISION, type DecisionOptions, decisionKey } from './decision-steps.js';
import { DEFAULT_LIMITS } from './export/group-limits.js';
import { UpdateGroups } from './export/update-groups.js';
import type { ExportProfile, OriginValidation } from './hooks.js';
import { AdjRibIn } from './import/adj-rib-in.js';
import { Importer, type InterfaceOf } from './import/importer.js';
import { markAll, markByNextHop, markChoices } from './import/recheck.js';
import { Restarts } from './import/restarts.js';
import { type Covers, pathsOf, Revalidation } from './import/revalidation.js';
import { MultipathSets } from './multipath/multipath-sets.js';
import type { RibListener, RibOptions } from './rib-options.js';
import { AttrSets } from './tables/attr-sets.js';
import { DirtyList } from './tables/dirty-list.js';
import { type NextHopId, NextHops } from './tables/next-hops.js';
import { PathChanges } from './tables/path-changes.js';
import { PathSweep } from './tables/path-sweep.js';
import { PrefixTable } from './tables/prefix-table.js';
import { Quarantine } from './tables/quarantine.js';
import { changeOf, isStale, type RibPeer, Sources } from './tables/sources.js';
import { WorkSignal } from './work-signal.js';

const everyone = (): boolean => true;

/** Prefixes that are gone and keep their rows: so many are worth a pass of their own. */
const MANY_ENDED = 1024;

export class Rib {
  readonly nextHops: NextHops;
  /** Null: no RPKI. */
  readonly validation: OriginValidation | null;
  readonly attrSets: AttrSets;
  readonly sources = new Sources();
  readonly prefixes: readonly [PrefixTable, PrefixTable];
  readonly paths = [new AdjRibIn(), new AdjRibIn()] as const;
  readonly groups: UpdateGroups;
  readonly multipath: MultipathSets;
  readonly restarts: Restarts;
  readonly decisions: readonly [Decision, Decision];
  readonly #dirty: readonly [DirtyList, DirtyList];
  readonly importer: Importer;
  readonly #changes: PathChanges;
  readonly #listener: RibListener;
  readonly #quarantine: Quarantine;
  readonly #revalidation: Revalidation;
  readonly #cursor = new NlriCursor();
  readonly #sweep = new PathSweep(this.paths);
  /** By family: prefixes with a best path. */
  readonly #bestCount: [number, number] = [0, 0];
  readonly #changedNextHops = new Set<NextHopId>();
  #epoch = 1;
  /** Tells the listener of work; `rearm` has it told of the next change as well, though some has been announced. */
  readonly work: WorkSignal;
  /** UPDATEs applied so far. */
  updates = 0;

  constructor(options: RibOptions) {
    this.#listener = options.listener;
    this.work = new WorkSignal(() => options.listener.workPending());
    this.validation = options.validation ?? null;
    this.nextHops = new NextHops(options.nextHopInterest);
    this.attrSets = new AttrSets(this.nextHops, options.seed);
    this.prefixes = [new PrefixTable(false, options.seed), new PrefixTable(true, options.seed)];
    this.#dirty = [new DirtyList(this.prefixes[0]), new DirtyList(this.prefixes[1])];
    const decision = options.decision ?? DEFAULT_DECISION;
    this.decisions = [
      new Decision(this, this.paths[0], decision, 0),
      new Decision(this, this.paths[1], decision, 1),
    ];
    this.multipath = new MultipathSets(this);
    this.groups = new UpdateGroups(options.rules, this, options.limits ?? DEFAULT_LIMITS);
    this.#changes = new PathChanges(this, this.#dirty);
    this.importer = new Importer(this, options.routerId, options.clusterIds);
    this.#revalidation = new Revalidation(this.prefixes);
    this.restarts = new Restarts(this, {
      sweep: (id) => this.reimport(id),
      replace: (id, peer) => this.#replace(id, peer),
      decideAll: () => markAll(this.paths, this.#dirty),
      wake: (id) => this.#listener.wake(id),
      announce: () => this.work.announce(),
    });
    this.#quarantine = new Quarantine(this.prefixes);
    this.attrSets.onFree = (id) => {
      this.importer.forget(id);
      this.groups.forgetAttrs(id);
    };
  }

  /** A session came up; the id is good until its `peerDown`. `keeps`: it may keep what it was told before (End-of-RIB is held). */
  peerUp(peer: RibPeer, profile: ExportProfile, keeps = false): PeerId {
    const id = this.sources.add(peer);
    this.groups.join(id, profile, keeps);
    this.work.announce();
    return id;
  }

  /** The session ended: its paths go in slices, its id is free again when they are gone. */
  peerDown(id: PeerId): void {
    this.groups.leave(id);
    this.#sweep.add(id, 'left');
    this.work.announce();
  }

  /**
   * Policies or export settings changed: re-evaluates what was learned and what is told, sending only differences.
   * Address, AS, router id and kind of the peer are those of the session.
   */
  peerChanged(id: PeerId, peer: RibPeer, profile: ExportProfile): void {
    this.#replace(id, peer);
    if (this.groups.move(id, profile)) this.#listener.wake(id);
    this.work.announce();
  }

  #replace(id: PeerId, peer: RibPeer): void {
    const reason = changeOf(this.sources.get(id).peer!, peer);
    this.sources.replace(id, peer);
    if (reason === 'renamed') this.groups.forgetSources();
    if (reason !== null) this.#sweep.add(id, reason);
  }

  /** Judges anew what is held from the peer: import policy, loops and limits; what is stale in a round that is over goes. */
  reimport(id: PeerId): void {
    this.#sweep.add(id, 'changed');
    this.work.announce();
  }

  /** Whole messages for the peer, about `budget` octets where so much is ready; null when it has everything. */
  pull(id: PeerId, budget = 0): readonly Uint8Array[] | null {
    const group = this.groups.of(id);
    const packets = group?.pull(id, budget) ?? null;
    // Many prefixes wait for their members to hear of their end: the last one may have.
    if (this.#quarantine.size >= MANY_ENDED && !group?.owes(id)) this.work.announce();
    return packets;
  }

  /** ROUTE-REFRESH from the peer; `marked`: it knows BoRR and EoRR (RFC 7313). */
  refresh(id: PeerId, family: FamilyIndex, marked: boolean): void {
    this.groups.of(id)?.refresh(id, family, marked);
    this.#listener.wake(id);
  }

  applyUpdate(id: PeerId, view: UpdateView): void {
    this.updates++;
    for (const run of view.runs)
      if (run.kind === 'reach') this.#reach(id, view, run);
      else this.#unreach(id, view, run);
    if (this.#hasDirty()) this.work.announce();
  }

  /** One path as it came from the peer, without an UPDATE around it: its attribute block is `start` to `end` of `bytes`. */
  learn(id: PeerId, prefix: Prefix, pathId: number, bytes: Uint8Array, start: number, end: number): void {
    const family: FamilyIndex = prefix.address.family === 'ipv4' ? 0 : 1;
    const row = this.prefixes[family].findOrAdd(...prefixWords(prefix), prefix.length);
    const received = this.attrSets.intern(bytes, start, end);
    const accepted = this.importer.judge(family, row, this.sources.get(id).peer!, received);
    this.#changes.set(family, row, id, pathId, received, accepted);
    this.work.announce();
  }

  /** A local route appeared or changed (`block`), or went away (null). */
  applyLocal(source: PeerId, prefix: Prefix, block: Uint8Array | null): void {
    const family: FamilyIndex = prefix.address.family === 'ipv4' ? 0 : 1;
    const [w0, w1, w2, w3] = prefixWords(prefix);
    const table = this.prefixes[family];
    if (block === null) {
      const id = table.find(w0, w1, w2, w3, prefix.length);
      if (id !== NONE) this.#changes.withdraw(family, id as PrefixId, source, 0);
    } else {
      const id = table.findOrAdd(w0, w1, w2, w3, prefix.length);
      const attrs = this.attrSets.intern(block, 0, block.length);
      this.#changes.set(family, id, source, 0, attrs, attrs);
    }
    if (this.#hasDirty()) this.work.announce();
  }

  /** What next-hop tracking found; every prefix with a path over it is decided again. */
  setNextHop(address: IpAddress, reachable: boolean, cost: number): void {
    for (const id of this.nextHops.setState(address, reachable, cost)) this.#changedNextHops.add(id);
    if (this.importer.hasMoved(address)) this.#judgeAnew(() => true);
    if (this.#changedNextHops.size > 0) this.work.announce();
  }

  /** For policies learned routes have the interface to their next hop, as kernel routes theirs; null: they have none. */
  setInterfaces(interfaceOf: InterfaceOf | null): void {
    if (this.importer.setInterfaces(interfaceOf)) this.#judgeAnew(() => true);
  }

  /** The cluster ids of our own (RFC 4456 7): a route that passed one of them is a loop. What is there is judged anew. */
  setClusterIds(ids: readonly number[]): void {
    if (this.importer.setClusterIds(ids)) this.#judgeAnew(({ peerType }) => peerType !== 'ebgp');
  }

  #judgeAnew(whose: (peer: RibPeer) => boolean): void {
    for (const { id, peer } of this.sources.all()) {
      if (peer !== null && whose(peer)) this.#sweep.add(id, 'changed');
    }
    this.work.announce();
  }

  /** Origin validation says something else of these prefixes, as far as policies ask for it. */
  revalidate(covers: Covers): void {
    this.#revalidation.add(covers);
    this.work.announce();
  }

  /** Other rules of the decision: where there is a choice of paths it is made again. */
  setDecision(options: DecisionOptions): void {
    if (decisionKey(this.decisions[0].options) === decisionKey(options)) return;
    for (const decision of this.decisions) decision.options = options;
    for (const family of [0, 1] as const) markChoices(this.paths[family], this.#dirty[family]);
    if (this.#hasDirty()) this.work.announce();
  }

  /** One slice of at most about `budget` prefixes. True when there is more to do. */
  run(budget: number): boolean {
    this.work.rearm();
    const epoch = this.#epoch++;
    markByNextHop(this.paths, this.attrSets, this.#changedNextHops, this.#dirty);
    this.#changedNextHops.clear();
    this.#sweepPaths(budget);
    this.#revalidation.slice(budget, (family, prefix) => this.#revalidate(family, prefix));
    for (const family of [0, 1] as const) this.#decideDirty(family, budget, epoch);
    const built = this.groups.build(budget);
    for (const group of built.completed) group.finishBuild();
    const more = built.more || this.#hasDirty() || this.#sweep.pending || this.#revalidation.pending;
    for (const group of this.groups.all()) {
      if (group.flush(epoch, more) || built.completed.includes(group)) {
        for (const peer of group.members) this.#listener.wake(peer);
      }
    }
    this.#quarantine.release(this.groups.oldestEpoch, (family, prefix) => this.#isUnused(family, prefix));
    this.nextHops.sweep();
    this.attrSets.sweep();
    if (!more) this.#trim();
    return more;
  }

  /** Tables that have become much too large get smaller. */
  #trim(): void {
    const tables = [...this.prefixes, ...this.paths, ...this.#dirty, this.attrSets];
    for (const table of [...tables, ...this.groups.all()]) table.trim();
  }

  /** Octets of the lists of what is to be decided. */
  get workBytes(): number {
    return this.#dirty[0].bytes + this.#dirty[1].bytes;
  }

  bestCount(family: FamilyIndex): number {
    return this.#bestCount[family];
  }

  #reach(id: PeerId, view: UpdateView, run: NlriRun): void {
    const { family } = run;
    const table = this.prefixes[family];
    const peer = this.sources.get(id).peer!;
    const received = this.attrSets.intern(view.scratch, run.blockStart, run.blockEnd);
    const perPrefix = peer.importPolicy.readsPrefix;
    const refusal = this.importer.refusal(peer, received);
    const { refused } = this.sources.get(id);
    const cursor = this.#cursor;
    cursor.open(view.frame, run);
    let accepted: AttrSetId | typeof NONE = NONE;
    let evaluated = false;
    while (cursor.next()) {
      const prefix = table.findOrAdd(cursor.w0, cursor.w1, cursor.w2, cursor.w3, cursor.length);
      if (refusal !== null) refused[refusal]++;
      else if (perPrefix || !evaluated) {
        accepted = this.importer.import(family, prefix, peer, received);
        evaluated = true;
      }
      this.#changes.set(family, prefix, id, cursor.pathId, received, accepted);
    }
  }

  #unreach(id: PeerId, view: UpdateView, run: NlriRun): void {
    const table = this.prefixes[run.family];
    const cursor = this.#cursor;
    cursor.open(view.frame, run);
    while (cursor.next()) {
      const prefix = table.find(cursor.w0, cursor.w1, cursor.w2, cursor.w3, cursor.length);
      if (prefix !== NONE) this.#changes.withdraw(run.family, prefix as PrefixId, id, cursor.pathId);
    }
  }

  #revisit(family: FamilyIndex, path: PathId): void {
    const paths = this.paths[family];
    const { peer, refresh } = this.sources.get(paths.peer[path]! as PeerId);
    if (peer === null) return;
    if (isStale(refresh, family, paths.round[path]!)) {
      this.#changes.remove(family, path);
      return;
    }
    const received = paths.received[path]! as AttrSetId;
    const prefix = paths.prefix[path]! as PrefixId;
    const accepted = this.importer.judge(family, prefix, peer, received);
    this.#changes.accept(family, path, accepted);
  }

  #revalidate(family: FamilyIndex, prefix: PrefixId): void {
    const paths = this.paths[family];
    for (const path of pathsOf(paths, this.prefixes[family], prefix)) {
      const { peer } = this.sources.get(paths.peer[path]! as PeerId);
      if (peer?.importPolicy.readsRpki === true) this.#revisit(family, path);
    }
    this.#retell(family, prefix, ({ policy }) => policy.readsRpki);
  }

  /** The kernel and these groups judge anew what is best, though it is the same. */
  #retell(family: FamilyIndex, prefix: PrefixId, concerns: (profile: ExportProfile) => boolean): void {
    this.#listener.bestChanged(family, prefix);
    for (const group of this.groups.all()) {
      if (group.profile.families[family] && concerns(group.profile))
        this.groups.update(group, family, prefix);
    }
  }

  #decideDirty(family: FamilyIndex, budget: number, epoch: number): void {
    const table = this.prefixes[family];
    for (let i = 0; i < budget; i++) {
      const prefix = this.#dirty[family].take();
      if (prefix === NONE) return;
      this.#decideOne(family, table, prefix as PrefixId, epoch);
    }
  }

  #decideOne(family: FamilyIndex, table: PrefixTable, prefix: PrefixId, epoch: number): void {
    const decision = this.decisions[family];
    const head = table.head[prefix]!;
    const best = this.restarts.deferring ? decision.bestLocal(head) : decision.best(head);
    const deferred = this.restarts.deferring && best === NONE && head !== NONE;
    const source = best === NONE ? NONE : this.paths[family].peer[best]!;
    const attrs = best === NONE ? NONE : this.paths[family].accepted[best]!;
    this.#bestCount[family] += Number(best !== NONE) - Number(table.best[prefix] !== NONE);
    table.best[prefix] = best;
    const hasSets =
      !this.restarts.deferring && (decision.members.count > 0 || this.multipath.prefixes(family) > 0);
    const setChanged = hasSets && this.multipath.assign(family, prefix, decision);
    if (source !== table.bestSource[prefix] || attrs !== table.bestAttrs[prefix]) {
      this.#setBest(family, table, prefix, source, attrs);
    } else if (setChanged) this.#listener.bestChanged(family, prefix);
    const choosing = this.groups.choosing(family);
    for (let i = 0; !deferred && i < choosing.length; i++) this.groups.update(choosing[i]!, family, prefix);
    if (source >= 0 && source < FIRST_PEER) this.#listener.localChosen?.(family, prefix);
    if (table.head[prefix] === NONE) this.#quarantine.add(family, prefix, epoch);
  }

  #setBest(family: FamilyIndex, table: PrefixTable, prefix: PrefixId, source: number, attrs: number): void {
    const before = table.bestAttrs[prefix]!;
    table.bestSource[prefix] = source;
    if (attrs !== before) {
      if (attrs !== NONE) this.attrSets.ref(attrs as AttrSetId);
      if (before !== NONE) this.attrSets.unref(before as AttrSetId);
      table.bestAttrs[prefix] = attrs;
    }
    this.#listener.bestChanged(family, prefix);
    for (const group of this.groups.all()) {
      if (!group.profile.families[family] || group.chooses[family]) continue;
      this.groups.updateBest(group, family, prefix);
    }
  }

  #isUnused(family: FamilyIndex, prefix: PrefixId): boolean {
    return this.prefixes[family].head[prefix] === NONE && !this.prefixes[family].isDirty(prefix);
  }

  #sweepPaths(budget: number): void {
    if (!this.#sweep.pending) return;
    this.#sweep.slice(budget, (family, path, reason) => {
      if (reason === 'left') this.#changes.remove(family, path);
      else this.#revisit(family, path);
      if (reason === 'renamed') this.#retell(family, this.paths[family].prefix[path]! as PrefixId, everyone);
    });
    // Ids are given back one slice after the last path went, when no group names them as a source any more.
    if (this.#sweep.complete && !this.#hasDirty()) this.#releaseLeft();
  }

  #releaseLeft(): void {
    const left = this.#sweep.finish();
    if (left.length > 0) this.groups.forgetSources();
    for (const id of left) this.sources.remove(id);
  }

  #hasDirty(): boolean {
    return this.#dirty[0].size > 0 || this.#dirty[1].size > 0;
  }
}
