// Test networks made of Linux network namespaces: nodes, cables, switches. Nothing is made in the namespace we run in.
// Owns everything it makes and removes it at close, at exit and on a signal.

import { join } from 'node:path';
import { type CommandOptions, type CommandResult, must, run } from './command.js';
import { claim, markKept, removeLeftovers, removeNetwork } from './leftovers.js';
import { LoggedProcess } from './logged-process.js';
import { type PingOptions, type PingResult, parsePing, pingArguments } from './ping.js';

/** What a router and a workload need alike: no duplicate-address wait, no reverse-path filter. */
const BASE_SYSCTLS = [
  'net/ipv4/conf/all/rp_filter=0',
  'net/ipv4/conf/default/rp_filter=0',
  'net/ipv6/conf/all/disable_ipv6=0',
  'net/ipv6/conf/default/disable_ipv6=0',
  'net/ipv6/conf/all/accept_dad=0',
  'net/ipv6/conf/default/accept_dad=0',
  'net/ipv6/conf/default/accept_ra=0',
  'net/ipv6/conf/default/router_solicitations=0',
] as const;

const FORWARDING_SYSCTLS = ['net/ipv4/ip_forward=1', 'net/ipv6/conf/all/forwarding=1'] as const;

const LONGEST_INTERFACE_NAME = 15;

export interface CableEnd {
  readonly node: NetNode;
  readonly interface: string;
  /** With prefix length. */
  readonly addresses?: readonly string[];
  readonly mac?: string;
}

/** A route as `ip -j route` gives it, fields we look at. */
export interface RouteView {
  readonly dst: string;
  readonly type?: string;
  readonly gateway?: string;
  readonly via?: { readonly family: string; readonly host: string };
  readonly dev?: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly metric?: number;
  readonly flags?: readonly string[];
  readonly nexthops?: readonly {
    readonly gateway?: string;
    readonly dev?: string;
    readonly weight: number;
  }[];
}

/** One network namespace. */
export class NetNode {
  readonly name: string;
  readonly namespace: string;
  readonly directory: string;

  constructor(name: string, namespace: string, directory: string) {
    this.name = name;
    this.namespace = namespace;
    this.directory = directory;
  }

  /** Program and arguments that run `command` inside. `nsenter` because it leaves /sys alone, so it works unprivileged. */
  inside(command: string, args: readonly string[]): readonly [string, readonly string[]] {
    return ['nsenter', [`--net=/run/netns/${this.namespace}`, '--', command, ...args]];
  }

