// Where the host's own addresses come from, and the news that they changed: what stands for us as a next hop may be
// another address now. Knows nothing of sessions.

import { networkInterfaces } from 'node:os';
import { formatIp, parseIp } from '../../base/ip.js';
import { type AddressNews, openAddressNews } from '../../kernel/netlink/address-news.js';
import { readAddresses } from '../../kernel/netlink/read-addresses.js';
import type { Clock, Timer } from '../../net/clock.js';
import { type HostAddress, type HostAddresses, isGlobal } from './host-addresses.js';

export interface AddressSource {
  read(): HostAddresses;
  /** The next answer is read anew. */
  outdate(): void;
  /** Whether another answer is to be expected than at the last call. To read costs a hundred times as much. */
  mayHaveChanged(): boolean;
  close(): void;
}

/** Milliseconds for which an answer holds: a thousand sessions that come up together ask the system once. */
const FRESH = 1000;

export function hostAddressSource(now: () => number): AddressSource {
  let known: HostAddresses | null = null;
  let readAt = 0;
  let news: AddressNews | null = null;
  return {
    read: () => {
      if (known === null || now() - readAt >= FRESH) {
        known = readHostAddresses();
        readAt = now();
      }
      return known;
    },
    outdate: () => {
      known = null;
    },
    mayHaveChanged: () => {
      if (news !== null) return news.take();
      news = openAddressNews();
      return true;
    },
    close: () => {
      news?.close();
      news = null;
    },
  };
}

/** Interfaces that run come first; libc's list has no others, and for about a second a link that came up does not run. */
function readHostAddresses(): HostAddresses {
  const found = new Map<string, HostAddress[]>();
  const add = (name: string, text: string, length: number): void => {
    const address = parseIp(text);
    if (address === null) return;
    const known = found.get(name) ?? [];
    found.set(name, known);
    if (known.some((other) => formatIp(other) === formatIp(address))) return;
    known.push(Number.isNaN(length) ? address : { ...address, length });
  };
  for (const [name, entries] of Object.entries(networkInterfaces()))
    for (const { address, cidr } of entries ?? []) add(name, address, Number(cidr?.split('/')[1]));
  for (const { interface: name, address, length } of readAddresses() ?? [])
    add(name, formatIp(address), length);
  return found;
}

/** The same answer for all who ask in one turn of the event loop: a host may have thousands of interfaces. */
export function onceATurn(read: () => HostAddresses, defer: (task: () => void) => void): () => HostAddresses {
  let known: HostAddresses | null = null;
  return () => {
    if (known === null) {
      known = read();
      defer(() => {
        known = null;
      });
    }
    return known;
  };
}

/** Milliseconds in which changes are gathered before anybody looks. */
const GATHER = 20;

/** Looks at the addresses when told that some came or went; calls `changed` when those that others can reach did. */
export class AddressWatch {
  readonly #source: AddressSource;
  readonly #timer: Timer;
  #known: string;
  #waiting = false;

  constructor(source: AddressSource, clock: Clock, changed: () => void) {
    this.#source = source;
    this.#known = reachable(source.read());
    this.#timer = clock.timer(() => {
      this.#waiting = false;
      if (this.#look()) changed();
    });
  }

  notice(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#timer.start(GATHER);
  }

  stop(): void {
    this.#timer.close();
    this.#source.close();
  }

  #look(): boolean {
    this.#source.outdate();
    const now = reachable(this.#source.read());
    if (now === this.#known) return false;
    this.#known = now;
    return true;
  }
}

function reachable(hosts: HostAddresses): string {
  const lines = [...hosts].map(([name, addresses]) => {
    const global = addresses.filter(isGlobal).map((own) => `${formatIp(own)}/${own.length ?? ''}`);
    return `${name} ${global.sort().join(' ')}`;
  });
  return lines
    .filter((line) => !line.endsWith(' '))
    .sort()
    .join('\n');
}
