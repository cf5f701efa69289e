// bgpd itself as a router in a test network: the built program, asked over its unix socket.

import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { PeerDetail, RouteList } from '../../../src/api/model/types.js';
import type { LoggedProcess } from '../logged-process.js';
import type { NetNode } from '../netns.js';
import { waitFor } from '../wait.js';
import { bgpdConfig, keyFile } from './bgpd-config.js';
import { parseBgpdNotifications, toReceivedRoutes } from './bgpd-output.js';
import type {
  AnnouncedRoute,
  Family,
  ReceivedRoute,
  Router,
  RouterSpec,
  SeenNotification,
  SessionState,
} from './types.js';

/** From this file as compiled, dist/test/support/peers/, to the daemon, dist/src/. */
export const BGPD_PROGRAM = resolve(import.meta.dirname, '..', '..', '..', 'src', 'daemon', 'main.js');

/** The answer of the HTTP API on a unix socket; anything but 200 throws with the answer's words. */
export const askBgpd = (
  socketPath: string,
  path: string,
  method: 'GET' | 'POST' = 'GET',
  body?: object,
): Promise<unknown> =>
  new Promise((done, failed) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const options = { socketPath, path, method, headers, agent: false, timeout: 10_000 };
    const question = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) done(JSON.parse(text));
        else failed(new Error(`bgpd ${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    question.on('timeout', () => question.destroy(new Error(`bgpd ${path}: no answer`)));
    question.on('error', failed);
    question.end(body === undefined ? undefined : JSON.stringify(body));
  });

export class BgpdRouter implements Router {
  readonly kind = 'bgpd';
  readonly node: NetNode;
  readonly spec: RouterSpec;
  process: LoggedProcess | null = null;
  readonly #announced: Map<string, AnnouncedRoute>;

  constructor(node: NetNode, spec: RouterSpec) {
    this.node = node;
    this.spec = spec;
    this.#announced = new Map((spec.announce ?? []).map((route) => [route.prefix, route]));
  }

  get socket(): string {
    return join(this.node.directory, `${this.node.name}.sock`);
  }

  get configFile(): string {
    return join(this.node.directory, `${this.node.name}-bgpd.yaml`);
  }

  async start(): Promise<void> {
    this.#writeConfig(null);
    this.#writeKeys();
    this.process = await this.node.start('bgpd', process.execPath, [
      '--enable-source-maps',
      BGPD_PROGRAM,
      '--config',
      this.configFile,
    ]);
    await waitFor('bgpd to answer', () => askBgpd(this.socket, '/v1/summary'), {
      evidence: () => this.process?.log() ?? '',
    });
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** A dynamic neighbour that has not connected yet is Idle. */
  async session(neighbor: string): Promise<SessionState> {
    const all = (await askBgpd(this.socket, '/v1/neighbors')) as {
      readonly neighbors: readonly PeerDetail[];
    };
    const isMeant = ({ address, name }: PeerDetail): boolean => address === neighbor || name === neighbor;
    return all.neighbors.find(isMeant)?.state ?? 'Idle';
  }

  /** All that bgpd knows about a neighbour. */
  async detail(neighbor: string): Promise<PeerDetail> {
    return (await askBgpd(this.socket, `/v1/neighbors/${encodeURIComponent(neighbor)}`)) as PeerDetail;
  }

  /** Like the others, without what was refused because our own AS is in its path. */
  async received(neighbor: string, family: Family): Promise<readonly ReceivedRoute[]> {
    if ((await this.session(neighbor)) !== 'Established') return [];
    const query = new URLSearchParams({ peer: neighbor, direction: 'in', family, limit: '100000' });
    const { routes, ...rest } = (await askBgpd(this.socket, `/v1/routes?${query}`)) as RouteList;
    const heard = routes.filter(({ decision }) => !decision.includes('AS_PATH contains our AS'));
    return toReceivedRoutes({ ...rest, routes: heard });
  }

  /** Without attributes: bgpd originates plain routes. */
  async announce(route: AnnouncedRoute): Promise<void> {
    this.#announced.set(route.prefix, route);
    await this.#reload(null);
  }

  async withdraw(prefix: string): Promise<void> {
    this.#announced.delete(prefix);
    await this.#reload(null);
  }

  /** Switches the neighbour off in the configuration and on again. */
  async reset(neighbor: string): Promise<void> {
    await this.#reload(neighbor);
    await this.#reload(null);
  }

  /** bgpd asks by itself when it needs to. */
  async refresh(neighbor: string): Promise<void> {
    throw new Error(`bgpd is not asked to refresh ${neighbor}`);
  }

  async shutdown(neighbor: string, text: string): Promise<void> {
    await this.administer(neighbor, 'disable', { text });
  }

  /** POSTs to one neighbour, as bgpctl does. */
  administer(neighbor: string, action: string, body: object = {}): Promise<unknown> {
    return askBgpd(this.socket, `/v1/neighbors/${encodeURIComponent(neighbor)}/${action}`, 'POST', body);
  }

  /** Another TCP-MD5 key for a neighbour that has one, taken over by a reload. */
  async rekey(neighbor: string, password: string): Promise<void> {
    writeFileSync(join(this.node.directory, keyFile(this.spec, neighbor)), `${password}\n`);
    await askBgpd(this.socket, '/v1/reload', 'POST');
  }

  async notifications(neighbor: string): Promise<readonly SeenNotification[]> {
    return parseBgpdNotifications(this.process?.log() ?? '', neighbor);
  }

  async evidence(): Promise<string> {
    const summary = await askBgpd(this.socket, '/v1/neighbors').catch((error: unknown) => String(error));
    const log = this.process?.log().slice(-6000) ?? 'not running';
    return `--- ${this.node.name} (bgpd)\n${JSON.stringify(summary)}\n${log}`;
  }

  #writeKeys(): void {
    for (const { address, password } of this.spec.neighbors) {
      if (password === undefined) continue;
      writeFileSync(join(this.node.directory, keyFile(this.spec, address)), `${password}\n`, { mode: 0o600 });
    }
  }

  #writeConfig(disabled: string | null): void {
    const routes = [...this.#announced.values()];
    const config = bgpdConfig(this.node.name, this.spec, { socket: this.socket }, routes, disabled);
    writeFileSync(this.configFile, stringify(config));
  }

  async #reload(disabled: string | null): Promise<void> {
    this.#writeConfig(disabled);
    await askBgpd(this.socket, '/v1/reload', 'POST');
  }
}
