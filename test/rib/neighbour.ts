// A BGP neighbour as the RIB sees one and as it would see us: sends UPDATEs, takes octets at its own pace, decodes them and
// keeps the routes it was told. Notes everything that a real neighbour would object to.

import type { FamilyIndex } from '../../src/base/family.js';
import type { PeerId } from '../../src/base/ids.js';
import { formatPrefix, prefixFromWords } from '../../src/base/prefix.js';
import type { Vantage } from '../../src/rib/export/vantage.js';
import type { CompiledPolicy, ExportProfile, PathChoice } from '../../src/rib/hooks.js';
import type { RibPeer } from '../../src/rib/tables/sources.js';
import { decodeBlock } from '../../src/wire/block.js';
import { familyOf as familyOfAfi, MESSAGE } from '../../src/wire/iana.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { DecodeContext, NlriRun, UpdateView } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { ACCEPT } from './policies.js';
import {
  address,
  announcement,
  attributesText,
  blockOf,
  familyOf,
  splitMessages,
  withdrawal,
} from './routes.js';
import { CLUSTER_ID, LOCAL_ASN, type TestRib } from './test-rib.js';

export interface NeighbourOptions {
  /** What policies know it by. */
  readonly name: string;
  readonly group: string | null;
  readonly address: string;
  readonly asn: number;
  readonly routerId: number;
  readonly peerType: 'ebgp' | 'ibgp' | 'ibgpClient';
  readonly families: readonly [boolean, boolean];
  readonly asn4: boolean;
  readonly maxMessage: number;
  readonly nextHopSelf: readonly [Uint8Array | null, Uint8Array | null];
  readonly alwaysNextHopSelf: boolean;
  readonly clusterId: number;
  readonly clientToClient: boolean;
  readonly importPolicy: CompiledPolicy;
  readonly exportPolicy: CompiledPolicy;
  /** By family index: it sends us path ids. */
  readonly sendsPathIds: readonly [boolean, boolean];
  /** By family index: which paths it gets, null: the best without a path id. */
  readonly addPath: readonly [PathChoice | null, PathChoice | null];
  readonly vantage: Vantage | null;
  readonly ownBest: boolean;
}

export const SELF_IPV4 = Uint8Array.of(10, 0, 0, 254);
export const SELF_IPV6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe);

/** Neighbour number `n` of the kind, with what is usual for it. */
export const neighbourOptions = (
  n: number,
  peerType: NeighbourOptions['peerType'],
  changes: Partial<NeighbourOptions> = {},
): NeighbourOptions => ({
  name: `10.0.0.${n}`,
  group: null,
  address: `10.0.0.${n}`,
  asn: peerType === 'ebgp' ? 65000 + n : LOCAL_ASN,
  routerId: 0x0a000000 + n,
  peerType,
  families: [true, true],
  asn4: true,
  maxMessage: 4096,
  nextHopSelf: [SELF_IPV4, SELF_IPV6],
  alwaysNextHopSelf: peerType === 'ebgp',
  clusterId: CLUSTER_ID,
  clientToClient: true,
  importPolicy: ACCEPT,
  exportPolicy: ACCEPT,
  sendsPathIds: [false, false],
  addPath: [null, null],
  vantage: null,
  ownBest: false,
  ...changes,
});

/** The prefix of a key of `Neighbour.told`. */
export const prefixOfKey = (key: string): string => key.split(' ')[0]!;

export class Neighbour {
  options: NeighbourOptions;
  /** Prefix, with its path id behind a blank where it has one, to attributes, all as text: what we told it. */
  readonly told = new Map<string, string>();
  /** By family, in this session. */
  readonly endOfRibs: [number, number] = [0, 0];
  readonly objections: string[] = [];
  /** By family, between BoRR and EoRR: what has not been told again. */
  readonly stale: [Set<string> | null, Set<string> | null] = [null, null];
  /** BoRRs and EoRRs of this session: family and subtype. */
  readonly marks: string[] = [];
  /** Octets and messages of this session. */
  octets = 0;
  messages = 0;
  /** Withdrawals of prefixes that it had not been told. */
  needlessWithdrawals = 0;
  readonly #test: TestRib;
  #id: PeerId | null = null;
  /** The session is gone and the RIB expects it back. */
  #away = false;
  #receiver: UpdateDecoder;
  #sender: UpdateDecoder;
  readonly #cursor = new NlriCursor();

