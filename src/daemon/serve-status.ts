// What a running daemon shows: status, metrics, the API. Loaded late and by name, because with all its libraries it takes
// longer to load than the rest; never starts or stops a session.

import { createMetrics } from '../api/metrics.js';
import { startApi } from '../api/server.js';
import { Administrator } from './administrator.js';
import { apiAddresses } from './api-addresses.js';
import { watchCalico } from './calico-watch.js';
import type { Daemon, Parts } from './parts.js';
import { Reloader } from './reload.js';
import { createStatus } from './status.js';

export type ServedStatus =
  | ({ readonly ok: true } & Pick<Daemon, 'status' | 'apiAddress' | 'reload' | 'administration'>)
  | { readonly ok: false; readonly reason: string };

/** What it starts is added to `parts.stops`. */
export async function serveStatus(parts: Parts, routerId: number): Promise<ServedStatus> {
  const { options, speaker, clock, events, stops } = parts;
  const { readConfig } = options;
  const administrator = new Administrator({
    peers: speaker.peers,
    events,
    config: options.runtimeConfig ?? null,
    adopt: (choose) => reloader.adopt(choose),
  });
  const reloader: Reloader = new Reloader({
    target: speaker,
    events,
    file: options.configFile,
    read: readConfig === undefined ? null : () => readConfig(administrator.runtime),
    source: options.configSource ?? null,
    refresh: () => options.calico?.refresh(administrator.runtime) ?? null,
    calico: options.calico?.report ?? null,
    wallClock: clock.wallClock,
  });
  const status = createStatus({
    speaker,
    routerId,
    clock,
    config: () => reloader.status(),
    calico: () => reloader.calico(),
    objects: () => reloader.objects(),
    connections: parts.connections,
    reload: () => reloader.reload(),
  });
  if (options.calico !== undefined) {
    const { calico } = options;
    stops.unshift(watchCalico({ folders: () => calico.folders(), refresh: () => reloader.refresh(), clock }));
  }
  const metrics = createMetrics(status, {
    timerSlackSeconds: () => clock.takeSlack() / 1000,
    timerLateness: () => clock.lateness(),
  });
  stops.unshift(() => metrics.close());
  const api = await startApi({
    source: status,
    metrics,
    administration: administrator,
    ...apiAddresses(options.config),
    onError: (line) => options.logger.error(line),
  });
  if (!api.ok) return api;
  stops.unshift(() => api.close());
  return {
    ok: true,
    status,
    apiAddress: api.address,
    administration: administrator,
    reload: () => reloader.reload(),
  };
}
