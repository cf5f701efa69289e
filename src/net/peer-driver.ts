// One peer's driver: runs the pure peer machine over two connections and tells the daemon what came of it. Owns the
// order of things: the machine first, then sockets and timers, then the handlers; no handler call is nested in another.

import type { Socket } from 'node:net';
import type { FamilyIndex } from '../base/family.js';
import { collisionCease } from '../fsm/errors.js';
import type { FsmEvent, Role } from '../fsm/events.js';
import {
  admission,
  establishedRole,
  hasConnection,
  newPeer,
  type Peer,
  type PeerStep,
  peerState,
  peerStep,
  restartedBy,
  withConfig,
} from '../fsm/peer.js';
import { STABLE_AFTER } from '../fsm/retry.js';
import type { DownReason, NegotiatedSession, SessionConfig, SessionState } from '../fsm/types.js';
import { afiSafiOf, ROUTE_REFRESH } from '../wire/iana.js';
import { encodeNotification } from '../wire/notification.js';
import { decodeOpen } from '../wire/open.js';
import { encodeRouteRefresh } from '../wire/route-refresh.js';
import type { Notification, UpdateView } from '../wire/types.js';
import type { Clock } from './clock.js';
import { type Connection, refuseConnection } from './connection.js';
import { SessionCounters } from './counters.js';
import { awaitOpen } from './newcomer.js';
import { PeerSlot } from './peer-slot.js';
import { nothingChanges, sameOptions, sessionOutlives } from './session-change.js';
import { PLAIN_SOCKETS, type SocketOptions } from './socket-options.js';
import type { PeerDriver, PeerDriverStatus, PeerEndpoint, PeerHandlers, Transport } from './types.js';

/** For a debug log; nothing depends on it. */
export type DriverEvent =
  | { readonly kind: 'dial' }
  | { readonly kind: 'accepted'; readonly replaced: boolean }
  | { readonly kind: 'refused'; readonly notification: Notification }
  | {
      readonly kind: 'attemptFailed';
      readonly role: Role;
      readonly state: SessionState;
      readonly reason: DownReason;
    };

export interface PeerDriverOptions {
  readonly config: SessionConfig;
  readonly endpoint: PeerEndpoint;
  readonly handlers: PeerHandlers;
  readonly clock: Clock;
  /** 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log?: (event: DriverEvent) => void;
  readonly sockets?: SocketOptions;
}

export interface AcceptingPeerDriver extends PeerDriver {
  /** A connection that the listener got from this peer. */
  accept(socket: Socket): void;
}

export const createPeerDriver = (options: PeerDriverOptions): AcceptingPeerDriver => new Driver(options);

/** Connections of one peer that are being refused with a NOTIFICATION at the same time; more are just closed. */
const MOST_REFUSALS = 4;

const DUMP: FsmEvent = { kind: 'openCollisionDump' };
const CONNECTED: FsmEvent = { kind: 'tcpConnectionConfirmed' };

class Driver implements AcceptingPeerDriver {
  readonly #options: PeerDriverOptions;
  readonly #sockets: SocketOptions;
  readonly #counters = new SessionCounters();
  readonly #slots: Readonly<Record<Role, PeerSlot>>;
  /** Every connection whose socket exists. */
  readonly #open = new Set<Connection>();
  readonly #waiting: { readonly role: Role; readonly event: FsmEvent }[] = [];
  #endpoint: PeerEndpoint;
  #peer: Peer;
  #since: number;
  #session: NegotiatedSession | null = null;
  /** Of the session, while it is Established. */
  #sending: PeerSlot | null = null;
  #transport: Transport | null = null;
  #lastDown: { readonly reason: DownReason; readonly at: number } | null = null;
  #refusals = 0;
  /** Of a peer whose session is up. */
  #newcomer: Socket | null = null;
  #busy = false;

  constructor(options: PeerDriverOptions) {
    this.#options = options;
    this.#sockets = options.sockets ?? PLAIN_SOCKETS;
    this.#endpoint = options.endpoint;
    this.#peer = newPeer(options.config);
    this.#since = options.clock.now();
    this.#slots = { active: this.#slot('active'), passive: this.#slot('passive') };
  }

