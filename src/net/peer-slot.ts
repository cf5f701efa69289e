// One of a peer's two connections with its timers: turns sockets, messages and deadlines into FSM events, and FSM
// actions into octets and deadlines. Decides nothing.

import type { Socket } from 'node:net';
import { type FsmAction, type FsmEvent, type Role, TIMERS, type TimerName } from '../fsm/events.js';
import type { NegotiatedSession } from '../fsm/types.js';
import { familyOf, MESSAGE, ROUTE_REFRESH } from '../wire/iana.js';
import { KEEPALIVE } from '../wire/message.js';
import { decodeNotification, encodeNotification } from '../wire/notification.js';
import { decodeOpen, encodeOpen } from '../wire/open.js';
import { decodeRouteRefresh } from '../wire/route-refresh.js';
import type { UpdateDecoder } from '../wire/update.js';
import { type Clock, deadlineOf, type Timer } from './clock.js';
import { Connection } from './connection.js';
import type { SessionCounters } from './counters.js';
import { decoderFor } from './decoders.js';
import { Outbox } from './outbox.js';
import type { PacketSource, PeerHandlers } from './types.js';

export interface SlotOptions {
  readonly role: Role;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: SessionCounters;
  readonly handlers: Pick<PeerHandlers, 'update' | 'flushed' | 'routeRefresh'>;
  /** Runs the machine; has taken effect when it returns. */
  readonly happened: (role: Role, event: FsmEvent) => void;
}

/** What exists from Established on. */
interface Session {
  readonly agreed: NegotiatedSession;
  readonly decoder: UpdateDecoder;
  outbox: Outbox | null;
}

type SlotAction = Exclude<FsmAction, { kind: 'connect' | 'sessionUp' | 'sessionDown' | 'attemptFailed' }>;

export class PeerSlot {
  connection: Connection | null = null;
  readonly #options: SlotOptions;
  #timers: Readonly<Record<TimerName, Timer>> | null = null;
  #session: Session | null = null;
  /** `Connection.delivered` when the send hold timer was started. */
  #deliveredMark = 0;
  /** When the next KEEPALIVE is to go out. */
  #keepaliveDue = 0;
  /** The machine has heard of an UPDATE of the read that is being worked on. */
  #toldOfUpdate = false;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  attach(socket: Socket): Connection {
    const { role, clock } = this.#options;
    const connection: Connection = new Connection(socket, role, clock, {
      connected: () => this.#happened({ kind: 'tcpConnectionConfirmed' }),
      message: (type, frame) => this.#message(type, frame),
      readDone: () => {
        this.#toldOfUpdate = false;
        if (this.#session !== null) this.#options.handlers.flushed();
      },
      malformed: (notification) => this.#happened({ kind: 'headerError', notification }),
      lost: (code) => this.#happened({ kind: 'tcpConnectionFails', code }),
      drained: () => this.#session?.outbox?.wake(),
    });
    this.connection = connection;
    this.#toldOfUpdate = false;
    return connection;
  }

  perform(action: SlotAction): void {
    switch (action.kind) {
      case 'sendOpen':
        this.send(encodeOpen(action.open));
        break;
      case 'sendKeepalive':
        this.#sendKeepalive();
        break;
      case 'notifyAndClose':
        this.#close(encodeNotification(action.notification));
        break;
      case 'closeConnection':
        this.#close(null);
        break;
      case 'startTimer':
        this.#startTimer(action.timer, action.milliseconds * (action.jitter ? this.#jitter() : 1));
        break;
      case 'stopTimer':
        this.#timers?.[action.timer].stop();
        break;
    }
  }

  send(octets: Uint8Array): void {
    this.#options.counters.sent(octets);
    this.connection?.send(octets);
  }

  /** UPDATEs are decoded from here on. */
  begin(agreed: NegotiatedSession): void {
    if (this.connection !== null) this.connection.framer.maxMessage = agreed.maxMessage;
    this.#options.counters.keepaliveLateSeconds = 0;
    this.#session = { agreed, decoder: decoderFor(agreed.decode), outbox: null };
  }

  sendFrom(source: PacketSource): void {
    const { clock, counters } = this.#options;
    if (this.#session === null || this.connection === null) return;
    this.#session.outbox = new Outbox(this.connection, source, clock, counters, () => this.#watchSending());
    this.#session.outbox.wake();
  }

  wake(): void {
    this.#session?.outbox?.wake();
  }

  /** Gives the timers back to the clock; they come again by themselves. */
  release(): void {
    for (const timer of Object.values(this.#timers ?? {})) timer.close();
    this.#timers = null;
  }

  #message(type: number, frame: Uint8Array): void {
    this.#options.counters.received(type, frame.length);
    switch (type) {
      case MESSAGE.open:
        this.#open(frame);
        break;
      case MESSAGE.update:
        this.#update(frame);
        break;
      case MESSAGE.notification:
        this.#happened({ kind: 'notificationReceived', notification: decodeNotification(frame) });
        break;
      case MESSAGE.keepalive:
        this.#happened(KEEPALIVE_RECEIVED);
        break;
      default:
        this.#routeRefresh(frame);
    }
  }

  #open(frame: Uint8Array): void {
    const decoded = decodeOpen(frame);
    this.#happened(
      decoded.ok
        ? { kind: 'openReceived', open: decoded.open }
        : { kind: 'openError', notification: decoded.notification },
    );
  }

