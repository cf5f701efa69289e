// GoBGP as a router in a test network. It keeps routes only: it never touches the kernel.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoggedProcess } from '../logged-process.js';
import type { NetNode } from '../netns.js';
import { waitFor } from '../wait.js';
import { gobgpAnnounce, gobgpConfig, gobgpFamily, gobgpWithdraw } from './gobgp-config.js';
import { parseGobgpNotifications, parseGobgpRoutes, parseGobgpState } from './gobgp-output.js';
import type {
  AnnouncedRoute,
  Family,
  ReceivedRoute,
  Router,
  RouterSpec,
  SeenNotification,
  SessionState,
} from './types.js';

/** The loopback of a namespace belongs to its node alone, so all may use the same port. */
const API = '127.0.0.1:50051';

export class GobgpRouter implements Router {
  readonly kind = 'gobgp';
  readonly node: NetNode;
  readonly spec: RouterSpec;
  process: LoggedProcess | null = null;
  readonly #announced: Map<string, AnnouncedRoute>;

  constructor(node: NetNode, spec: RouterSpec) {
    if (spec.install === true || spec.importPools !== undefined) throw new Error('GoBGP has no kernel here');
    if (spec.neighbors.some(({ exportOnly }) => exportOnly !== undefined))
      throw new Error('no export filter');
    this.node = node;
    this.spec = spec;
    this.#announced = new Map((spec.announce ?? []).map((route) => [route.prefix, route]));
  }

  async start(): Promise<void> {
    const config = join(this.node.directory, `${this.node.name}-gobgp.toml`);
    writeFileSync(config, gobgpConfig(this.spec));
    const args = [
      '-f',
      config,
      '--api-hosts',
      API,
      '--pprof-disable',
      '-l',
      'debug',
      ...(this.spec.words?.options ?? []),
    ];
    this.process = await this.node.start('gobgpd', 'gobgpd', args);
    const answers = async () => (await this.node.run('gobgp', ['global', '-j'])).status === 0;
    await waitFor('gobgp to answer', answers, { evidence: () => this.process?.log() ?? '' });
    for (const route of this.#announced.values()) await this.#announceEarly(route);
  }

  /** It answers before it has read its configuration, and takes no route until then. */
  async #announceEarly(route: AnnouncedRoute): Promise<void> {
    const takes = async () => (await this.node.run('gobgp', gobgpAnnounce(route))).status === 0;
    await waitFor(`gobgp to take ${route.prefix}`, takes, { evidence: () => this.process?.log() ?? '' });
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  async session(neighbor: string): Promise<SessionState> {
    return parseGobgpState(await this.#ask(['neighbor', neighbor, '-j']));
  }

  async received(neighbor: string, family: Family): Promise<readonly ReceivedRoute[]> {
    // Without a session `gobgp` answers with an error.
    if ((await this.session(neighbor)) !== 'Established') return [];
    const question = ['neighbor', neighbor, 'adj-in', '-a', gobgpFamily(family), '-j'];
    return parseGobgpRoutes(await this.#ask(question));
  }

  async announce(route: AnnouncedRoute): Promise<void> {
    this.#announced.set(route.prefix, route);
    await this.#ask(gobgpAnnounce(route));
  }

  async withdraw(prefix: string): Promise<void> {
    this.#announced.delete(prefix);
    await this.#ask(gobgpWithdraw(prefix));
  }

  async reset(neighbor: string): Promise<void> {
    await this.#ask(['neighbor', neighbor, 'reset']);
  }

  async refresh(neighbor: string): Promise<void> {
    await this.#ask(['neighbor', neighbor, 'softresetin']);
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.#ask(['neighbor', neighbor, 'shutdown', '--reason', text]);
  }

  async notifications(neighbor: string): Promise<readonly SeenNotification[]> {
    return parseGobgpNotifications(this.process?.log() ?? '', neighbor);
  }

  async evidence(): Promise<string> {
    const summary = await this.node.run('gobgp', ['neighbor']);
    return `--- ${this.node.name} (gobgp)\n${summary.stdout}\n${this.process?.log().slice(-4000) ?? 'not running'}`;
  }

  #ask(args: readonly string[]): Promise<string> {
    return this.node.must('gobgp', args);
  }
}
