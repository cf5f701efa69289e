// What the view of the kernel has to say for the status page. Reads only.

import type { KernelStatus } from '../types.js';
import type { KernelView } from './kernel-view.js';

type ViewStatus = Omit<KernelStatus, 'backend' | 'state' | 'table' | 'protocol' | 'counters' | 'audits'>;

/** `now`: monotonic milliseconds. */
export function viewStatus(view: KernelView, now: number): ViewStatus {
  const { fib, links, importer, guard, tunnels, gateways } = view;
  return {
    links: links.links,
    addresses: links.addresses,
    workloads: importer.size,
    fib: { ...fib.status(), refusals: guard.refusals(), refusedCount: guard.size },
    tunnels: tunnels.status(),
    gateways: gateways.status(),
    drift: fib.drift.status(now),
    nextHopObjects: fib.objectCounts,
  };
}
