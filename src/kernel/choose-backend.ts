// Which kernel a daemon gets, given its configuration and its privileges. Starts nothing.

import { hasNetAdmin } from '../sys/capabilities.js';
import { createNetlinkKernel } from './netlink/netlink-kernel.js';
import type { Kernel, KernelSettings } from './types.js';

export interface ChosenKernel {
  readonly kernel: Kernel;
  /** One line for the log, null when there is nothing to warn of. */
  readonly warning: string | null;
}

/** `mayWrite`: whether this process may change routes; asked of the system when not given. */
export async function chooseKernel(
  backend: 'auto' | 'netlink' | 'memory',
  settings: KernelSettings,
  mayWrite: boolean = hasNetAdmin(),
): Promise<ChosenKernel> {
  if (backend === 'memory') return { kernel: await inMemory(settings), warning: null };
  if (mayWrite) return { kernel: createNetlinkKernel(settings), warning: null };
  if (backend === 'auto') return { kernel: await inMemory(settings), warning: MEMORY_WARNING };
  return { kernel: createNetlinkKernel(settings), warning: NETLINK_WARNING };
}

const MEMORY_WARNING =
  'no CAP_NET_ADMIN: kernel routes are neither read nor written, every next hop counts as reachable';
const NETLINK_WARNING = 'no CAP_NET_ADMIN: the kernel will refuse to change routes';

/**
 * Nothing is known of the host's links, so every next hop counts as reachable. Loaded when it is chosen: its six files are
 * 2.6 ms of a start that has no use for them.
 */
async function inMemory(settings: KernelSettings): Promise<Kernel> {
  const { createMemoryKernel, createReachableWorld } = await import('./memory/memory-kernel.js');
  return createMemoryKernel(settings, createReachableWorld());
}
