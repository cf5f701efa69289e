// A BGP speaker for tests on top of a scripted peer: opens a session, announces and withdraws, knows what it was told.
// Never answers for itself beyond that: no timers, no retries.

import { parseIp } from '../../src/base/ip.js';
import { formatPrefix, parsePrefix, prefixFromWords, prefixWords } from '../../src/base/prefix.js';
import { decodeBlock, encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { encodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { Capability, NlriRun, OpenMessage, PathAttributes, SessionType } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import type { ScriptedPeer } from './scripted-peer.js';

export interface SpeakerIdentity {
  readonly asn: number;
  /** Default 10.9.9.9. */
  readonly routerId?: number;
  /** The AS of the other side, default 64512. */
  readonly peerAsn?: number;
  /** Default: by the two AS numbers. */
  readonly sessionType?: SessionType;
  /** Our families' IPv4 routes may have IPv6 next hops. */
  readonly extendedNextHop?: boolean;
  /** Seconds, default 90. */
  readonly holdTime?: number;
  readonly capabilities?: readonly Capability[];
  /** ADD-PATH (RFC 7911) of IPv4, both ways. */
  readonly addPath?: boolean;
}

export type Attributes = Partial<Omit<PathAttributes, 'nextHop'>> & { readonly nextHop?: string };

const ATTRIBUTES: PathAttributes = { ...NO_ATTRIBUTES, origin: 0 };

const ADD_PATH: Capability = { kind: 'addPath', families: [{ afi: 1, safi: 1, mode: 3 }] };

export const openOf = (identity: SpeakerIdentity): OpenMessage => {
  const { addPath = false } = identity;
  const open = plainOpen(identity);
  return addPath ? { ...open, capabilities: [...open.capabilities, ADD_PATH] } : open;
};

const plainOpen = ({ asn, routerId, holdTime, capabilities }: SpeakerIdentity): OpenMessage => ({
  version: 4,
  asn,
  holdTime: holdTime ?? 90,
  routerId: routerId ?? 0x0a090909,
  capabilities: capabilities ?? [
    { kind: 'multiprotocol', afi: 1, safi: 1 },
    { kind: 'multiprotocol', afi: 2, safi: 1 },
    { kind: 'routeRefresh' },
    { kind: 'fourOctetAs', asn },
  ],
});

export class TestSpeaker {
  readonly peer: ScriptedPeer;
  /** By prefix, with the path id behind a blank where there is one: what the other side has told and not withdrawn. */
  readonly told = new Map<string, PathAttributes>();
  /** Families of the End-of-RIB markers, in order. */
  readonly endOfRib: number[] = [];
  /** Prefixes withdrawn so far, in order. */
  readonly withdrawn: string[] = [];
  /** `+` or `-` and the prefix, in the order in which it was told. */
  readonly heard: string[] = [];
  /** What was wrong with the messages of the other side. */
  readonly faults: string[] = [];
  /** BoRRs and EoRRs that came: family and subtype, with the number of prefixes told since the one before. */
  readonly refreshMarks: string[] = [];
  #toldSince = 0;
  readonly #identity: SpeakerIdentity;
  readonly #decoder: UpdateDecoder;
  readonly #packer: UpdatePacker;

  constructor(peer: ScriptedPeer, identity: SpeakerIdentity) {
    this.peer = peer;
    this.#identity = identity;
    // The other side always has 4-octet AS numbers.
    const asn4 = openOf(identity).capabilities.some(({ kind }) => kind === 'fourOctetAs');
    const pathIds = [identity.addPath ?? false, false] as const;
    this.#packer = new UpdatePacker({ maxMessage: 4096, asn4, addPath: pathIds });
    this.#decoder = new UpdateDecoder({
      asn4,
      sessionType: identity.sessionType ?? (this.#isInternal ? 'ibgp' : 'ebgp'),
      families: [true, true],
      addPath: pathIds,
      extendedNextHop: identity.extendedNextHop === true,
    });
    peer.onMessage = (type, frame) => {
      if (type === MESSAGE.update) this.#take(frame);
      if (type === MESSAGE.routeRefresh) this.#mark(frame);
    };
  }

  /** OPEN and KEEPALIVE both ways. */
  async establish(): Promise<void> {
    this.peer.say(encodeOpen(openOf(this.#identity)));
    await this.peer.hears(MESSAGE.open);
    this.peer.say(KEEPALIVE);
    await this.peer.hears(MESSAGE.keepalive);
  }

  /** Defaults: ORIGIN IGP; towards another AS a path of our own AS, else LOCAL_PREF 100. */
  announce(prefixes: readonly string[], attributes: Attributes, pathId = 0): void {
    const { nextHop, ...rest } = attributes;
    const block = encodeBlock({
      ...ATTRIBUTES,
      ...(this.#isInternal
        ? { localPref: 100 }
        : { asPath: [{ kind: 'sequence', asns: [this.#identity.asn] }] }),
      ...rest,
      nextHop: nextHop === undefined ? null : parseIp(nextHop),
    });
    this.#pack(prefixes, pathId, (family) => this.#packer.reach(family, block));
  }

  withdraw(prefixes: readonly string[], pathId = 0): void {
    this.#pack(prefixes, pathId, (family) => this.#packer.unreach(family));
  }

  sayEndOfRib(): void {
    for (const family of [0, 1] as const) this.#packer.endOfRib(family);
    this.peer.say(this.#packer.take());
  }

  /** Prefixes in force, sorted as text. */
  get routes(): readonly string[] {
    return [...this.told.keys()].sort();
  }

  async hasRoutes(...prefixes: readonly string[]): Promise<void> {
    const wanted = [...prefixes].sort().join(' ');
    await this.peer.watch.until(
      () => this.routes.join(' ') === wanted,
      () => `the routes ${wanted}; has ${this.routes.join(' ')}${this.faults.join()}`,
    );
  }

  get #isInternal(): boolean {
    return this.#identity.asn === (this.#identity.peerAsn ?? 64512);
  }

  #pack(prefixes: readonly string[], pathId: number, begin: (family: 0 | 1) => void): void {
    for (const family of [0, 1] as const) {
      const mine = prefixes.filter((prefix) => prefix.includes(':') === (family === 1));
      if (mine.length > 0) begin(family);
      for (const text of mine) {
        const prefix = parsePrefix(text);
        if (prefix === null) throw new Error(`no prefix: ${text}`);
        const [words, { length }] = [prefixWords(prefix), prefix];
        if (family === 0 && this.#identity.addPath === true) this.#packer.path(pathId, ...words, length);
        else this.#packer.prefix(...words, length);
      }
    }
    this.peer.say(this.#packer.take());
  }

  #mark(frame: Uint8Array): void {
    const decoded = decodeRouteRefresh(frame);
    if (!decoded.ok) this.faults.push('a malformed ROUTE-REFRESH');
    else {
      const { afi, subtype } = decoded.message;
      this.refreshMarks.push(`${afi}/${subtype} after ${this.#toldSince}`);
    }
    this.#toldSince = 0;
  }

  #take(frame: Uint8Array): void {
    const view = this.#decoder.decode(frame);
    if (view.reset !== null) this.faults.push('a malformed UPDATE');
    for (const { attribute, reason } of view.verdicts) this.faults.push(`attribute ${attribute}: ${reason}`);
    if (view.endOfRib !== null) this.endOfRib.push(view.endOfRib);
    for (const run of view.runs) {
      for (const prefix of prefixesOf(view.frame, run)) {
        if (run.kind === 'unreach') {
          this.told.delete(prefix);
          this.withdrawn.push(prefix);
          this.heard.push(`-${prefix}`);
        } else {
          this.#toldSince++;
          this.heard.push(`+${prefix}`);
          this.told.set(prefix, decodeBlock(view.scratch.slice(run.blockStart, run.blockEnd)));
        }
      }
    }
  }
}

function prefixesOf(frame: Uint8Array, run: NlriRun): string[] {
  const cursor = new NlriCursor();
  const found: string[] = [];
  cursor.open(frame, run);
  while (cursor.next()) {
    const { w0, w1, w2, w3, length } = cursor;
    const prefix = formatPrefix(prefixFromWords(run.family === 0 ? 'ipv4' : 'ipv6', w0, w1, w2, w3, length));
    found.push(run.addPath ? `${prefix} ${cursor.pathId}` : prefix);
  }
  return found;
}
