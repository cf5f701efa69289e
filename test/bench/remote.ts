// Calls between the benchmark and its own processes in other network namespaces: a request and its answer over the
// channel that Node gives to a child. Knows nothing of what is called.

import { type ChildProcess, spawn } from 'node:child_process';
import type { NetNode } from '../support/netns.js';

/** What a process offers: functions of one argument that JSON can carry, as can their results. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly problem: string };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of ours inside a namespace. Dies with us: the channel closes. */
export class Remote<C extends Calls> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;

  constructor(node: NetNode, script: string) {
    const [command, args] = node.inside(process.execPath, [script]);
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer) => this.#take(answer as Answer));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) => this.#fail(new Error(`${script} ended: ${code ?? signal}`)));
  }

  call<K extends keyof C & string>(
    name: K,
    argument: Parameters<C[K]>[0],
  ): Promise<Awaited<ReturnType<C[K]>>> {
    this.#requests += 1;
    const request: Request = { id: this.#requests, name, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve: resolve as Waiting['resolve'], reject });
      this.#child.send(request, (error) => {
        if (error !== null) this.#fail(error);
      });
    });
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new Error(answer.problem));
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** In the child: answers calls until the channel closes, then ends the process. */
export const serve = (calls: Calls): void => {
  const perform = async ({ id, name, argument }: Request): Promise<Answer> => {
    try {
      return { id, ok: true, value: await calls[name]?.(argument as never) };
    } catch (error) {
      return { id, ok: false, problem: error instanceof Error ? error.message : String(error) };
    }
  };
  process.on('message', async (request) => {
    const answer = await perform(request as Request);
    if (process.connected) process.send?.(answer);
  });
  process.on('disconnect', () => process.exit(0));
};
