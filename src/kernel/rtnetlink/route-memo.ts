// Routes of a listing are much alike: one that differs from the one before in its destination alone shares the rest with
// it, and costs neither the time nor the garbage of being read in full. Says what decodeRoute says, always.

import { ipFromBytes } from '../../base/ip.js';
import { makePrefix } from '../../base/prefix.js';
import type { KernelRoute } from '../types.js';
import { AF, RTA, RTMSG_SIZE } from './numbers.js';
import { eachAttribute } from './octets.js';
import { decodeRoute } from './route-decode.js';

/** Longer payloads are read in full. */
const LARGEST = 512;

export class RouteMemo {
  readonly #octets = new Uint8Array(LARGEST);
  #size = 0;
  /** Where the destination is, and its octets; 0 for none. */
  #dstAt = 0;
  #dstSize = 0;
  #route: KernelRoute | null = null;

  /** The payload of a route message, as `decodeRoute` reads it. */
  decode(bytes: Uint8Array, view: DataView, body: number, end: number): KernelRoute | null {
    if (this.#route !== null && this.#isAlike(bytes, body, end)) {
      const address = ipFromBytes(bytes, body + this.#dstAt, this.#dstSize as 4 | 16);
      return { ...this.#route, prefix: makePrefix(address, this.#route.prefix.length) };
    }
    const route = decodeRoute(bytes, view, body, end);
    this.#remember(route, bytes, view, body, end);
    return route;
  }

  #isAlike(bytes: Uint8Array, body: number, end: number): boolean {
    const size = end - body;
    if (size !== this.#size || end > bytes.length) return false;
    const octets = this.#octets;
    const dstEnd = this.#dstAt + this.#dstSize;
    for (let i = 0; i < this.#dstAt; i++) if (octets[i] !== bytes[body + i]) return false;
    for (let i = dstEnd; i < size; i++) if (octets[i] !== bytes[body + i]) return false;
    return true;
  }

  #remember(route: KernelRoute | null, bytes: Uint8Array, view: DataView, body: number, end: number): void {
    this.#route = null;
    if (route === null || end - body > LARGEST) return;
    const wanted = view.getUint8(body) === AF.inet ? 4 : 16;
    let times = 0;
    eachAttribute(view, body + RTMSG_SIZE, end, (type, from, to) => {
      if (type !== RTA.dst) return;
      times++;
      this.#dstAt = from - body;
      this.#dstSize = to - from;
    });
    if (times !== 1 || this.#dstSize !== wanted) return;
    this.#octets.set(bytes.subarray(body, end));
    this.#size = end - body;
    this.#route = route;
  }
}
