// The stage of a peer that misbehaves: its connections to a daemon, a source of routes, a witness, and what the daemon says.

import { once } from 'node:events';
import { connect } from 'node:net';
import type { PeerDetail } from '../../src/api/model/types.js';
import { dialScripted, ScriptedPeer } from '../support/scripted-peer.js';
import { TestSpeaker } from '../support/test-speaker.js';
import { dialTight } from '../support/tight-socket.js';
import { waitFor } from '../support/wait.js';
import type { BgpdProcess } from './bgpd-process.js';

/** Of all that misbehave. */
export const IDENTITY = { asn: 65001 } as const;

/** One case: the peer at `from` misbehaves, `source` has routes for it, `witness` must not notice. */
export class Scene {
  readonly bgpd: BgpdProcess;
  readonly source: TestSpeaker;
  readonly witness: TestSpeaker;
  readonly from: string;
  readonly #opened: ScriptedPeer[] = [];
  readonly #kept: ScriptedPeer[] = [];

  constructor(bgpd: BgpdProcess, source: TestSpeaker, witness: TestSpeaker, from: string) {
    this.bgpd = bgpd;
    this.source = source;
    this.witness = witness;
    this.from = from;
  }

  async dial(): Promise<ScriptedPeer> {
    return this.#opens(await dialScripted('127.0.0.1', this.bgpd.port, this.from));
  }

  async dialTight(): Promise<ScriptedPeer> {
    return this.#opens(await dialTight('127.0.0.1', this.bgpd.port, this.from));
  }

  async dialFrom(localPort: number): Promise<ScriptedPeer> {
    const socket = connect({ host: '127.0.0.1', port: this.bgpd.port, localAddress: this.from, localPort });
    await once(socket, 'connect');
    return this.#opens(new ScriptedPeer(socket));
  }

  /** It does not close when the other side does, and stays open until `end`. */
  async dialStubborn(): Promise<ScriptedPeer> {
    const options = { host: '127.0.0.1', port: this.bgpd.port, localAddress: this.from, allowHalfOpen: true };
    const socket = connect(options);
    await once(socket, 'connect');
    const peer = new ScriptedPeer(socket);
    this.#kept.push(peer);
    return peer;
  }

  async join(): Promise<TestSpeaker> {
    const speaker = await established(await this.dial());
    await this.until('Established', ({ state }) => state === 'Established');
    return speaker;
  }

  /** As the daemon sees it. */
  async peer(name: string = this.from): Promise<PeerDetail> {
    return JSON.parse((await this.bgpd.ask(`/v1/neighbors/${name}`)).body) as PeerDetail;
  }

  async until(what: string, condition: (peer: PeerDetail) => boolean): Promise<PeerDetail> {
    return await waitFor(`${what} of ${this.from}`, async () => {
      const peer = await this.peer();
      return condition(peer) ? peer : null;
    });
  }

  /** Attributes that no other route shares: 720 octets; another `edition` replaces them all. */
  announceBulky(count: number, edition: number): void {
    for (let index = 0; index < count; index++) {
      const largeCommunities = Array.from({ length: 60 }, (_, i) => [index, i, edition] as const);
      const prefix = `10.70.${index >> 8}.${index & 255}/32`;
      this.source.announce([prefix], { nextHop: '10.0.0.9', largeCommunities });
    }
  }

  /** The witness has heard of this edition of every route. */
  async passedOn(count: number, edition: number): Promise<void> {
    await this.witness.peer.watch.until(() => hasAll(this.witness, count, edition), 'all routes');
  }

  async hangUp(): Promise<void> {
    for (const { socket } of this.#opened) socket.resetAndDestroy();
    await this.until('the end', ({ state }) => state !== 'Established');
  }

  end(): void {
    for (const { socket } of this.#kept) socket.destroy();
  }

  #opens(peer: ScriptedPeer): ScriptedPeer {
    this.#opened.push(peer);
    return peer;
  }
}

export const hasAll = ({ told }: TestSpeaker, count: number, edition: number): boolean =>
  told.size >= count &&
  [...told.values()].filter(({ largeCommunities }) => largeCommunities[0]?.[2] === edition).length === count;

export async function established(peer: ScriptedPeer): Promise<TestSpeaker> {
  const speaker = new TestSpeaker(peer, IDENTITY);
  await speaker.establish();
  return speaker;
}
