// BIRD 2 as a router in a test network: one process for both families, private socket, configuration by reload.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, run } from '../command.js';
import type { LoggedProcess } from '../logged-process.js';
import type { NetNode } from '../netns.js';
import { waitFor } from '../wait.js';
import { birdConfig, protocolName } from './bird-config.js';
import { parseBirdNotifications, parseBirdRoutes, parseBirdState } from './bird-output.js';
import type {
  AnnouncedRoute,
  Family,
  ReceivedRoute,
  Router,
  RouterSpec,
  SeenNotification,
  SessionState,
} from './types.js';

const TABLE = { 'ipv4-unicast': 'master4', 'ipv6-unicast': 'master6' } as const satisfies Record<
  Family,
  string
>;

export class BirdRouter implements Router {
  readonly kind = 'bird';
  readonly node: NetNode;
  readonly spec: RouterSpec;
  process: LoggedProcess | null = null;
  readonly #announced: Map<string, AnnouncedRoute>;

  constructor(node: NetNode, spec: RouterSpec) {
    this.node = node;
    this.spec = spec;
    this.#announced = new Map((spec.announce ?? []).map((route) => [route.prefix, route]));
  }

  get controlSocket(): string {
    return join(this.node.directory, `${this.node.name}.ctl`);
  }

  get configFile(): string {
    return join(this.node.directory, `${this.node.name}-bird.conf`);
  }

  async start(): Promise<void> {
    this.#writeConfig();
    const options = this.spec.words?.options ?? [];
    const args = ['-f', '-c', this.configFile, '-s', this.controlSocket, ...options];
    this.process = await this.node.start('bird', 'bird', args);
    const answers = async () =>
      (await run('birdc', ['-s', this.controlSocket, 'show', 'status'])).status === 0;
    await waitFor('birdc to answer', answers, { evidence: () => this.process?.log() ?? '' });
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  async session(neighbor: string): Promise<SessionState> {
    return parseBirdState(await this.#ask(`show protocols all ${protocolName(neighbor)}`));
  }

  async received(neighbor: string, family: Family): Promise<readonly ReceivedRoute[]> {
    const protocol = protocolName(neighbor);
    return parseBirdRoutes(await this.#ask(`show route all table ${TABLE[family]} protocol ${protocol}`));
  }

  async announce(route: AnnouncedRoute): Promise<void> {
    this.#announced.set(route.prefix, route);
    await this.#reload();
  }

  async withdraw(prefix: string): Promise<void> {
    this.#announced.delete(prefix);
    await this.#reload();
  }

  async reset(neighbor: string): Promise<void> {
    await this.#ask(`restart ${protocolName(neighbor)}`);
  }

  async refresh(neighbor: string): Promise<void> {
    await this.#ask(`reload in ${protocolName(neighbor)}`);
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await must('birdc', ['-s', this.controlSocket, 'disable', protocolName(neighbor), `"${text}"`]);
  }

  async notifications(neighbor: string): Promise<readonly SeenNotification[]> {
    return parseBirdNotifications(this.process?.log() ?? '', protocolName(neighbor));
  }

  async evidence(): Promise<string> {
    const protocols = await run('birdc', ['-s', this.controlSocket, 'show', 'protocols']);
    return `--- ${this.node.name} (bird)\n${protocols.stdout}\n${this.process?.log().slice(-3000) ?? 'not running'}`;
  }

  #writeConfig(): void {
    writeFileSync(this.configFile, birdConfig(this.spec, [...this.#announced.values()]));
  }

  async #reload(): Promise<void> {
    this.#writeConfig();
    await this.#ask('configure');
  }

  #ask(question: string): Promise<string> {
    return must('birdc', ['-s', this.controlSocket, ...question.split(' ')]);
  }
}