  run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return run(...this.inside(command, args), options);
  }

  must(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return must(...this.inside(command, args), options);
  }

  /** Lines of iproute2 without the leading `ip`, done in one go; throws when one fails. */
  async ip(...lines: readonly string[]): Promise<void> {
    await must('ip', ['-n', this.namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` });
  }

  /** Each `path=value` below /proc/sys. */
  async sysctl(...settings: readonly string[]): Promise<void> {
    const script = settings.map((setting) => {
      const [path, value] = setting.split('=');
      return `echo ${value} > /proc/sys/${path}`;
    });
    await this.must('sh', ['-ec', script.join('\n')]);
  }

  async routes(family: 4 | 6, ...selector: readonly string[]): Promise<readonly RouteView[]> {
    const text = await must('ip', ['-n', this.namespace, '-j', `-${family}`, 'route', 'show', ...selector]);
    return text.trim() === '' ? [] : (JSON.parse(text) as RouteView[]);
  }

  /** A program that stays; its log is in the network's folder. */
  start(
    name: string,
    command: string,
    args: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<LoggedProcess> {
    const logFile = join(this.directory, `${this.name}-${name}.log`);
    return LoggedProcess.start(name, ...this.inside(command, args), { logFile, ...options });
  }

  async ping(address: string, options: PingOptions = {}): Promise<PingResult> {
    const result = await this.run('ping', pingArguments(address, options), { timeout: 120_000 });
    return parsePing(result.stdout);
  }

  /** What its kernel says of links, addresses, routes and neighbours: for the words of a failed wait. */
  async kernelState(): Promise<string> {
    const looks = ['link', 'addr', '-4 route', '-6 route', 'neigh', 'maddr'].map(async (what) => {
      const { stdout, stderr } = await run('ip', ['-n', this.namespace, ...what.split(' '), 'show']);
      return `ip ${what} show:\n${stdout}${stderr}`;
    });
    return `--- kernel of ${this.name}\n${(await Promise.all(looks)).join('')}`;
  }

  async setLink(name: string, state: 'up' | 'down'): Promise<void> {
    await this.ip(`link set dev ${name} ${state}`);
  }
}

const open = new Set<Network>();
let watching = false;

const closeAll = (): void => {
  for (const network of open) network.close();
};

/** Registered once, with the first network: a process that makes none keeps the default signal behaviour. */
const watchExit = (): void => {
  if (watching) return;
  watching = true;
  process.once('exit', closeAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      closeAll();
      process.kill(process.pid, signal);
    });
  }
};

/** A set of nodes with one folder for logs, configurations and sockets. */
export class Network {
  readonly name: string;
  readonly directory: string;
  readonly nodes = new Map<string, NetNode>();
  #ports = 0;

  private constructor(name: string, directory: string) {
    this.name = name;
    this.directory = directory;
  }

  /** `label`: lower-case letters and digits, unique within the process. Also removes what killed runs left behind. */
  static open(label: string): Network {
    if (!/^[a-z0-9]{1,20}$/.test(label)) throw new Error(`not a network label: ${label}`);
    removeLeftovers({ kept: false });
    const name = `bgpd-${process.pid}-${label}`;
    const network = new Network(name, claim(name));
    open.add(network);
    watchExit();
    return network;
  }

  async addNode(name: string, options: { readonly forwarding?: boolean } = {}): Promise<NetNode> {
    const namespace = `${this.name}-${name}`;
    const node = new NetNode(name, namespace, this.directory);
    await must('ip', ['netns', 'add', namespace]);
    await node.sysctl(...BASE_SYSCTLS, ...(options.forwarding === true ? FORWARDING_SYSCTLS : []));
    await node.ip('link set dev lo up');
    this.nodes.set(name, node);
    return node;
  }

  /** A node that is nothing but a bridge called `br0`. */
  async addSwitch(name: string): Promise<NetNode> {
    const node = await this.addNode(name);
    await node.ip('link add name br0 type bridge', 'link set dev br0 up');
    return node;
  }

  /** A veth pair between two nodes, up, with addresses. */
  async connect(a: CableEnd, b: CableEnd): Promise<void> {
    for (const end of [a, b]) {
      if (end.interface.length > LONGEST_INTERFACE_NAME) throw new Error(`name too long: ${end.interface}`);
    }
    await a.node.ip(
      `link add name ${a.interface} type veth peer name ${b.interface} netns ${b.node.namespace}`,
    );
    for (const end of [a, b]) await raise(end);
  }

  /** A cable from a node to a switch made by `addSwitch`. */
  async plug(end: CableEnd, bridge: NetNode): Promise<void> {
    this.#ports += 1;
    const port = `port${this.#ports}`;
    await this.connect(end, { node: bridge, interface: port });
    await bridge.ip(`link set dev ${port} master br0`);
  }

  node(name: string): NetNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name} in ${this.name}`);
    return node;
  }

  /** Leaves everything up; `removeLeftovers({ kept: true })` of any later process removes it. */
  keep(): void {
    open.delete(this);
    markKept(this.name);
  }

  /** Synchronous, so that it also works in exit and signal handlers. */
  close(): void {
    if (open.delete(this)) removeNetwork(this.name);
  }
}

const raise = async (end: CableEnd): Promise<void> => {
  const lines = (end.addresses ?? []).map(
    (address) => `addr add ${address} dev ${end.interface}${address.includes(':') ? ' nodad' : ''}`,
  );
  const mac = end.mac === undefined ? [] : [`link set dev ${end.interface} address ${end.mac}`];
  await end.node.ip(...mac, ...lines, `link set dev ${end.interface} up`);
};
