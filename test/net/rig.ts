// Speakers and scripted peers on real loopback sockets. Everything a test opens is closed by its `Rig`.

import { createServer, type Server } from 'node:net';
import { formatIp, type IpAddress, parseIp } from '../../src/base/ip.js';
import { localOpen } from '../../src/fsm/capabilities.js';
import type { DownReason, NegotiatedSession, SessionConfig, SessionState } from '../../src/fsm/types.js';
import { type Clock, systemClock } from '../../src/net/clock.js';
import { createListener, type Listener } from '../../src/net/listener.js';
import { type AcceptingPeerDriver, createPeerDriver } from '../../src/net/peer-driver.js';
import type { PacketSource, PeerHandlers, Transport } from '../../src/net/types.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { cease } from '../../src/wire/notification.js';
import { encodeOpen } from '../../src/wire/open.js';
import type { UpdateView } from '../../src/wire/types.js';
import { CONFIG } from '../fsm/samples.js';
import { dialScripted, ScriptedPeer, Watch } from '../support/scripted-peer.js';

const PATIENCE = 10_000;

/** What a driver has told its daemon. */
export class Recorder implements PeerHandlers {
  readonly watch = new Watch();
  readonly states: SessionState[] = [];
  readonly downs: DownReason[] = [];
  readonly reasons: (DownReason | null)[] = [];
  readonly sessions: NegotiatedSession[] = [];
  readonly transports: Transport[] = [];
  readonly refreshes: string[] = [];
  readonly failures: DownReason[] = [];
  updates = 0;
  updateBytes = 0;
  flushes = 0;
  /** Calls in order, by name. */
  readonly calls: string[] = [];
  source: PacketSource = { pull: () => null };
  onUpdate: (view: UpdateView) => void = () => undefined;

  established(session: NegotiatedSession, transport: Transport): PacketSource {
    this.sessions.push(session);
    this.transports.push(transport);
    this.#called('established');
    return this.source;
  }

  update(view: UpdateView): void {
    this.updates++;
    this.updateBytes += view.frame.length;
    this.onUpdate(view);
    this.#called('update');
  }

  flushed(): void {
    this.flushes++;
    this.#called('flushed');
  }

  failed(reason: DownReason): void {
    this.failures.push(reason);
  }

  routeRefresh(family: number, subtype: number): void {
    this.refreshes.push(`${family}/${subtype}`);
    this.#called('routeRefresh');
  }

  down(reason: DownReason): void {
    this.downs.push(reason);
    this.#called('down');
  }

  stateChanged(_from: SessionState, to: SessionState, reason: DownReason | null): void {
    this.states.push(to);
    this.reasons.push(reason);
    this.#called('stateChanged');
  }

  get state(): SessionState {
    return this.states.at(-1) ?? 'Idle';
  }

  until(state: SessionState): Promise<void> {
    return this.watch.until(() => this.state === state, state);
  }

  #called(name: string): void {
    this.calls.push(name);
    this.watch.changed();
  }
}

export const REMOTE: SessionConfig = {
  ...CONFIG,
  localAsn: 65001,
  peerAsn: 64512,
  routerId: 0x0a000009,
  holdTime: 90,
};
export const REMOTE_OPEN = encodeOpen(localOpen(REMOTE));
/** An UPDATE with nothing in it: End-of-RIB of IPv4 unicast. */
export const END_OF_RIB = Buffer.from(`${'ff'.repeat(16)}00170200000000`, 'hex');

export interface Speaker {
  readonly driver: AcceptingPeerDriver;
  readonly recorder: Recorder;
}

interface SpeakerOptions {
  readonly config?: Partial<SessionConfig>;
  readonly peer?: string;
  readonly port?: number;
  readonly local?: string;
  readonly clock?: Clock;
}

export const ip = (text: string): IpAddress => {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`no address: ${text}`);
  return parsed;
};

/** No keys and no smallest TTL. */
export const PLAIN = { minTtl: null, password: null, tcpAo: [] } as const;

