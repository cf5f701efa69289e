// The network of a benchmark: a host for the daemon under test, a peer for the speaker, and our process in each.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoggedProcess } from '../support/logged-process.js';
import { type NetNode, Network } from '../support/netns.js';
import type { AgentCalls } from './agent-process.js';
import { monotonicMs } from './clock.js';
import type { Contestant } from './contestants.js';
import { daemonCommand, type Machine, setUrgency } from './machine.js';
import {
  FEEDER_ADDRESS,
  HOST_ADDRESS,
  PREFIX_LENGTH,
  ROUTE_PROTOCOL,
  type SessionPlan,
  WATCHER_ADDRESS,
  WORKLOAD_INTERFACE,
} from './plan.js';
import { Remote } from './remote.js';
import type { SpeakerCalls } from './speaker-process.js';

const SESSION_TIMEOUT_MS = 20_000;

export interface RunningDaemon {
  readonly process: LoggedProcess;
  /** Just before the process was made, `monotonicMs`. */
  readonly startedAt: number;
}

export class Bed {
  readonly network: Network;
  readonly host: NetNode;
  readonly agent: Remote<AgentCalls>;
  readonly speaker: Remote<SpeakerCalls>;
  /** Of the workload interface, in the host. */
  readonly workloadIfindex: number;
  readonly #machine: Machine;
  readonly #closing: (() => void)[] = [];

  private constructor(network: Network, machine: Machine, workloadIfindex: number) {
    this.network = network;
    this.#machine = machine;
    this.host = network.node('host');
    this.workloadIfindex = workloadIfindex;
    this.agent = new Remote(this.host, join(import.meta.dirname, 'agent-process.js'));
    this.speaker = new Remote(network.node('peer'), join(import.meta.dirname, 'speaker-process.js'));
  }

  static async open(machine: Machine, label: string, sessions: readonly SessionPlan[]): Promise<Bed> {
    const network = Network.open(label);
    try {
      const bed = new Bed(network, machine, await build(network));
      for (const session of sessions) await bed.speaker.call('listen', session);
      return bed;
    } catch (error) {
      network.close();
      throw error;
    }
  }

  /** Makes the process and returns at once. */
  async startDaemon(contestant: Contestant, sessions: readonly SessionPlan[]): Promise<RunningDaemon> {
    await this.speaker.call('forget', null);
    const { directory } = this.network;
    const configFile = join(directory, `${contestant.name.replaceAll(/\W+/g, '-')}.conf`);
    writeFileSync(configFile, contestant.configuration(sessions, directory));
    return this.launch(this.host, contestant.program, contestant.command(configFile, directory));
  }

  /** Makes a daemon's process on a node and returns at once. */
  async launch(
    node: NetNode,
    name: string,
    program: readonly [string, readonly string[]],
  ): Promise<RunningDaemon> {
    const [command, args] = daemonCommand(this.#machine, ...program);
    const startedAt = monotonicMs();
    const process = await node.start(name, command, args);
    if (this.#machine.urgent) setUrgency(process.pid, true);
    return { process, startedAt };
  }

  /** The moment at which the session became Established; throws with the daemon's log when it does not. */
  async established(
    daemon: RunningDaemon,
    session: SessionPlan,
    timeoutMs = SESSION_TIMEOUT_MS,
  ): Promise<number> {
    const ended = daemon.process.exited.then(({ code, signal }) => {
      throw new Error(`the daemon ended: ${code ?? signal}`);
    });
    const wait = { address: session.address, timeoutMs };
    try {
      return await Promise.race([this.speaker.call('awaitEstablished', wait), ended]);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${daemon.process.log().slice(-3000)}`);
    }
  }

  /** Ends the daemon and removes every route that it or a workload left. */
  async clear(daemon: RunningDaemon): Promise<void> {
    await daemon.process.stop();
    await this.host.run('ip', ['route', 'flush', 'proto', String(ROUTE_PROTOCOL)]);
    await this.host.run('ip', ['route', 'flush', 'dev', WORKLOAD_INTERFACE]);
  }

  /** Runs when the bed is closed. */
  onClose(run: () => void): void {
    this.#closing.push(run);
  }

  close(): void {
    for (const run of this.#closing) run();
    this.agent.close();
    this.speaker.close();
    this.network.close();
  }
}

/** Returns the index of the workload interface. */
const build = async (network: Network): Promise<number> => {
  const host = await network.addNode('host', { forwarding: true });
  const peer = await network.addNode('peer');
  const withLength = (address: string): string => `${address}/${PREFIX_LENGTH}`;
  await network.connect(
    { node: host, interface: 'eth0', addresses: [withLength(HOST_ADDRESS)] },
    { node: peer, interface: 'eth0', addresses: [FEEDER_ADDRESS, WATCHER_ADDRESS].map(withLength) },
  );
  const workload = await network.addNode('workload');
  await network.connect({ node: host, interface: WORKLOAD_INTERFACE }, { node: workload, interface: 'eth0' });
  const links = await host.must('ip', ['-j', 'link', 'show', 'dev', WORKLOAD_INTERFACE]);
  const [link] = JSON.parse(links) as readonly { readonly ifindex: number }[];
  if (link === undefined) throw new Error(`no interface ${WORKLOAD_INTERFACE}`);
  return link.ifindex;
};