  /** To the machine, the UPDATEs of one read are one event: it restarts the hold timer. */
  #update(frame: Uint8Array): void {
    if (!this.#toldOfUpdate) this.#happened(UPDATE_RECEIVED);
    this.#toldOfUpdate = true;
    if (this.#session === null) return;
    const view = this.#session.decoder.decode(frame);
    if (view.reset === null || view.verdicts.length > 0) this.#options.handlers.update(view);
    if (view.reset !== null) this.#happened({ kind: 'updateError', notification: view.reset });
  }

  #routeRefresh(frame: Uint8Array): void {
    const decoded = decodeRouteRefresh(frame);
    if (!decoded.ok) {
      this.#happened({ kind: 'headerError', notification: decoded.notification });
      return;
    }
    this.#happened(ROUTE_REFRESH_RECEIVED);
    if (this.#session === null) return;
    const { agreed } = this.#session;
    const { afi, safi, subtype } = decoded.message;
    const family = familyOf(afi, safi);
    // RFC 2918 4: a family that was not announced is ignored. RFC 7313 5: so is a subtype nobody agreed on.
    const known = subtype === ROUTE_REFRESH.request || (agreed.enhancedRouteRefresh && subtype <= 2);
    if (family !== null && agreed.families.includes(family) && known) {
      this.#options.handlers.routeRefresh(family, subtype);
    }
  }

  #happened(event: FsmEvent): void {
    this.#options.happened(this.#options.role, event);
  }

  /** Not behind octets that wait: they say the same once they arrive, and a queue must not grow while nobody reads. */
  #sendKeepalive(): void {
    if (this.connection === null) return;
    if (this.connection.queued === 0) this.send(KEEPALIVE);
    if (this.connection.queued > 0) this.#watchSending();
  }

  #close(last: Uint8Array | null): void {
    const { connection } = this;
    this.#session?.outbox?.close();
    this.#session = null;
    this.connection = null;
    if (last !== null && connection !== null) this.#options.counters.sent(last);
    connection?.close(last);
  }

  /** RFC 9687: from the first octet that the peer does not take. */
  #watchSending(): void {
    const timer = this.#timer('sendHold');
    const wait = (this.#session?.agreed.sendHoldTime ?? 0) * 1000;
    if (this.connection === null || wait === 0 || timer.running) return;
    this.#deliveredMark = this.connection.delivered;
    timer.start(wait);
  }

  #sendHoldDue(): void {
    if (this.connection === null || this.connection.queued === 0) return;
    if (this.connection.delivered > this.#deliveredMark) this.#watchSending();
    else this.#happened({ kind: 'sendHoldTimerExpires' });
  }

  /** RFC 4271 10: 0.75 to 1.0. */
  #jitter(): number {
    return 0.75 + 0.25 * this.#options.random();
  }

  #startTimer(name: TimerName, milliseconds: number): void {
    if (name === 'keepalive') this.#keepaliveDue = deadlineOf(this.#options.clock.now(), milliseconds);
    this.#timer(name).start(milliseconds);
  }

  #keepaliveExpired(): void {
    const { clock, counters } = this.#options;
    const late = (clock.now() - this.#keepaliveDue) / 1000;
    counters.keepaliveLateSeconds = Math.max(counters.keepaliveLateSeconds, late);
    this.#expired('keepalive');
  }

  #timer(name: TimerName): Timer {
    this.#timers ??= this.#makeTimers();
    return this.#timers[name];
  }

  #makeTimers(): Readonly<Record<TimerName, Timer>> {
    const due: Partial<Record<TimerName, () => void>> = {
      hold: () => this.#holdDue(),
      keepalive: () => this.#keepaliveExpired(),
      sendHold: () => this.#sendHoldDue(),
    };
    const make = (name: TimerName): readonly [TimerName, Timer] => [
      name,
      this.#options.clock.timer(due[name] ?? (() => this.#expired(name))),
    ];
    return Object.fromEntries(TIMERS.map(make)) as Record<TimerName, Timer>;
  }

  #expired(name: TimerName): void {
    this.#happened({ kind: `${name}TimerExpires` });
  }

  /** After a stall of this process the peer's messages may wait unread: they are read before the peer is given up. */
  #holdDue(): void {
    const { connection } = this;
    this.#options.clock.defer(() => {
      if (this.connection === connection && !this.#timer('hold').running) this.#expired('hold');
    });
  }
}

const KEEPALIVE_RECEIVED: FsmEvent = { kind: 'keepaliveReceived' };
const UPDATE_RECEIVED: FsmEvent = { kind: 'updateReceived' };
const ROUTE_REFRESH_RECEIVED: FsmEvent = { kind: 'routeRefreshReceived' };
