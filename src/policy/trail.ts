// Which editing terms a route has passed, and what came of it: verdicts that were made once are used for every route
// that takes the same way.

import type { PolicyVerdict, RouteView } from '../rib/hooks.js';
import { rewriteBlock } from '../wire/block.js';
import type { AttributeEdits } from '../wire/types.js';
import { attributeEdits, NO_HOP, nextHopFor } from './edits.js';
import type { PolicyEdit } from './types.js';

/** Ways through a chain that are remembered below one term; more are possible only in contrived chains. */
const REMEMBERED = 1000;

interface AcceptingTerm {
  readonly edits: readonly PolicyEdit[];
  readonly name: string;
}

export class Trail {
  readonly isEmpty: boolean;
  readonly #edits: readonly PolicyEdit[];
  readonly #own: number;
  /** By the number of the editing term that comes next. */
  readonly #behind = new Map<number, Trail>();
  /** By the number of the accepting term, then by the next hop that it sets. */
  readonly #verdicts = new Map<number, WeakMap<Uint8Array, PolicyVerdict>>();

  /** `own` is our AS. */
  constructor(own: number, edits: readonly PolicyEdit[] = []) {
    this.#own = own;
    this.#edits = edits;
    this.isEmpty = edits.length === 0;
  }

  /** The trail of routes that passed here and then matched term `index`, which made these edits. */
  behind(index: number, edits: readonly PolicyEdit[]): Trail {
    const known = this.#behind.get(index);
    if (known !== undefined) return known;
    const trail = new Trail(this.#own, [...this.#edits, ...edits]);
    if (this.#behind.size < REMEMBERED) this.#behind.set(index, trail);
    return trail;
  }

  /** `route` as edited by the terms before. */
  accept(index: number, { edits, name }: AcceptingTerm, route: RouteView): PolicyVerdict {
    const hop = this.#hopBehind(edits, route);
    const byHop = this.#verdicts.get(index) ?? new WeakMap<Uint8Array, PolicyVerdict>();
    this.#verdicts.set(index, byHop);
    const known = byHop.get(hop);
    if (known !== undefined) return known;
    const verdict: PolicyVerdict = {
      action: 'accept',
      edits: attributeEdits([...this.#edits, ...edits], hop, this.#own),
      term: name,
    };
    byHop.set(hop, verdict);
    return verdict;
  }

  /** What later terms see. */
  edited(edits: readonly PolicyEdit[], route: RouteView): RouteView {
    const change = attributeEdits(edits, nextHopFor(edits, route), this.#own);
    if (change === null) return route;
    return new EditedRoute(route, change);
  }

  #hopBehind(edits: readonly PolicyEdit[], route: RouteView): Uint8Array {
    const hop = nextHopFor(edits, route);
    return hop === NO_HOP ? nextHopFor(this.#edits, route) : hop;
  }
}

/** A route with other attributes, which are made when a term looks at them. */
class EditedRoute implements RouteView {
  readonly start = 0;
  readonly #route: RouteView;
  readonly #change: AttributeEdits;
  #bytes: Uint8Array | null = null;

  constructor(route: RouteView, change: AttributeEdits) {
    this.#route = route;
    this.#change = change;
  }

  get bytes() {
    const { bytes, start, end } = this.#route;
    this.#bytes ??= rewriteBlock(bytes.subarray(start, end), this.#change);
    return this.#bytes;
  }

  get end() {
    return this.bytes.length;
  }

  get family() {
    return this.#route.family;
  }

  get w0() {
    return this.#route.w0;
  }

  get w1() {
    return this.#route.w1;
  }

  get w2() {
    return this.#route.w2;
  }

  get w3() {
    return this.#route.w3;
  }

  get length() {
    return this.#route.length;
  }

  get source() {
    return this.#route.source;
  }

  get peer() {
    return this.#route.peer;
  }

  get session() {
    return this.#route.session;
  }

  get self() {
    return this.#route.self;
  }

  /** Of what was learned: that we put ASes in front does not change who originated it. */
  rpki() {
    return this.#route.rpki();
  }
}
