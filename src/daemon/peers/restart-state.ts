// What our own start says about our last end (RFC 4724 3): whether peers may still have our routes, and whether the host has
// forwarded their packets meanwhile. The evidence is the kernel itself; there is no state file.

import type { Kernel } from '../../kernel/types.js';
import type { RestartState } from './session-setup.js';

/** Nothing is there: a first start, or the host has booted. What peers still have of us leads nowhere. */
export const COLD: RestartState = { restarting: false, forwarding: false };

/** We are running: a session that ends does not end what forwards. */
export const RUNNING: RestartState = { restarting: false, forwarding: true };

const BACK: RestartState = { restarting: true, forwarding: true };

/**
 * Routes of ours, or workloads, that the kernel has at our start: it has kept forwarding, for both families. Who has no
 * kernel (a reflector) forwards nothing that could have stopped, and can't tell a first start from another.
 */
export function restartOf(kernel: Kernel | null): RestartState {
  if (kernel === null) return BACK;
  const { fib, workloads } = kernel.status();
  return fib.adoptedStale > 0 || workloads > 0 ? BACK : COLD;
}

/** For people: why this start counts as a restart. */
export function restartEvidence(kernel: Kernel | null): string {
  if (kernel === null) return 'this node forwards nothing, so its start may be a restart';
  const { fib, workloads } = kernel.status();
  return `the kernel has ${fib.adoptedStale} routes of an earlier run and ${workloads} workloads`;
}
