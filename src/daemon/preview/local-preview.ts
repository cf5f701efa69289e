// The routes that would start at this host: workloads as the rules would import them, and what would be originated.
// Collects them; nothing is announced.

import type { PeerId } from '../../base/ids.js';
import { formatPrefix, type Prefix } from '../../base/prefix.js';
import type { Kernel, KernelSettings, WorkloadChange } from '../../kernel/types.js';
import type { Rib } from '../../rib/core.js';
import type { LocalPath } from '../../rib/what-if/what-if.js';
import type { LocalSettings } from '../routes/local-attributes.js';
import { LocalRoutes } from '../routes/local-routes.js';

export interface LocalPreview {
  readonly paths: ReadonlyMap<string, readonly LocalPath[]>;
  readonly routes: LocalRoutes;
}

/** Workloads looked at in one go. */
const SLICE = 500;

/** Routes that ask for company find it in `prefixes` as it is now. `pause` is awaited between slices. */
export async function previewLocal(
  kernel: Kernel | null,
  [before, after]: readonly [KernelSettings, KernelSettings],
  settings: LocalSettings,
  prefixes: Rib['prefixes'],
  pause: () => Promise<void>,
): Promise<LocalPreview> {
  const paths = new Map<string, LocalPath[]>();
  const applyLocal = (source: PeerId, prefix: Prefix, block: Uint8Array | null): void => {
    const key = formatPrefix(prefix);
    const others = (paths.get(key) ?? []).filter((path) => path.source !== source);
    if (block !== null) others.push({ source, prefix, block });
    if (others.length === 0) paths.delete(key);
    else paths.set(key, others);
  };
  const routes = new LocalRoutes({ applyLocal, prefixes }, settings);
  routes.configure(settings, []);
  let slice: WorkloadChange[] = [];
  let seen = 0;
  for (const workload of workloads(kernel, before, after)) {
    if (workload !== null) slice.push(workload);
    if (++seen % SLICE > 0) continue;
    routes.workloads(slice);
    slice = [];
    await pause();
  }
  routes.workloads(slice);
  return { paths, routes };
}

function workloads(
  kernel: Kernel | null,
  before: KernelSettings,
  after: KernelSettings,
): Iterable<WorkloadChange | null> {
  if (kernel === null) return [];
  const rules = ({ import: list, protocol }: KernelSettings): string => JSON.stringify([list, protocol]);
  return rules(before) === rules(after) ? kernel.workloads() : kernel.workloadsUnder(after);
}