  constructor(test: TestRib, options: NeighbourOptions) {
    this.#test = test;
    this.options = options;
    const { asn4, addPath, sendsPathIds } = options;
    this.#receiver = new UpdateDecoder(this.#context(asn4, [addPath[0] !== null, addPath[1] !== null]));
    this.#sender = new UpdateDecoder(this.#context(true, sendsPathIds));
  }

  get id(): PeerId {
    if (this.#id === null) throw new Error('not established');
    return this.#id;
  }

  get established(): boolean {
    return this.known && !this.#away;
  }

  /** The RIB has routes of it, with or without a session. */
  get known(): boolean {
    return this.#id !== null;
  }

  up(): this {
    this.#id = this.#test.rib.peerUp(this.#ribPeer(), this.#profile());
    return this.#begin(this.#id);
  }

  /** Graceful restart: the session ends, and these families' routes stay. */
  lose(kept: readonly [boolean, boolean]): void {
    this.#away = true;
    this.#test.awake.delete(this.id);
    this.#test.rib.restarts.lost(this.id, kept);
  }

  back(kept: readonly [boolean, boolean]): this {
    this.#away = false;
    const view = { peer: this.#ribPeer(), profile: this.#profile() };
    if (!this.#test.rib.restarts.back(this.id, view, kept)) throw new Error('it is the same peer');
    return this.#begin(this.id);
  }

  /** End-of-RIB to us. */
  sayEndOfRib(family: FamilyIndex): void {
    this.#test.rib.restarts.ends(this.id, family);
  }

  #begin(id: PeerId): this {
    this.#test.awake.add(id);
    this.told.clear();
    this.endOfRibs[0] = this.endOfRibs[1] = 0;
    this.stale[0] = this.stale[1] = null;
    this.marks.length = 0;
    this.octets = this.messages = this.needlessWithdrawals = 0;
    return this;
  }

  down(): void {
    const { id } = this;
    this.#id = null;
    this.#away = false;
    this.#test.awake.delete(id);
    this.#test.rib.peerDown(id);
  }

  /** Another import or export policy, next-hop-self: the session stays. */
  change(changes: Partial<NeighbourOptions>): void {
    this.options = { ...this.options, ...changes };
    this.#test.rib.peerChanged(this.id, this.#ribPeer(), this.#profile());
  }

  refresh(family: FamilyIndex = 0, marked = false): void {
    this.#test.rib.refresh(this.id, family, marked);
  }

  /** BoRR and EoRR to us. */
  sayBeginning(family: FamilyIndex): void {
    this.#test.rib.restarts.refreshBegins(this.id, family);
  }

  sayEnd(family: FamilyIndex): void {
    this.#test.rib.restarts.refreshEnds(this.id, family);
  }

  /** The path id is sent where the session has them. */
  announce(prefixes: readonly string[], fields: Parameters<typeof blockOf>[0], pathId = 0): void {
    this.#send(announcement(prefixes, blockOf(fields), this.#idFor(prefixes, pathId)));
  }

  withdraw(prefixes: readonly string[], pathId = 0): void {
    this.#send(withdrawal(prefixes, this.#idFor(prefixes, pathId)));
  }

  #idFor(prefixes: readonly string[], pathId: number): number | null {
    return this.options.sendsPathIds[familyOf(prefixes[0]!)] ? pathId : null;
  }

  /** Takes the next octets; false when there are none. */
  pull(): boolean {
    const owed = this.#test.rib.groups.of(this.id)?.owes(this.id) === true;
    const parts = this.#test.rib.pull(this.id);
    if (parts !== null && !owed) throw new Error(`${this.options.name} is told what nobody owed`);
    if (parts === null) {
      this.#test.awake.delete(this.id);
      return false;
    }
    for (const part of parts) for (const message of splitMessages(part)) this.#receive(message);
    return true;
  }

  /** Takes everything there is. */
  pullAll(): this {
    while (this.pull());
    return this;
  }

  #send(messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      const view = this.#sender.decode(message);
      if (view.verdicts.length > 0 || view.reset !== null) {
        throw new Error(`the test sends what is wrong: ${JSON.stringify(view.verdicts)}`);
      }
      this.#test.rib.applyUpdate(this.id, view);
    }
  }

  #receive(message: Uint8Array): void {
    this.messages++;
    this.octets += message.length;
    if (message.length > this.options.maxMessage) this.objections.push(`${message.length} octets`);
    if (message[18] === MESSAGE.routeRefresh) {
      this.#refreshMark(message);
      return;
    }
    const view = this.#receiver.decode(message);
    if (view.reset !== null) this.objections.push('an UPDATE that resets the session');
    for (const verdict of view.verdicts) this.objections.push(`${verdict.attribute}: ${verdict.reason}`);
    if (view.endOfRib !== null) this.endOfRibs[view.endOfRib]++;
    for (const run of view.runs) this.#take(view, run);
  }

  /** RFC 7313 4, as a receiver: what is not told again between the marks goes. */
  #refreshMark(message: Uint8Array): void {
    const decoded = decodeRouteRefresh(message);
    const family = decoded.ok ? familyOfAfi(decoded.message.afi, decoded.message.safi) : null;
    if (!decoded.ok || family === null) {
      this.objections.push('a malformed ROUTE-REFRESH');
      return;
    }
    this.marks.push(`${family}/${decoded.message.subtype}`);
    if (decoded.message.subtype === 1) {
      if (this.endOfRibs[family] === 0) this.objections.push('BoRR before End-of-RIB');
      this.stale[family] = new Set(
        [...this.told.keys()].filter((key) => familyOf(prefixOfKey(key)) === family),
      );
    } else {
      const stale = this.stale[family];
      if (stale === null) this.objections.push('EoRR without BoRR');
      for (const text of stale ?? []) this.told.delete(text);
      this.stale[family] = null;
    }
  }

  #take(view: UpdateView, run: NlriRun): void {
    const text =
      run.kind === 'reach'
        ? attributesText(decodeBlock(view.scratch.slice(run.blockStart, run.blockEnd)))
        : null;
    const cursor = this.#cursor;
    cursor.open(view.frame, run);
    while (cursor.next()) {
      const family = run.family === 0 ? 'ipv4' : 'ipv6';
      const prefix = formatPrefix(
        prefixFromWords(family, cursor.w0, cursor.w1, cursor.w2, cursor.w3, cursor.length),
      );
      const key = run.addPath ? `${prefix} ${cursor.pathId}` : prefix;
      this.stale[run.family]?.delete(key);
      if (text !== null) this.told.set(key, text);
      else if (!this.told.delete(key)) this.needlessWithdrawals++;
    }
  }

  #context(asn4: boolean, addPath: readonly [boolean, boolean]): DecodeContext {
    const { peerType, families } = this.options;
    const sessionType = peerType === 'ebgp' ? 'ebgp' : 'ibgp';
    return { asn4, sessionType, families, addPath };
  }

  #ribPeer(): RibPeer {
    const { name, group, asn, routerId, peerType, importPolicy, clusterId, nextHopSelf } = this.options;
    const type = peerType === 'ebgp' ? 'ebgp' : 'ibgp';
    return {
      view: { name, group, type, asn, address: address(this.options.address) },
      self: nextHopSelf,
      address: address(this.options.address),
      asn,
      routerId,
      peerType,
      importPolicy,
      localAsn: LOCAL_ASN,
      clusterId: this.#test.reflector ? clusterId : null,
    };
  }

  #profile(): ExportProfile {
    const { peerType, asn, families, asn4, maxMessage, nextHopSelf, alwaysNextHopSelf } = this.options;
    const { clusterId, clientToClient, addPath, vantage, ownBest } = this.options;
    return {
      peerType,
      localAsn: LOCAL_ASN,
      peerAsn: asn,
      families,
      asn4,
      maxMessage,
      nextHopSelf,
      alwaysNextHopSelf,
      clusterId: this.#test.reflector ? clusterId : null,
      clientToClient,
      policy: this.options.exportPolicy,
      addPath,
      vantage,
      ownBest,
    };
  }

  /** True when the session carries the prefix's family. */
  speaks(prefix: string): boolean {
    return this.options.families[familyOf(prefix) as FamilyIndex];
  }
}
