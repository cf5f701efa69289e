// One direction of a TCP connection put together from its segments: in order, each octet once, whatever was sent again,
// overtaken or lost. Hands out octets as they become known.

import type { Segment } from './segment.js';

/** Segments that wait for one before them. After so many the one before is taken as lost by the capture. */
const MOST_WAITING = 64;

const LARGEST_SEQUENCE = 2 ** 32;

/** The signed distance from `a` to `b` on the circle of sequence numbers. */
const distance = (a: number, b: number): number => (b - a) | 0;

export type StreamEvent =
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  /** A new connection between the same ends. */
  | { readonly kind: 'begin' }
  /** Octets that the capture does not have come here. */
  | { readonly kind: 'gap' };

export class TcpStream {
  /** Sequence number of the next octet; null before the first segment. */
  #next: number | null = null;
  #waiting: Segment[] = [];

  take(segment: Segment, emit: (event: StreamEvent) => void): void {
    if (segment.syn) {
      // Sent again, it says nothing new.
      const next = (segment.sequence + 1) % LARGEST_SEQUENCE;
      if (this.#next === next) return;
      this.#next = next;
      this.#waiting = [];
      emit({ kind: 'begin' });
      return;
    }
    if (segment.payload.length === 0) return;
    this.#next ??= segment.sequence;
    this.#waiting.push(segment);
    this.#drain(emit);
    if (this.#waiting.length > MOST_WAITING) this.#skip(emit);
  }

  /** Nothing more comes: what waits is handed out behind a gap. */
  end(emit: (event: StreamEvent) => void): void {
    while (this.#waiting.length > 0) this.#skip(emit);
  }

  #drain(emit: (event: StreamEvent) => void): void {
    for (let found = true; found; ) {
      found = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const segment of waiting) {
        if (this.#deliver(segment, emit)) found = true;
        else this.#waiting.push(segment);
      }
    }
  }

  /** False while octets before it are missing. */
  #deliver(segment: Segment, emit: (event: StreamEvent) => void): boolean {
    const known = distance(segment.sequence, this.#next ?? 0);
    if (known < 0) return false;
    if (known < segment.payload.length) {
      emit({ kind: 'octets', octets: segment.payload.subarray(known) });
      this.#next = (segment.sequence + segment.payload.length) % LARGEST_SEQUENCE;
    }
    return true;
  }

  #skip(emit: (event: StreamEvent) => void): void {
    const next = this.#next ?? 0;
    const [first] = this.#waiting.toSorted((a, b) => distance(next, a.sequence) - distance(next, b.sequence));
    if (first === undefined) return;
    emit({ kind: 'gap' });
    this.#next = first.sequence;
    this.#drain(emit);
  }
}