  #slot(role: Role): PeerSlot {
    const { clock, random, handlers: daemon } = this.#options;
    const counters = this.#counters;
    const handlers = {
      update: (view: UpdateView) => this.#unnested(() => daemon.update(view)),
      flushed: () => this.#unnested(() => daemon.flushed()),
      routeRefresh: (family: FamilyIndex, subtype: number) =>
        this.#unnested(() => daemon.routeRefresh(family, subtype)),
    };
    const happened = (from: Role, event: FsmEvent): void => this.#happened(from, event);
    return new PeerSlot({ role, clock, random, counters, handlers, happened });
  }

  start(jitter = 0): void {
    this.#happened('active', { kind: 'manualStart', delay: this.#options.random() * jitter * 1000 });
  }

  end(notification: Notification, reason: DownReason): void {
    const role = establishedRole(this.#peer);
    if (role !== null) this.#happened(role, { kind: 'automaticStop', notification, reason });
  }

  async stop(notification: Notification, reason: DownReason): Promise<void> {
    this.#happened('active', { kind: 'manualStop', notification, reason });
    await Promise.all([...this.#open].map(({ closed }) => closed));
    if (this.#peer.running) return;
    for (const slot of Object.values(this.#slots)) slot.release();
  }

  wake(): void {
    this.#sending?.wake();
  }

  reconfigure(config: SessionConfig, endpoint: PeerEndpoint): boolean {
    if (nothingChanges(this.#peer.config, config, this.#endpoint, endpoint)) {
      this.#peer = withConfig(this.#peer, config);
      return true;
    }
    const connected = hasConnection(this.#peer.active) || hasConnection(this.#peer.passive);
    const keeps =
      sessionOutlives(this.#peer.config, config, this.#endpoint, endpoint) && this.#changeOptions(endpoint);
    this.#endpoint = endpoint;
    this.#peer = withConfig(this.#peer, config);
    if (!connected && this.#peer.running) this.#startOver();
    return keeps || !connected;
  }

  /** False when a connection can't have them. */
  #changeOptions(endpoint: PeerEndpoint): boolean {
    if (sameOptions(this.#endpoint, endpoint)) return true;
    const before = this.#endpoint;
    const live = Object.values(this.#slots).flatMap(({ connection }) => connection ?? []);
    return live.every((connection) =>
      connection.changeOptions((socket) => this.#sockets.changed(socket, before, endpoint)),
    );
  }

  /** Nothing is connected: what waits or dials with the old configuration begins again with the new one. */
  #startOver(): void {
    const reason: DownReason = { kind: 'adminDown', text: 'the configuration of the peer changed' };
    const notification: Notification = { code: 6, subcode: 6, data: new Uint8Array(0) };
    this.#happened('active', { kind: 'manualStop', notification, reason });
    this.start();
  }

  refresh(family: FamilyIndex): boolean {
    const role = establishedRole(this.#peer);
    const session = this.#session;
    if (role === null || !session?.routeRefresh || !session.families.includes(family)) return false;
    const message = { ...afiSafiOf(family), subtype: ROUTE_REFRESH.request };
    this.#slots[role].send(encodeRouteRefresh(message));
    return true;
  }

  status(): PeerDriverStatus {
    const state = peerState(this.#peer);
    const lasted = state === 'Established' && this.#options.clock.now() - this.#since >= STABLE_AFTER;
    if (lasted) this.#lastDown = null;
    const queued = [...this.#open].reduce((sum, connection) => sum + connection.queued, 0);
    return {
      state,
      since: this.#since,
      session: this.#session,
      transport: this.#transport,
      counters: this.#counters.snapshot(),
      lastDown: this.#lastDown,
      queuedBytes: queued,
    };
  }

  accept(socket: Socket): void {
    // A peer that has closed and comes again at once: its close may still wait behind this event.
    const { clock } = this.#options;
    if (establishedRole(this.#peer) === null && !clock.turnSpent()) this.#admit(socket);
    else clock.defer(() => this.#admit(socket));
  }

  #admit(socket: Socket): void {
    if (socket.destroyed || socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const admitted = admission(this.#peer);
    if (admitted.kind === 'refuse') {
      this.#refuse(socket, admitted.notification);
      return;
    }
    const obstacle = this.#sockets.accepted(socket, this.#endpoint);
    if (obstacle !== null) {
      this.#turnDown(socket, obstacle);
      return;
    }
    if (admitted.kind === 'listen') {
      this.#listenTo(socket);
      return;
    }
    const replaced = admitted.kind === 'replace';
    if (replaced) this.#happened('passive', DUMP);
    this.#options.log?.({ kind: 'accepted', replaced });
    this.#attach('passive', socket);
    this.#happened('passive', CONNECTED);
  }

  /** The session goes on until the newcomer has said an OPEN that could be the peer's. */
  #listenTo(socket: Socket): void {
    if (this.#newcomer !== null) {
      this.#refuse(socket, collisionCease);
      return;
    }
    this.#newcomer = socket;
    awaitOpen(socket, this.#options.clock, (frame) => {
      this.#newcomer = null;
      if (socket.destroyed) return;
      const decoded = frame === null ? null : decodeOpen(frame);
      const role = decoded?.ok === true ? restartedBy(this.#peer, decoded.open) : null;
      if (role !== null) this.#happened(role, { kind: 'tcpConnectionFails', code: null });
      if (role !== null || establishedRole(this.#peer) === null) this.#admit(socket);
      else this.#refuse(socket, collisionCease);
    });
  }

  /** What is wrong with the connection is below BGP, and so is the answer. */
  #turnDown(socket: Socket, obstacle: DownReason): void {
    socket.resetAndDestroy();
    this.#lastDown = { reason: obstacle, at: this.#options.clock.now() };
    this.#unnested(() => this.#options.handlers.failed(obstacle));
  }

  #refuse(socket: Socket, notification: Notification): void {
    this.#options.log?.({ kind: 'refused', notification });
    if (this.#refusals >= MOST_REFUSALS) {
      socket.destroy();
      return;
    }
    this.#refusals++;
    const octets = encodeNotification(notification);
    this.#counters.sent(octets);
    const connection = refuseConnection(socket, this.#options.clock, octets);
    this.#track(connection);
    void connection.closed.then(() => this.#refusals--);
  }

  #dial(): void {
    this.#options.log?.({ kind: 'dial' });
    const socket = this.#sockets.dial(this.#endpoint);
    if ('code' in socket) this.#happened('active', { kind: 'tcpConnectionFails', code: socket.code });
    else this.#attach('active', socket);
  }

  #attach(role: Role, socket: Socket): void {
    this.#track(this.#slots[role].attach(socket));
  }

  #track(connection: Connection): void {
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
  }

  /** Events that come up while one is being worked on wait for their turn. */
  #happened(role: Role, event: FsmEvent): void {
    if (this.#busy) this.#waiting.push({ role, event });
    else this.#unnested(() => this.#take(role, event));
  }

  /** What a handler asks of the driver takes effect once the handler has returned. */
  #unnested(call: () => void): void {
    this.#busy = true;
    try {
      call();
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#take(next.role, next.event);
      }
    } finally {
      this.#busy = false;
    }
  }

  #take(role: Role, event: FsmEvent): void {
    const from = peerState(this.#peer);
    const step = peerStep(this.#peer, role, event, this.#options.clock.now());
    const changed = step.peer !== this.#peer;
    this.#peer = step.peer;
    const reason = this.#perform(step);
    if (changed) this.#tell(from, reason);
  }

  /** Returns why a session or an attempt ended, if one did. */
  #perform({ batches }: PeerStep): DownReason | null {
    let reason: DownReason | null = null;
    for (const { role, actions } of batches) {
      for (const action of actions) {
        switch (action.kind) {
          case 'connect':
            this.#dial();
            break;
          case 'sessionUp':
            this.#session = action.session;
            this.#slots[role].begin(action.session);
            break;
          case 'sessionDown':
            reason = action.reason;
            break;
          case 'attemptFailed':
            // Who only waited has not attempted anything.
            if (action.state !== 'Active') this.#options.log?.({ ...action, role });
            if (action.reason.kind !== 'collision') reason ??= action.reason;
            break;
          default:
            this.#slots[role].perform(action);
        }
      }
    }
    return reason;
  }

  /** All of the machine's actions have been done: now the daemon hears of them. */
  #tell(from: SessionState, reason: DownReason | null): void {
    const { handlers, clock } = this.#options;
    const to = peerState(this.#peer);
    if (reason !== null) this.#lastDown = { reason, at: clock.now() };
    if (from !== to) this.#entered(from, to, reason);
    if (reason !== null) handlers.failed(reason);
  }

  #entered(from: SessionState, to: SessionState, reason: DownReason | null): void {
    const { handlers, clock } = this.#options;
    this.#since = clock.now();
    if (from === 'Established') {
      this.#session = null;
      this.#sending = null;
      this.#transport = null;
      this.#counters.flaps++;
      handlers.down(reason ?? { kind: 'connectionClosed', state: from, code: null });
    }
    handlers.stateChanged(from, to, reason);
    if (to === 'Established') this.#establish();
  }

  #establish(): void {
    const role = establishedRole(this.#peer);
    const transport = role === null ? null : this.#slots[role].connection?.transport;
    if (role === null || transport == null || this.#session === null) {
      throw new Error('an Established session has a connection and an agreement');
    }
    this.#transport = transport;
    this.#counters.established++;
    this.#slots[role].connection?.withSocket(this.#sockets.established);
    this.#sending = this.#slots[role];
    this.#sending.sendFrom(this.#options.handlers.established(this.#session, transport));
  }
}
