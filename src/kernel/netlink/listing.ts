// One listing in small steps on a socket of its own, so that events and writes go on while the kernel tells of a hundred
// thousand routes. Knows what to ask for each scope; keeps no routes.

import type { AddressFamily } from '../../base/family.js';
import { ERRNO, errnoName } from '../../sys/libc.js';
import type { ListScope, PortFilter } from '../port.js';
import type { Dump } from '../rtnetlink/exchange.js';
import {
  listAddresses,
  listForwards,
  listLinks,
  listNeighbours,
  listNexthops,
  listRoutes,
  passesFilter,
  routeProtocol,
} from '../rtnetlink/messages.js';
import type { MessageSpan } from '../rtnetlink/octets.js';
import { Outbox } from './outbox.js';
import type { WorkerReport } from './worker-messages.js';

type Request = (sequence: number) => Uint8Array;
type Listed = Extract<WorkerReport, { kind: 'listed' }>;

/** Listings that raced with changes are repeated this often. */
const ATTEMPTS = 4;

/** Rows of tables and interfaces that do not exist are simply none. */
const ABSENT: readonly number[] = [ERRNO.ENODEV, ERRNO.ENOENT];

export interface ListingOptions {
  readonly id: number;
  readonly scope: ListScope;
  /** The kernel narrows routes to an interface itself (NETLINK_GET_STRICT_CHK). */
  readonly strict: boolean;
  /** Nexthop objects can be listed. */
  readonly objects: boolean;
  readonly filter: () => PortFilter;
  readonly post: (octets: Uint8Array<ArrayBuffer>, report: (octets: Uint8Array) => WorkerReport) => void;
}

export class RunningListing {
  readonly #options: ListingOptions;
  readonly #dump: Dump;
  readonly #rows: Outbox;
  #requests: Request[];
  #hurried = false;
  #asked = false;
  #attempt = 1;
  #first = true;
  #errno: string | null = null;

  constructor(dump: Dump, options: ListingOptions) {
    this.#dump = dump;
    this.#options = options;
    this.#requests = listingRequests(options);
    this.#rows = new Outbox((octets) => this.#post(octets, false));
    // From before the kernel is asked: what happens from now on may be older or newer than the rows to come.
    this.#post(new Uint8Array(0), false);
  }

  /** True when it may take its time: nothing waits for it. */
  get unhurried(): boolean {
    return !this.#hurried && this.#options.scope.kind === 'audit';
  }

  hurry(): void {
    this.#hurried = true;
  }

  /** Rows read so far leave before anything that is told later. */
  flush(): void {
    this.#rows.flush();
  }

  /** Reads what one receive brings; false when the listing is over. Returns a message when the socket failed. */
  step(): boolean | string {
    const request = this.#requests[0];
    if (request === undefined) {
      this.#post(this.#rows.take(), true);
      return false;
    }
    if (!this.#asked) this.#ask(request);
    else {
      const outcome = this.#dump.step((bytes, view, span) => this.#visit(bytes, view, span));
      if (outcome.kind === 'broken') return outcome.message;
      if (outcome.kind === 'end') this.#ended(outcome.errno, outcome.interrupted);
    }
    return true;
  }

  #ask(request: Request): void {
    this.#asked = true;
    const errno = this.#dump.begin(request);
    if (errno !== 0) this.#ended(errno, false);
  }

  #ended(errno: number, interrupted: boolean): void {
    this.#asked = false;
    if (interrupted && this.#attempt++ < ATTEMPTS) return;
    this.#attempt = 1;
    if (errno !== 0 && !ABSENT.includes(errno)) this.#errno ??= errnoName(errno);
    this.#requests = this.#requests.slice(1);
  }

  #visit(bytes: Uint8Array, view: DataView, span: MessageSpan): void {
    const filter = this.#options.filter();
    const { scope } = this.#options;
    if (scope.kind !== 'ends' && !passesFilter(view, span, filter)) return;
    if (scope.kind === 'foreign' && routeProtocol(view, span) === filter.protocol) return;
    this.#rows.add(bytes, span);
  }

  #post(octets: Uint8Array<ArrayBuffer>, done: boolean): void {
    const { id, post } = this.#options;
    const first = this.#first;
    this.#first = false;
    const errno = done ? this.#errno : null;
    post(octets, (transferred): Listed => ({ kind: 'listed', id, octets: transferred, first, done, errno }));
  }
}

function listingRequests({ scope, strict, objects }: ListingOptions): Request[] {
  const routes = (family: AddressFamily, ifindex: number) => (sequence: number) =>
    listRoutes(sequence, family, 0, strict ? ifindex : 0);
  // Objects come before the routes that use them.
  const nexthops = objects ? [listNexthops] : [];
  switch (scope.kind) {
    case 'everything':
    case 'audit':
      return [listLinks, listAddresses, ...nexthops, routes('ipv4', 0), routes('ipv6', 0)];
    case 'interface':
      return [routes(scope.family, scope.ifindex)];
    case 'foreign':
      return [routes(scope.family, 0)];
    case 'ends': {
      const { ifindex } = scope;
      return [
        (sequence) => listNeighbours(sequence, 'ipv4', ifindex),
        (sequence) => listNeighbours(sequence, 'ipv6', ifindex),
        (sequence) => listForwards(sequence, ifindex),
      ];
    }
    default:
      return scope satisfies never;
  }
}
