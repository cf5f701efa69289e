// The resources of the HTTP API: which path answers what from the `StatusSource`. Reads only, but for reload and what
// operators do to peers, which the unix socket alone offers.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { parseIp } from '../base/ip.js';
import { addAdministration } from './administration.js';
import { addConfiguration } from './configuration.js';
import { jsonListStream } from './json-stream.js';
import type { Metrics } from './metrics/metrics.js';
import type { ConfigurationChanges, Health, PeerAdministration, StatusSource } from './model/types.js';
import { readRouteQuery } from './query.js';
import { explainReachability } from './reachability.js';
import { refuse } from './refusal.js';
import { lookedThrough } from './route-listing.js';

export interface ApiSurface {
  readonly source: StatusSource;
  readonly metrics: Metrics;
  /** True on the unix socket: its file mode says who may. */
  readonly mayReload: boolean;
  /** Null: not offered here. */
  readonly administration: PeerAdministration | null;
  readonly changes: ConfigurationChanges | null;
}

const PATHS = [
  '/metrics',
  '/healthz',
  '/readyz',
  '/v1/summary',
  '/v1/neighbors',
  '/v1/neighbors/NAME',
  '/v1/routes',
  '/v1/why/ADDRESS',
  '/v1/kernel',
  '/v1/memory',
  '/v1/pools',
  '/v1/alarms',
  '/v1/rpki',
  '/v1/config',
  '/v1/calico',
] as const;

export function addResources(app: FastifyInstance, surface: ApiSurface): void {
  const { source } = surface;
  addScrape(app, surface.metrics);
  app.get('/healthz', (_request, reply) => sendHealth(reply, source.health()));
  app.get('/readyz', (_request, reply) => sendHealth(reply, source.readiness()));
  app.get('/v1/summary', (_request, reply) =>
    sendList(reply, { ...source.summary() }, 'peers', source.peerSummaries()),
  );
  app.get('/v1/memory', () => source.memory());
  app.get('/v1/pools', () => ({ pools: source.pools() }));
  app.get('/v1/alarms', () => ({ alarms: source.alarms() }));
  app.get('/v1/rpki', () => source.rpki());
  app.get('/v1/config', () => source.config());
  app.get('/v1/kernel', (_request, reply) => {
    const report = source.kernel();
    return report ?? refuse(reply, 404, 'no kernel backend: kernel.backend is none');
  });
  app.get('/v1/calico', (_request, reply) => {
    const status = source.calico();
    return status ?? refuse(reply, 404, 'no Calico resources: the configuration has no section calico');
  });
  addNeighbors(app, source);
  addRoutes(app, source);
  addWhy(app, source);
  addReload(app, surface);
  addAdministration(app, surface.administration);
  addConfiguration(app, surface.changes);
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, `no resource ${request.method} ${request.url}: use ${PATHS.join(', ')}`),
  );
}

function addScrape(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.text();
  });
}

function addNeighbors(app: FastifyInstance, source: StatusSource): void {
  app.get('/v1/neighbors', (_request, reply) => sendList(reply, {}, 'neighbors', source.peers()));
  app.get<{ Params: { id: string } }>('/v1/neighbors/:id', (request, reply) => {
    const { id } = request.params;
    return source.peer(id) ?? refuse(reply, 404, noNeighbor(id));
  });
}

function addRoutes(app: FastifyInstance, source: StatusSource): void {
  app.get<{ Querystring: Record<string, unknown> }>('/v1/routes', async (request, reply) => {
    const query = readRouteQuery(request.query);
    if (!query.ok) return refuse(reply, 400, query.error);
    const { peer } = query.value;
    if (peer !== undefined && source.peer(peer) === null) return refuse(reply, 404, noNeighbor(peer));
    const listing = source.routes(query.value);
    if (typeof listing === 'string') return refuse(reply, 400, listing);
    if (!(await lookedThrough(listing, () => !reply.raw.destroyed))) return reply;
    return sendList(reply, { total: listing.total }, 'routes', listing.routes);
  });
}

function addWhy(app: FastifyInstance, source: StatusSource): void {
  app.get<{ Params: { address: string } }>('/v1/why/:address', (request, reply) => {
    const address = parseIp(request.params.address);
    if (address !== null) return explainReachability(address, source);
    return refuse(reply, 400, `${request.params.address} is not an IPv4 or IPv6 address`);
  });
}

function addReload(app: FastifyInstance, { source, mayReload }: ApiSurface): void {
  app.post('/v1/reload', async (request, reply) => {
    if (!mayReload) return refuse(reply, 403, 'reload is offered on the unix socket only: use bgpctl reload');
    const { body } = request;
    const force = typeof body === 'object' && body !== null && 'force' in body && body.force === true;
    const verdict = await source.reload(force);
    return reply.code(verdict.ok ? 200 : 422).send(verdict);
  });
}

const noNeighbor = (id: string): string =>
  `no neighbor "${id}": /v1/neighbors (bgpctl show neighbors) lists them`;

const sendHealth = (reply: FastifyReply, health: Health): FastifyReply =>
  reply.code(health.ok ? 200 : 503).send(health);

function sendList(
  reply: FastifyReply,
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: Iterable<unknown>,
): FastifyReply {
  reply.type('application/json; charset=utf-8');
  return reply.send(jsonListStream(head, key, reply.request.method === 'HEAD' ? [] : items));
}
