// A growable set of small integers with a cheap ordered sweep: dirty prefixes, group members.

export class Bitset {
  #words = new Uint32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(index: number): boolean {
    return ((this.#words[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  /** True when the index was not in the set before. */
  add(index: number): boolean {
    const at = index >>> 5;
    if (at >= this.#words.length) this.#grow(at + 1);
    const bit = 1 << (index & 31);
    if ((this.#words[at]! & bit) !== 0) return false;
    this.#words[at]! |= bit;
    this.#size++;
    return true;
  }

  /** True when the index was in the set. */
  delete(index: number): boolean {
    const at = index >>> 5;
    const bit = 1 << (index & 31);
    if (((this.#words[at] ?? 0) & bit) === 0) return false;
    this.#words[at]! &= ~bit;
    this.#size--;
    return true;
  }

  clear(): void {
    this.#words.fill(0);
    this.#size = 0;
  }

  /** The lowest member that is at least `from`, or -1. */
  next(from: number): number {
    const words = this.#words;
    let at = from >>> 5;
    if (at >= words.length) return -1;
    let word = words[at]! & (-1 << (from & 31));
    while (word === 0) {
      if (++at >= words.length) return -1;
      word = words[at]!;
    }
    return at * 32 + (31 - Math.clz32(word & -word));
  }

  *[Symbol.iterator](): Generator<number> {
    for (let i = this.next(0); i >= 0; i = this.next(i + 1)) yield i;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  #grow(words: number): void {
    const grown = new Uint32Array(Math.max(words, this.#words.length * 2));
    grown.set(this.#words);
    this.#words = grown;
  }
}
