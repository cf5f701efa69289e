// Says once that there is work, until it is heard again: thousands of changes may come before the next pass.

export class WorkSignal {
  readonly #tell: () => void;
  #told = false;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  announce(): void {
    if (this.#told) return;
    this.#told = true;
    this.#tell();
  }

  /** The next announcement is told again. */
  rearm(): void {
    this.#told = false;
  }
}
