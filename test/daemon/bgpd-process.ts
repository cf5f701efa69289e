// `bgpd` as an operator runs it: the built program in a folder of its own, with its log and its sockets.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type ApiReply, ask, type TempFolder, tempFolder } from '../support/api-client.js';
import { type CommandResult, run } from '../support/command.js';
import { LoggedProcess } from '../support/logged-process.js';
import { dialScripted } from '../support/scripted-peer.js';
import { type SpeakerIdentity, TestSpeaker } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';
import type { Yaml } from './daemon-rig.js';

const root = resolve(import.meta.dirname, '..', '..', '..');
const PROGRAMS = resolve(import.meta.dirname, '..', '..', 'src');
export const BGPD = join(PROGRAMS, 'daemon', 'main.js');
export const BGPCTL = join(PROGRAMS, 'cli', 'main.js');

export const fixture = (name: string): string => join(root, 'fixtures', 'daemon', name);

/** A process that has started may take this long on a busy machine. */
const PATIENCE = { timeout: 30_000 };

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  const bound = server.address();
  await new Promise((done) => server.close(done));
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}

export const bgpd = (...args: readonly string[]): Promise<CommandResult> =>
  run(process.execPath, [BGPD, ...args], PATIENCE);

export class BgpdProcess {
  readonly folder: TempFolder = tempFolder();
  readonly port: number;
  #process: LoggedProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  /** A folder and a port; nothing runs yet. */
  static async prepare(): Promise<BgpdProcess> {
    return new BgpdProcess(await freePort());
  }

  get configFile(): string {
    return this.folder.file('bgpd.yaml');
  }

  get socket(): string {
    return this.folder.file('bgpd.sock');
  }

  write(yaml: Yaml): void {
    const base = {
      asn: 64512,
      routerId: '10.0.0.1',
      listen: [{ address: '127.0.0.1', port: this.port }],
      kernel: { backend: 'none' },
      api: { socket: this.socket, listen: 'none' },
      log: { level: 'debug' },
    };
    writeFileSync(this.configFile, stringify({ ...base, ...yaml }));
  }

  /** `nodeArgs`: for Node itself, in front of the program. */
  async launch(nodeArgs: readonly string[] = []): Promise<LoggedProcess> {
    const args = [...nodeArgs, BGPD, '--config', this.configFile];
    const logFile = this.folder.file('log');
    this.#process = await LoggedProcess.start('bgpd', process.execPath, args, { logFile });
    return this.#process;
  }

  async start(yaml: Yaml, nodeArgs: readonly string[] = []): Promise<LoggedProcess> {
    this.write(yaml);
    const started = await this.launch(nodeArgs);
    await this.logs('bgpd runs');
    return started;
  }

  log(): string {
    try {
      return readFileSync(this.folder.file('log'), 'utf8');
    } catch {
      return '';
    }
  }

  async logs(text: string): Promise<void> {
    const evidence = (): string => this.log();
    await waitFor(`the log line ${text}`, () => this.log().includes(text), { ...PATIENCE, evidence });
  }

  bgpctl(...args: readonly string[]): Promise<CommandResult> {
    return run(process.execPath, [BGPCTL, '--socket', this.socket, ...args], PATIENCE);
  }

  ask(path: string): Promise<ApiReply> {
    return ask(this.socket, path);
  }

  /** The peer at `from` with an established session. */
  async join(from: string, identity: SpeakerIdentity): Promise<TestSpeaker> {
    const speaker = new TestSpeaker(await dialScripted('127.0.0.1', this.port, from), identity);
    await speaker.establish();
    return speaker;
  }

  async end(): Promise<void> {
    if (this.#process?.running) await this.#process.kill();
    this.folder.remove();
  }
}

/** Runs `body` with a process that is gone afterwards, whatever happens. */
export async function withProcess(body: (bgpd: BgpdProcess) => Promise<void>): Promise<void> {
  const bgpd = await BgpdProcess.prepare();
  try {
    await body(bgpd);
  } finally {
    await bgpd.end();
  }
}
