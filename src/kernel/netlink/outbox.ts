// Netlink messages on their way to the main thread, gathered into chunks that are worth a post.

import type { MessageSpan } from '../rtnetlink/octets.js';

const CHUNK = 64 * 1024;

export class Outbox {
  readonly #post: (octets: Uint8Array<ArrayBuffer>) => void;
  #bytes = new Uint8Array(CHUNK);
  #length = 0;

  constructor(post: (octets: Uint8Array<ArrayBuffer>) => void) {
    this.#post = post;
  }

  add(bytes: Uint8Array, span: MessageSpan): void {
    const size = span.next - span.start;
    if (this.#length + size > this.#bytes.length) this.flush();
    if (size > this.#bytes.length) this.#bytes = new Uint8Array(size);
    this.#bytes.set(bytes.subarray(span.start, span.end), this.#length);
    this.#length += size;
  }

  flush(): void {
    if (this.#length > 0) this.#post(this.take());
  }

  /** What was gathered since the last post. */
  take(): Uint8Array<ArrayBuffer> {
    // A small batch is copied out, so that the rest of the chunk can serve again.
    const small = this.#length < CHUNK / 4;
    const octets = small ? this.#bytes.slice(0, this.#length) : this.#bytes.subarray(0, this.#length);
    if (!small) this.#bytes = new Uint8Array(CHUNK);
    this.#length = 0;
    return octets;
  }
}
