// The far end of a BGP connection as a script, on a real socket: says what a test tells it to say, keeps what it hears.

import { connect, type Socket } from 'node:net';
import { Framer } from '../../src/wire/framer.js';

const PATIENCE = 20_000;

/** Promises that settle when something that was reported makes their condition true. */
export class Watch {
  readonly #waiting = new Set<() => void>();

  changed(): void {
    for (const check of this.#waiting) check();
  }

  until(condition: () => boolean, what: string | (() => string)): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`));
      }, PATIENCE);
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timeout);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** The far end as a script: it says what it is told to say, and keeps what it hears. */
export class ScriptedPeer {
  readonly socket: Socket;
  readonly watch = new Watch();
  /** `type: hex of the body`. */
  readonly heard: string[] = [];
  closed = false;
  /** Called for each whole message; the frame is valid during the call. */
  onMessage: (type: number, frame: Uint8Array) => void = () => undefined;
  readonly #framer = new Framer(65535);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Uint8Array) => {
      this.#framer.push(chunk, (type, frame) => {
        this.heard.push(`${type}: ${Buffer.from(frame.subarray(19)).toString('hex')}`);
        this.onMessage(type, frame);
        return true;
      });
      this.watch.changed();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.watch.changed();
    });
  }

  say(...messages: readonly Uint8Array[]): void {
    for (const message of messages) this.socket.write(message);
  }

  /** The latest NOTIFICATION as `code/subcode data`. */
  get notification(): string | null {
    const last = this.heard.findLast((message) => message.startsWith('3: '));
    if (last === undefined) return null;
    const body = Buffer.from(last.slice(3), 'hex');
    return `${body[0]}/${body[1]} ${body.subarray(2).toString('hex')}`.trim();
  }

  count(type: number): number {
    return this.heard.filter((message) => message.startsWith(`${type}: `)).length;
  }

  async hears(type: number, times = 1): Promise<void> {
    await this.watch.until(() => this.count(type) >= times, `message type ${type} (${times})`);
  }

  async hearsNotification(): Promise<string> {
    await this.hears(3);
    return this.notification ?? '';
  }

  async isClosed(): Promise<void> {
    await this.watch.until(() => this.closed, 'the close');
  }
}

/** A connection from `local` to a listener; it may be refused or closed at any time. */
export async function dialScripted(address: string, port: number, local: string): Promise<ScriptedPeer> {
  const socket = connect({ host: address, port, localAddress: local });
  const peer = new ScriptedPeer(socket);
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', resolve);
  });
  return peer;
}
