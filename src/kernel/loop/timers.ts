// Timers by name: setting one again moves it, stopping ends them all for good.

export class Timers<Name extends string> {
  readonly #timers = new Map<Name, NodeJS.Timeout>();
  #stopped = false;

  /** Milliseconds from now. */
  set(name: Name, delay: number, run: () => void): void {
    if (this.#stopped) return;
    clearTimeout(this.#timers.get(name));
    const fire = (): void => {
      this.#timers.delete(name);
      run();
    };
    this.#timers.set(name, setTimeout(fire, delay));
  }

  has(name: Name): boolean {
    return this.#timers.has(name);
  }

  clear(name: Name): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
