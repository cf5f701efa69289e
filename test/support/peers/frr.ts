// FRR as a router in a test network: zebra and bgpd started by hand with sockets of their own, never as services.
// In a user namespace zebra can't become the `frr` user it insists on: there bgpd runs alone and installs nothing.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, run } from '../command.js';
import type { LoggedProcess } from '../logged-process.js';
import type { NetNode } from '../netns.js';
import { inUserNamespace } from '../privilege.js';
import { waitFor } from '../wait.js';
import { frrAddress, frrAnnounce, frrConfig, frrFamily, frrShutdown, frrWithdraw } from './frr-config.js';
import { parseFrrNotifications, parseFrrPaths, parseFrrPrefixes, parseFrrState } from './frr-output.js';
import type {
  AnnouncedRoute,
  Family,
  ReceivedRoute,
  Router,
  RouterSpec,
  SeenNotification,
  SessionState,
} from './types.js';

export class FrrRouter implements Router {
  readonly kind = 'frr';
  readonly node: NetNode;
  readonly spec: RouterSpec;
  process: LoggedProcess | null = null;
  #zebra: LoggedProcess | null = null;

  constructor(node: NetNode, spec: RouterSpec) {
    this.node = node;
    this.spec = spec;
  }

  get runDirectory(): string {
    return join(this.node.directory, `${this.node.name}-frr`);
  }

  async start(): Promise<void> {
    mkdirSync(this.runDirectory, { recursive: true });
    const config = join(this.runDirectory, 'bgpd.conf');
    writeFileSync(config, frrConfig(this.spec, this.node.name));
    const alone = inUserNamespace();
    if (!alone) {
      await must('chown', ['-R', 'frr:frr', this.runDirectory]);
      this.#zebra ??= await this.#startZebra();
    }
    const install = this.spec.install === true ? [] : ['-n'];
    const identity = alone ? ['-S'] : ['-u', 'frr', '-g', 'frr'];
    this.process = await this.#daemon('bgpd', [...identity, ...install, '-f', config]);
    await waitFor('vtysh to answer', async () => (await this.#vtysh('show version')).status === 0, {
      evidence: () => this.process?.log() ?? '',
    });
  }

  /** zebra stays until the network goes: its kernel routes are bgpd's business. */
  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  async session(neighbor: string): Promise<SessionState> {
    const address = frrAddress(neighbor);
    return parseFrrState(await this.#show(`show bgp neighbors ${address} json`), address);
  }

  async received(neighbor: string, family: Family): Promise<readonly ReceivedRoute[]> {
    const [table, address] = [`show bgp ${frrFamily(family)}`, frrAddress(neighbor)];
    const prefixes = parseFrrPrefixes(await this.#show(`${table} neighbors ${address} routes json`));
    const routes: ReceivedRoute[] = [];
    for (const prefix of prefixes) {
      routes.push(...parseFrrPaths(await this.#show(`${table} ${prefix} json`), prefix, address));
    }
    return routes;
  }

  async announce(route: AnnouncedRoute): Promise<void> {
    await this.#configure(frrAnnounce(this.spec, route));
  }

  async withdraw(prefix: string): Promise<void> {
    await this.#configure(frrWithdraw(this.spec, prefix));
  }

  async reset(neighbor: string): Promise<void> {
    await this.#show(`clear bgp ${neighbor}`);
  }

  async refresh(neighbor: string): Promise<void> {
    await this.#show(`clear bgp ${neighbor} in`);
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.#configure(frrShutdown(this.spec, neighbor, text));
  }

  async notifications(neighbor: string): Promise<readonly SeenNotification[]> {
    return parseFrrNotifications(this.process?.log() ?? '', neighbor);
  }

  async evidence(): Promise<string> {
    const summary = await this.#vtysh('show bgp summary');
    return `--- ${this.node.name} (frr)\n${summary.stdout}\n${this.process?.log().slice(-4000) ?? 'not running'}`;
  }

  async #startZebra(): Promise<LoggedProcess> {
    const zebra = await this.#daemon('zebra', ['-u', 'frr', '-g', 'frr', '-f', '/dev/null']);
    await waitFor('zebra to listen', async () => /starting/.test(zebra.log()), {
      evidence: () => zebra.log(),
    });
    return zebra;
  }

  #daemon(name: 'bgpd' | 'zebra', args: readonly string[]): Promise<LoggedProcess> {
    const program = join('/usr/lib/frr', name);
    const directory = this.runDirectory;
    const sockets = ['--vty_socket', directory, '-z', join(directory, 'zserv'), '-P', '0'];
    const pidFile = ['-i', join(directory, `${name}.pid`)];
    return this.node.start(name, program, [...args, ...sockets, ...pidFile, '--log', 'stdout']);
  }

  #vtysh(...commands: readonly string[]) {
    const args = commands.flatMap((command) => ['-c', command]);
    return run('vtysh', ['--vty_socket', this.runDirectory, '-d', 'bgpd', ...args]);
  }

  async #show(command: string): Promise<string> {
    const result = await this.#vtysh(command);
    if (result.status !== 0) throw new Error(`vtysh ${command}: ${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** vtysh ends with status 0 even when a line was refused; refused lines begin with a percent sign. */
  async #configure(lines: readonly string[]): Promise<void> {
    const result = await this.#vtysh(...lines);
    const refused = /^% (?!Can't find).*/m.exec(result.stdout);
    if (result.status !== 0 || refused !== null) throw new Error(`vtysh: ${result.stdout}${result.stderr}`);
  }
}
