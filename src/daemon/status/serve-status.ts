// What a running daemon shows: status, metrics, the API. Loaded late and by name, because with all its libraries it takes
// longer to load than the rest; never starts or stops a session.

import { createMetrics } from '../../api/metrics/metrics.js';
import { startApi } from '../../api/server.js';
import type { RuntimePeers } from '../../config/sources/runtime-peers.js';
import type { ConfigResult } from '../../config/types.js';
import { watchCalico } from '../changes/calico-watch.js';
import { ConfigChanges } from '../changes/config-changes.js';
import { Reloader } from '../changes/reload.js';
import type { Daemon, Parts } from '../parts.js';
import { Administrator } from '../peers/administrator.js';
import { foresee } from '../preview/foresight.js';
import { previewRoutes } from '../preview/route-preview.js';
import { apiAddresses } from './api-addresses.js';
import { createStatus } from './status.js';

export type ServedStatus =
  | ({ readonly ok: true } & Pick<Daemon, 'status' | 'apiAddress' | 'reload' | 'administration' | 'changes'>)
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
    preview: (config, limit) => previewRoutes(config, { speaker, clock, limit }),
    trial: options.trial ?? null,
    wallClock: clock.wallClock,
  });
  const changes = changesOf(parts, reloader, administrator);
  stops.unshift(() => changes.stop());
  const status = createStatus({
    speaker,
    routerId,
    clock,
    config: () => ({
      ...reloader.status(),
      pending: changes.pending,
      lastRollback: changes.lastRollback,
      rollbacks: changes.rollbacks,
    }),
    calico: () => reloader.calico(),
    objects: () => reloader.objects(),
    connections: parts.connections,
    reload: (force) => reloader.reload(force),
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
    changes,
    ...apiAddresses(options.config),
    hurry: () => clock.hurry(),
    onError: (line) => options.logger.error(line),
  });
  if (!api.ok) return api;
  stops.unshift(() => api.close());
  return {
    ok: true,
    status,
    apiAddress: api.address,
    administration: administrator,
    changes,
    reload: (force) => reloader.reload(force),
  };
}

function changesOf(
  { options, speaker, clock, events }: Parts,
  reloader: Reloader,
  administrator: Administrator,
): ConfigChanges {
  const { runtimeConfig, trial = null } = options;
  const runtime = (): RuntimePeers => administrator.runtime;
  const again = (): ConfigResult => {
    const kept = runtimeConfig?.kept();
    if (runtimeConfig === undefined || kept?.ok !== true) return { ok: false, problems: [] };
    return runtimeConfig.again(kept.runtime, runtime());
  };
  return new ConfigChanges({
    target: speaker,
    reloader,
    file: trial,
    again,
    runtime,
    foresee: (config) => foresee(speaker.peers.plan(config), speaker.outlook(config).context),
    events,
    clock,
  });
}
