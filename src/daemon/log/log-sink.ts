// Where log lines leave the process: written in order in the background, at most so many octets waiting. A reader that
// is slow, stuck or gone costs lines; it never holds up the event loop and never ends the process.

import { write, writeSync } from 'node:fs';

export interface LogSinkOptions {
  readonly fd: number;
  /** Octets that may wait; lines past it are dropped. */
  readonly maxWaiting: number;
  /** The line that tells how many lines were dropped, once lines pass again. */
  readonly dropNotice: (dropped: number) => string;
}

/** Milliseconds until a full pipe or a failing disk is tried again. */
const REST = 50;
/** Octets of one write: what may be cut when the process ends in the middle of it. */
const CHUNK = 65_536;
/** How often and in what steps (milliseconds) the last flush tries a full pipe. */
const LAST_TRIES = 10;
const LAST_STEP = 10;

export class LogSink {
  readonly #options: LogSinkOptions;
  #state: 'idle' | 'writing' | 'resting' = 'idle';
  /** What is being written, or is to be tried again. */
  #current: Buffer = Buffer.alloc(0);
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;

  constructor(options: LogSinkOptions) {
    this.#options = options;
  }

  /** Whole lines. */
  write(lines: string): void {
    const bytes = Buffer.from(lines);
    if (this.#waitingBytes + this.#current.length + bytes.length > this.#options.maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#wait(bytes);
    if (this.#state === 'idle') this.#next();
  }

  /** Writes what waits, at the end of the process; gives up where the reader takes nothing. */
  flushSync(): void {
    const begun = this.#state === 'writing' ? CHUNK : 0;
    const left = [this.#current.subarray(begun), ...this.#waiting];
    this.#current = this.#current.subarray(0, begun);
    this.#waiting = [];
    this.#waitingBytes = 0;
    writeAll(this.#options.fd, Buffer.concat(left));
  }

  #wait(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #next(): void {
    if (this.#current.length === 0) {
      this.#current = Buffer.concat(this.#waiting);
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    if (this.#current.length === 0) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'writing';
    const length = Math.min(CHUNK, this.#current.length);
    write(this.#options.fd, this.#current, 0, length, null, (error, written) => this.#done(error, written));
  }

  #done(error: NodeJS.ErrnoException | null, written: number): void {
    if (error !== null) {
      if (error.code !== 'EAGAIN') this.#dropCurrent();
      this.#state = 'resting';
      setTimeout(() => this.#next(), REST).unref();
      return;
    }
    this.#current = this.#current.subarray(written);
    if (this.#dropped > 0) {
      this.#wait(Buffer.from(this.#options.dropNotice(this.#dropped)));
      this.#dropped = 0;
    }
    this.#next();
  }

  #dropCurrent(): void {
    this.#dropped += this.#current.toString().split('\n').length - 1;
    this.#current = Buffer.alloc(0);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  let at = 0;
  for (let tries = 0; at < bytes.length && tries < LAST_TRIES; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_STEP);
      tries++;
    }
  }
}
