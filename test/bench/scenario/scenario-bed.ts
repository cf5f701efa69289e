// The network of a scenario: the daemon in one namespace, the load generator with all its addresses in another.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../support/command.js';
import type { LoggedProcess } from '../../support/logged-process.js';
import { type NetNode, Network } from '../../support/netns.js';
import { daemonCommand, type Machine, setUrgency } from '../machine.js';
import { Remote } from '../remote.js';
import type { LoadCalls } from './load-process.js';
import {
  addressText,
  daemonAddress,
  type ScenarioPlan,
  type Speaker,
  speakersOf,
  witnessesOf,
} from './plan.js';
import type { Rival } from './rivals.js';
import type { WitnessCalls } from './witness-process.js';

const DAEMON_MAC = '02:00:00:00:00:01';
const LOAD_MAC = '02:00:00:00:00:02';
/** Of the generator's interface itself, outside the clients' range. */
const LOAD_ADDRESSES = ['10.10.255.254/16', 'fd00:10::ffff:1/64'] as const;
const LINES_AT_ONCE = 1000;
/** So many can be read in turn while the kernel holds as much for each as it likes. */
const MANY_RECEIVERS = 1000;

export class ScenarioBed {
  readonly load: Remote<LoadCalls>;
  readonly witnesses: Remote<WitnessCalls>;
  readonly directory: string;
  readonly #network: Network;
  readonly #machine: Machine;

  private constructor(network: Network, machine: Machine) {
    this.#network = network;
    this.#machine = machine;
    this.directory = network.directory;
    this.load = new Remote(network.node('load'), join(import.meta.dirname, 'load-process.js'));
    this.witnesses = new Remote(network.node('load'), join(import.meta.dirname, 'witness-process.js'));
  }

  /** `label`: lower-case letters and digits. */
  static async open(machine: Machine, label: string, plan: ScenarioPlan): Promise<ScenarioBed> {
    const network = Network.open(label);
    try {
      await build(network, [...speakersOf(plan), ...witnessesOf(plan)]);
      if (plan.kind === 'busy' || plan.clients > MANY_RECEIVERS) await boundBuffers(network);
      if (machine.pinned) await steer(network);
      return new ScenarioBed(network, machine);
    } catch (error) {
      network.close();
      throw error;
    }
  }

  startDaemon(rival: Rival, plan: ScenarioPlan): Promise<LoggedProcess> {
    const speakers = [...speakersOf(plan), ...(rival.witnesses ? witnessesOf(plan) : [])];
    const configFile = join(this.directory, `${rival.program}.conf`);
    writeFileSync(configFile, rival.configuration(plan, speakers, this.directory));
    const [command, args] = daemonCommand(this.#machine, ...rival.command(configFile, this.directory, plan));
    return this.#start(rival, command, args);
  }

  async #start(rival: Rival, command: string, args: readonly string[]): Promise<LoggedProcess> {
    const process = await this.#network.node('daemon').start(rival.program, command, args);
    if (this.#machine.urgent) setUrgency(process.pid, true);
    return process;
  }

  close(): void {
    this.load.close();
    this.witnesses.close();
    this.#network.close();
  }
}

/** Neighbour entries are permanent: a thousand would be more than the kernel keeps. */
const build = async (network: Network, speakers: readonly Speaker[]): Promise<void> => {
  const daemon = await network.addNode('daemon');
  const load = await network.addNode('load');
  const daemonAddresses = ([0, 1] as const).map((family) => addressText(daemonAddress(family)));
  await network.connect(
    {
      node: daemon,
      interface: 'eth0',
      mac: DAEMON_MAC,
      addresses: [`${daemonAddresses[0]}/16`, `${daemonAddresses[1]}/64`],
    },
    { node: load, interface: 'eth0', mac: LOAD_MAC, addresses: LOAD_ADDRESSES },
  );
  const neighbor = (address: string, mac: string): string =>
    `neigh replace ${address} lladdr ${mac} dev eth0 nud permanent`;
  await load.ip(...daemonAddresses.map((address) => neighbor(address, DAEMON_MAC)));
  await inBatches(
    daemon,
    speakers.map(({ text }) => neighbor(text, LOAD_MAC)),
  );
  await inBatches(
    load,
    speakers.map(({ text, address }) =>
      address.family === 'ipv4' ? `addr add ${text}/32 dev eth0` : `addr add ${text}/128 dev eth0 nodad`,
    ),
  );
};

const inBatches = async (node: NetNode, lines: readonly string[]): Promise<void> => {
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE) {
    await node.ip(...lines.slice(at, at + LINES_AT_ONCE));
  }
};

/**
 * A thousand receivers that one process reads in turn would let the kernel put gigabytes into their buffers, more than it
 * allows for all TCP of a machine; then segments are dropped, and the run measures that.
 */
const boundBuffers = async (network: Network): Promise<void> => {
  const sizes = [
    ['load', 'tcp_rmem'],
    ['daemon', 'tcp_wmem'],
  ] as const;
  for (const [name, file] of sizes) {
    const script = `echo 4096 131072 262144 > /proc/sys/net/ipv4/${file}`;
    await run('ip', ['netns', 'exec', network.node(name).namespace, 'sh', '-c', script]);
  }
};

/**
 * Receive packet steering: each end's share of TCP runs on the processor of the process there, else the daemon's
 * processor would do the work of both. Without the right to set it the figures hold for all daemons alike.
 */
const steer = async (network: Network): Promise<void> => {
  for (const [name, mask] of [
    ['daemon', '1'],
    ['load', '2'],
  ] as const) {
    const script = `for queue in /sys/class/net/eth0/queues/rx-*; do echo ${mask} > $queue/rps_cpus; done`;
    await run('ip', ['netns', 'exec', network.node(name).namespace, 'sh', '-c', script]);
  }
};