export class Rig {
  readonly clock = systemClock();
  readonly #closers: (() => Promise<unknown> | unknown)[] = [];

  /** A driver that has not been started. */
  speaker({ config = {}, peer = '127.0.0.1', port = 1, local, clock }: SpeakerOptions = {}): Speaker {
    const recorder = new Recorder();
    const driver = createPeerDriver({
      config: { ...CONFIG, ...config },
      endpoint: {
        address: ip(peer),
        interface: null,
        port,
        localAddress: local === undefined ? null : ip(local),
        ttl: 255,
        ...PLAIN,
      },
      handlers: recorder,
      clock: clock ?? this.clock,
      random: () => 0.5,
    });
    this.#closers.push(() => driver.stop(cease(2), { kind: 'adminDown', text: '' }));
    return { driver, recorder };
  }

  /** A listener that gives connections to the speakers by remote address. */
  async listener(
    address: string,
    speakers: Readonly<Record<string, Speaker>>,
    clock: Clock = this.clock,
  ): Promise<{ readonly listener: Listener; readonly port: number }> {
    const listener = createListener({
      addresses: [{ address: ip(address), port: 0 }],
      match: (remote) => speakers[formatIp(remote.address)]?.driver ?? null,
      clock,
    });
    this.#closers.push(() => listener.stop());
    const problems = await listener.start();
    if (problems.length > 0) throw new Error(`cannot listen: ${problems[0]!.code}`);
    return { listener, port: listener.bound()[0]!.port };
  }

  /** Dials as a scripted peer. */
  async dial(address: string, port: number, local: string): Promise<ScriptedPeer> {
    const peer = await dialScripted(address, port, local);
    this.#closers.push(() => peer.socket.destroy());
    return peer;
  }

  /** Waits for dials as a scripted peer; `next` gives the next connection. */
  async server(address = '127.0.0.1'): Promise<{
    readonly port: number;
    readonly server: Server;
    readonly next: () => Promise<ScriptedPeer>;
  }> {
    const watch = new Watch();
    const arrived: ScriptedPeer[] = [];
    const server = createServer((socket) => {
      this.#closers.push(() => socket.destroy());
      arrived.push(new ScriptedPeer(socket));
      watch.changed();
    });
    await new Promise<void>((resolve) => server.listen({ host: address, port: 0 }, resolve));
    this.#closers.push(() => server.close());
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    const next = async (): Promise<ScriptedPeer> => {
      await watch.until(() => arrived.length > 0, 'a connection');
      return arrived.shift()!;
    };
    return { port: bound.port, server, next };
  }

  /** A scripted peer and a passive speaker that are Established. */
  async passivePair(
    options: SpeakerOptions = {},
  ): Promise<Speaker & { readonly peer: ScriptedPeer; readonly port: number }> {
    const speaker = this.speaker({
      ...options,
      config: { passive: true, ...options.config },
      peer: '127.0.0.9',
    });
    const { port } = await this.listener('127.0.0.1', { '127.0.0.9': speaker }, options.clock);
    speaker.driver.start();
    const peer = await this.dial('127.0.0.1', port, '127.0.0.9');
    await handshake(peer);
    await speaker.recorder.until('Established');
    return { ...speaker, peer, port };
  }

  async close(): Promise<void> {
    await Promise.all(this.#closers.map((close) => close()));
  }
}

/** For what nobody reports: looks once a turn of the event loop. */
export async function turnsUntil(condition: () => boolean, what: string): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > PATIENCE) throw new Error(`waited in vain for ${what}`);
    await new Promise(setImmediate);
  }
}

export async function handshake(peer: ScriptedPeer, open: Uint8Array = REMOTE_OPEN): Promise<void> {
  peer.say(open);
  await peer.hears(1);
  peer.say(KEEPALIVE);
  await peer.hears(4);
}

/** Runs `body` with a rig that is closed whatever happens. */
export async function withRig(body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = new Rig();
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}
