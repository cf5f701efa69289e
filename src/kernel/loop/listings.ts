// Which parts of the kernel's state have to be listed again, and when: requests that come in a burst become few listings.
// At most one listing is asked for at a time.

import type { ListScope } from '../port.js';

/** Links that flap in one burst: beyond this many interfaces, one listing of everything is cheaper. */
const MAX_SCOPES = 32;

export class Listings {
  readonly #wanted = new Map<string, ListScope>();
  #running: { readonly id: number; readonly scope: ListScope } | null = null;
  /** The running listing was asked for under other settings: its rows mean something else now. */
  #outdated = false;
  #nextId = 1;

  get empty(): boolean {
    return this.#wanted.size === 0;
  }

  want(scope: ListScope): void {
    // What an end of a tunnel is told is in no other listing.
    if (scope.kind === 'ends') {
      this.#wanted.set(keyOf(scope), scope);
      return;
    }
    if (this.#wanted.has(EVERYTHING.kind)) return;
    this.#wanted.set(keyOf(scope), scope);
    if (scope.kind !== 'everything' && this.#wanted.size <= MAX_SCOPES) return;
    for (const [key, { kind }] of this.#wanted) if (kind !== 'ends') this.#wanted.delete(key);
    this.#wanted.set(EVERYTHING.kind, EVERYTHING);
  }

  /** The next listing to ask for, null while one runs or none is wanted. */
  next(): { readonly id: number; readonly scope: ListScope } | null {
    if (this.#running !== null) return null;
    // Everything first: what the ends of a tunnel are found to be needs the links.
    const scope = this.#wanted.get(EVERYTHING.kind) ?? this.#wanted.values().next().value;
    if (scope === undefined) return null;
    this.#wanted.delete(keyOf(scope));
    this.#running = { id: this.#nextId++, scope };
    this.#outdated = false;
    return this.#running;
  }

  /** The scope of the running listing, null when `id` is not the running one or its rows are of no use. */
  scopeOf(id: number): ListScope | null {
    return this.#running?.id === id && !this.#outdated ? this.#running.scope : null;
  }

  /** True while one runs that takes its time. */
  get unhurried(): boolean {
    return this.#running?.scope.kind === 'audit';
  }

  isRunning(id: number): boolean {
    return this.#running?.id === id;
  }

  /** Settings changed. */
  outdate(): void {
    this.#outdated = true;
  }

  finish(): void {
    this.#running = null;
  }

  /** The port died: what ran will not be answered. The ends of tunnels are asked for once and in no other listing: again. */
  abandon(): void {
    const lost = this.#running?.scope;
    this.#running = null;
    for (const [key, { kind }] of this.#wanted) if (kind !== 'ends') this.#wanted.delete(key);
    if (lost?.kind === 'ends') this.want(lost);
  }
}

const EVERYTHING: ListScope = { kind: 'everything' };

function keyOf(scope: ListScope): string {
  switch (scope.kind) {
    case 'interface':
      return `${scope.family} ${scope.ifindex}`;
    case 'foreign':
      return `${scope.family} foreign`;
    case 'ends':
      return `ends ${scope.ifindex}`;
    case 'everything':
    case 'audit':
      return scope.kind;
    default:
      return scope satisfies never;
  }
}
