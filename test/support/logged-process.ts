// One program that stays: its output goes to a file, it ends by its own process id and no other way.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class LoggedProcess {
  readonly name: string;
  readonly logFile: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #exit: Exit | null = null;

  private constructor(name: string, logFile: string, child: ChildProcess, pid: number) {
    this.name = name;
    this.logFile = logFile;
    this.pid = pid;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  /** Output is appended to `logFile`. The process gets its own group, so a Ctrl-C meant for us does not reach it. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    options: { readonly logFile: string; readonly env?: NodeJS.ProcessEnv },
  ): Promise<LoggedProcess> {
    const log = openSync(options.logFile, 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      detached: true,
      env: options.env ?? process.env,
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return new LoggedProcess(name, options.logFile, child, child.pid ?? 0);
  }

  get running(): boolean {
    return this.#exit === null;
  }

  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) process.kill(this.pid, signal);
  }

  /** SIGTERM (or what the program ends by), then SIGKILL when it has not ended after `patience` milliseconds. */
  async stop(patience = 5000, signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    const executioner = setTimeout(() => this.signal('SIGKILL'), patience);
    this.signal(signal);
    const exit = await this.ended();
    clearTimeout(executioner);
    return exit;
  }

  /** SIGKILL, as the power supply does it. */
  kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.ended();
  }

  /** As `exited`; a process left running does not keep ours alive, one that is waited for here does. */
  ended(): Promise<Exit> {
    if (this.running) this.#child.ref();
    return this.exited;
  }
}
