// Finds the router on the other end of a link, and lets itself be found: sends router solicitations and advertisements
// on the interfaces it is told of and reports who advertises there. Decides nothing about sessions.

import { type IpAddress, isLinkLocal } from '../../base/ip.js';
import type { Clock, Timer } from '../clock.js';
import type { LinkMessage, LinkSocket, OpenLinkSocket } from './link-socket.js';
import { ALL_NODES, ALL_ROUTERS, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION } from './router-messages.js';

/** Milliseconds between looks at the socket while somebody is missing, and when all have been heard. */
const BUSY_POLL = 100;
const CALM_POLL = 1000;
/** Milliseconds between advertisements on a link: in the beginning, and later on. */
const FIRST_INTERVAL = 1000;
const INTERVAL = 10_000;
const FIRST_ADVERTISEMENTS = 5;
/** Milliseconds: a link full of solicitations gets no more answers than this allows. */
const LEAST_INTERVAL = 500;
/** Messages of one look: a flood must not hold up the sessions. */
const MOST_MESSAGES = 64;

export interface RouterFinderOptions {
  readonly clock: Clock;
  readonly open: OpenLinkSocket;
  /** A router was heard; called each time it is. */
  readonly found: (name: string, address: IpAddress) => void;
}

export interface RouterFinder {
  /** From now on these interfaces, and no others. */
  watch(names: readonly string[]): void;
  /** The system's error name where no socket is to be had (EPERM: CAP_NET_RAW is missing); null: all is well. */
  readonly obstacle: string | null;
  stop(): void;
}

export const createRouterFinder = (options: RouterFinderOptions): RouterFinder => new Finder(options);

interface Link {
  readonly name: string;
  heard: boolean;
  advertisements: number;
  /** Clock milliseconds. */
  nextAdvertisement: number;
  lastAdvertisement: number;
}

class Finder implements RouterFinder {
  readonly #options: RouterFinderOptions;
  readonly #links = new Map<string, Link>();
  readonly #timer: Timer;
  #socket: LinkSocket | null = null;
  obstacle: string | null = null;

  constructor(options: RouterFinderOptions) {
    this.#options = options;
    this.#timer = options.clock.timer(() => this.#turn());
  }

  watch(names: readonly string[]): void {
    for (const name of this.#links.keys()) if (!names.includes(name)) this.#links.delete(name);
    for (const name of names) if (!this.#links.has(name)) this.#links.set(name, newLink(name));
    if (this.#links.size === 0) this.#close();
    else if (this.#open()) this.#turn();
  }

  stop(): void {
    this.#links.clear();
    this.#close();
    this.#timer.close();
  }

  #open(): boolean {
    if (this.#socket !== null) return true;
    const opened = this.#options.open();
    this.obstacle = opened.ok ? null : opened.errno;
    if (opened.ok) this.#socket = opened.socket;
    return opened.ok;
  }

  #close(): void {
    this.#timer.stop();
    this.#socket?.close();
    this.#socket = null;
  }

  #turn(): void {
    const socket = this.#socket;
    if (socket === null) return;
    for (let i = 0; i < MOST_MESSAGES; i++) {
      const message = socket.receive();
      if (message === null) break;
      this.#take(socket, message);
    }
    const now = this.#options.clock.now();
    for (const link of this.#links.values())
      if (now >= link.nextAdvertisement) this.#announce(socket, link, now);
    const missing = [...this.#links.values()].some(({ heard }) => !heard);
    // A report may have ended the watch.
    if (this.#socket !== null) this.#timer.start(missing ? BUSY_POLL : CALM_POLL);
  }

  #take(socket: LinkSocket, { kind, interface: name, from }: LinkMessage): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    const isNew = !link.heard && kind === 'advertisement';
    const now = this.#options.clock.now();
    // Who solicits wants to hear of us, and so does who has just been heard for the first time.
    if ((kind === 'solicitation' || isNew) && now - link.lastAdvertisement >= LEAST_INTERVAL) {
      this.#advertise(socket, link, now);
    }
    if (kind !== 'advertisement' || !isLinkLocal(from)) return;
    link.heard = true;
    this.#options.found(name, from);
  }

  #announce(socket: LinkSocket, link: Link, now: number): void {
    if (!link.heard) socket.send(link.name, ALL_ROUTERS, ROUTER_SOLICITATION);
    const sent = this.#advertise(socket, link, now);
    // An interface that is not ready is tried again soon.
    if (sent) link.advertisements++;
    link.nextAdvertisement = now + (link.advertisements < FIRST_ADVERTISEMENTS ? FIRST_INTERVAL : INTERVAL);
  }

  #advertise(socket: LinkSocket, link: Link, now: number): boolean {
    link.lastAdvertisement = now;
    return socket.send(link.name, ALL_NODES, ROUTER_ADVERTISEMENT);
  }
}

const newLink = (name: string): Link => ({
  name,
  heard: false,
  advertisements: 0,
  nextAdvertisement: 0,
  lastAdvertisement: Number.NEGATIVE_INFINITY,
});
