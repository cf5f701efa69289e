// Whole daemons in this process on loopback, with test speakers around them. Everything is closed by the rig.

import { createServer } from 'node:net';
import { parse, stringify } from 'yaml';
import { createMetrics } from '../../src/api/metrics/metrics.js';
import type {
  ApplyOptions,
  ChangeVerdict,
  ConfigPreview,
  ConfigurationChanges,
  PeerAdministration,
  PeerDetail,
  RouteQuery,
  RouteStatus,
  StatusSource,
} from '../../src/api/model/types.js';
import { wholeList } from '../../src/api/route-listing.js';
import { parseIp } from '../../src/base/ip.js';
import { CalicoStore } from '../../src/config/calico/calico-store.js';
import { kernelSettings } from '../../src/config/kernel-settings.js';
import { loadConfig } from '../../src/config/load.js';
import type { PlainConfig } from '../../src/config/sources/last-good.js';
import { layered, NO_RUNTIME, type RuntimePeers } from '../../src/config/sources/runtime-peers.js';
import type { SecretReader } from '../../src/config/sources/secrets.js';
import type { TrialConfig } from '../../src/config/sources/trial.js';
import type { ConfigResult } from '../../src/config/types.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { createLogger } from '../../src/daemon/log/logger.js';
import type { Daemon, DaemonOptions } from '../../src/daemon/parts.js';
import type { HostAddresses } from '../../src/daemon/routes/host-addresses.js';
import { createMemoryKernel } from '../../src/kernel/memory/memory-kernel.js';
import { createMemoryWorld, type MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import type { OpenLinkSocket } from '../../src/net/discovery/link-socket.js';
import { parseExposition, sampleValue } from '../support/exposition.js';
import type { FakeClock } from '../support/fake-clock.js';
import { dialScripted, ScriptedPeer, Watch } from '../support/scripted-peer.js';
import { type SpeakerIdentity, TestSpeaker } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';

/** A configuration as the YAML would give it. */
export type Yaml = Readonly<Record<string, unknown>>;

/** Written in `listen`; the system chooses the port that is really used. */
const ANY_PORT = 1790;

export const BASE: Yaml = {
  node: 'host-a',
  asn: 64512,
  routerId: '10.0.0.1',
  listen: [{ address: '127.0.0.1', port: ANY_PORT }],
  kernel: { backend: 'none' },
  api: { socket: 'none', listen: 'none' },
  log: { level: 'debug' },
};

/** A peer that dials us. */
export const passive = (name: string, address: string, asn: number, more: Yaml = {}): Yaml => ({
  name,
  address,
  asn,
  passive: true,
  ...more,
});

export const OPEN_EBGP: Yaml = { import: ['accept-all'], export: ['accept-all'] };

export const HOST: HostAddresses = new Map([
  ['eth0', ['10.0.0.1', 'fd00::1'].flatMap((text) => parseIp(text) ?? [])],
]);

/** A host with one interface `eth0`, 10.0.0.1/24 and fd00::1/64, where next hops live. */
export function hostWorld(): MemoryWorld {
  const world = createMemoryWorld();
  world.addLink('eth0');
  world.addAddress('eth0', '10.0.0.1/24');
  world.addAddress('eth0', 'fd00::1/64');
  return world;
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

export function readYaml(
  yaml: Yaml,
  runtime: RuntimePeers = NO_RUNTIME,
  lastGood: PlainConfig | null = null,
): ConfigResult {
  const environment = { hostname: 'host-a', runtime, secrets, lastGood };
  const result = loadConfig(stringify(yaml), 'bgpd.yaml', environment);
  if (!result.ok) return result;
  const listen = result.config.listen.map((each) => ({
    ...each,
    port: each.port === ANY_PORT ? 0 : each.port,
  }));
  return { ...result, config: { ...result.config, listen } };
}

/** The name of a variable is its key. */
const secrets: SecretReader = ({ env }) =>
  env === undefined
    ? { ok: false, message: 'there are no files here', remedy: 'give env' }
    : { ok: true, text: env };

export class TestDaemon {
  readonly daemon: Daemon;
  readonly log: readonly LogLine[];
  readonly #file: { yaml: Yaml };

  constructor(daemon: Daemon, log: readonly LogLine[], file: { yaml: Yaml }) {
    this.daemon = daemon;
    this.log = log;
    this.#file = file;
  }

  get changes(): ConfigurationChanges {
    return this.daemon.changes;
  }

  /** What the configuration would do; throws where it is wrong. */
  async diff(yaml: Yaml): Promise<ConfigPreview> {
    const result = await this.changes.diff({ file: 'next.yaml', text: stringify(yaml) }, true);
    if (!result.ok) throw new Error(result.problems.join());
    return result.preview;
  }

  apply(yaml: Yaml, options: Partial<ApplyOptions> = {}): Promise<ChangeVerdict> {
    const given = { confirm: null, save: false, force: false, ...options };
    return this.changes.apply({ file: 'next.yaml', text: stringify(yaml) }, given);
  }

  get administration(): PeerAdministration {
    return this.daemon.administration;
  }

  get status(): StatusSource {
    return this.daemon.status;
  }

  get port(): number {
    return this.daemon.listening[0]!.port;
  }

  peer(name: string): PeerDetail {
    const peer = this.status.peer(name);
    if (peer === null) throw new Error(`no peer ${name}`);
    return peer;
  }

  /** The routes that answer; throws with the reason where there is no answer. */
  routes(query: RouteQuery): readonly RouteStatus[] {
    const answer = this.status.routes(query);
    if (typeof answer === 'string') throw new Error(answer);
    return wholeList(answer).routes;
  }

  /** The only route of a prefix. */
  route(prefix: string): RouteStatus {
    const [first, ...others] = this.routes({ prefix, all: true });
    if (first === undefined || others.length > 0)
      throw new Error(`${prefix}: ${others.length} others, want one`);
    return first;
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await waitFor(what, condition, { interval: 5, evidence: () => JSON.stringify(this.log.slice(-20)) });
  }

  isUp(name: string): boolean {
    return this.status.peer(name)?.state === 'Established';
  }

  logged(text: string): readonly LogLine[] {
    return this.log.filter((line) => JSON.stringify(line).includes(text));
  }

  /** The value of a metric at this moment; undefined when it has no such series. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    const metrics = createMetrics(this.status);
    const text = await metrics.text();
    metrics.close();
    return sampleValue(parseExposition(text), name, labels);
  }

  /** What the next reload will read. */
  write(yaml: Yaml): void {
    this.#file.yaml = yaml;
  }

  reload(yaml: Yaml): Promise<{ readonly ok: boolean; readonly message: string }> {
    this.write(yaml);
    return this.daemon.reload();
  }
}

export interface StartOptions {
  /** With it the daemon has a memory kernel that trusts only what this world holds. */
  readonly world?: MemoryWorld;
  readonly clock?: FakeClock;
  /** Default: raw sockets of this host. */
  readonly openLinkSocket?: OpenLinkSocket;
  /** Default: `eth0` with 10.0.0.1 and fd00::1. */
  readonly hostAddresses?: () => HostAddresses;
}

interface TestFile {
  yaml: Yaml;
  kept: RuntimePeers;
}

const yamlOf = ({ memory }: TrialConfig): Yaml => parse(memory.text ?? '') as Yaml;

/** As `ConfigFile` without a disk. */
function testTrial(file: TestFile): TrialConfig {
  const store = new CalicoStore('bgpd.yaml');
  const trial: TrialConfig = {
    memory: { text: stringify(file.yaml), source: null, calico: null, outcome: null, store },
    trial: (text, _name, runtime) => {
      const result = readYaml(parse(text) as Yaml, layered(file.kept, runtime));
      return { result, memory: { ...trial.memory, text, source: result.ok ? result.source : null } };
    },
    adopt: (memory) => {
      trial.memory = memory;
    },
    save: (text) => {
      file.yaml = parse(text) as Yaml;
      return null;
    },
  };
  return trial;
}

export class DaemonRig {
  readonly #closers: (() => Promise<unknown> | unknown)[] = [];

  async start(yaml: Yaml, options: StartOptions = {}): Promise<TestDaemon> {
    const { started, log, file } = await this.tryStart(yaml, options);
    if (!started.ok) throw new Error(started.reason);
    return new TestDaemon(started.daemon, log, file);
  }

  async tryStart(yaml: Yaml, { world, clock, hostAddresses, openLinkSocket }: StartOptions = {}) {
    const file: TestFile = { yaml, kept: NO_RUNTIME };
    const log: LogLine[] = [];
    const read = readYaml(yaml);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { config } = read;
    let lastGood: PlainConfig = read.source;
    const trial = testTrial(file);
    const options: DaemonOptions = {
      config,
      configFile: 'bgpd.yaml',
      logger: createLogger({
        level: 'debug',
        format: 'json',
        stream: { write: (line) => log.push(JSON.parse(line)) },
      }),
      readConfig: (runtime) => {
        const result = readYaml(file.yaml, layered(file.kept, runtime), lastGood);
        if (result.ok) lastGood = result.source;
        if (result.ok) trial.memory = { ...trial.memory, text: stringify(file.yaml), source: lastGood };
        return result;
      },
      configSource: read.source,
      runtimeConfig: {
        kept: () => ({ ok: true, runtime: file.kept }),
        keep: (runtime) => {
          file.kept = runtime;
          return null;
        },
        again: (kept, runtime) => readYaml(yamlOf(trial), layered(kept, runtime), lastGood),
      },
      trial,
      hostAddresses: hostAddresses ?? (() => HOST),
      ...(world === undefined ? {} : { kernel: createMemoryKernel(kernelSettings(config), world) }),
      ...(openLinkSocket === undefined ? {} : { openLinkSocket }),
      ...(clock === undefined ? {} : { clock }),
    };
    const started = await promptly(startDaemon(options), clock);
    if (started.ok) this.#closers.unshift(() => started.daemon.stop());
    return { started, log, file };
  }

  async dial(daemon: TestDaemon, from: string): Promise<ScriptedPeer> {
    const address = from.includes(':') ? '::1' : '127.0.0.1';
    const peer = await dialScripted(address, daemon.port, from);
    this.#closers.push(() => peer.socket.destroy());
    return peer;
  }

  /** A speaker with an established session. */
  async join(daemon: TestDaemon, from: string, identity: SpeakerIdentity): Promise<TestSpeaker> {
    const speaker = new TestSpeaker(await this.dial(daemon, from), identity);
    await speaker.establish();
    await daemon.until(`the session with ${from}`, () => daemon.isUp(from));
    return speaker;
  }

  /** A speaker that waits for the daemon to dial. */
  async await(
    address: string,
  ): Promise<{ readonly port: number; readonly next: () => Promise<ScriptedPeer> }> {
    const watch = new Watch();
    const arrived: ScriptedPeer[] = [];
    const server = createServer((socket) => {
      this.#closers.push(() => socket.destroy());
      arrived.push(new ScriptedPeer(socket));
      watch.changed();
    });
    await new Promise<void>((resolve) => server.listen({ host: address, port: 0 }, resolve));
    this.#closers.push(() => server.close());
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    const next = async (): Promise<ScriptedPeer> => {
      await watch.until(() => arrived.length > 0, 'a connection');
      return arrived.shift()!;
    };
    return { port: bound.port, next };
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

const STEP = 5;

/** A clock that stands still would never let a start with pauses come to its end: it goes as fast as time until then. */
async function promptly<T>(start: Promise<T>, clock: FakeClock | undefined): Promise<T> {
  const pump = setInterval(() => clock?.advance(STEP), STEP);
  try {
    return await start;
  } finally {
    clearInterval(pump);
  }
}

/** Runs `body` with a rig that is closed whatever happens. */
export async function withDaemons(body: (rig: DaemonRig) => Promise<void>): Promise<void> {
  const rig = new DaemonRig();
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}
