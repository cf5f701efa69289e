// Which kernel a daemon gets, given its configuration and its privileges. Starts nothing.

import { hasNetAdmin } from '../sys/capabilities.js';
import { createMemoryKernel, createReachableWorld } from './memory/memory-kernel.js';
import { createNetlinkKernel } from './netlink/netlink-kernel.js';
import type { Kernel, KernelSettings } from './types.js';

export interface ChosenKernel {
  readonly kernel: Kernel;
  /** One line for the log, null when there is nothing to warn of. */
  readonly warning: string | null;
}

/** `mayWrite`: whether this process may change routes; asked of the system when not given. */
export function chooseKernel(
  backend: 'auto' | 'netlink' | 'memory',
  settings: KernelSettings,
  mayWrite: boolean = hasNetAdmin(),
): ChosenKernel {
  if (backend === 'memory') return { kernel: inMemory(settings), warning: null };
  if (mayWrite) return { kernel: createNetlinkKernel(settings), warning: null };
  if (backend === 'auto') return { kernel: inMemory(settings), warning: MEMORY_WARNING };
  return { kernel: createNetlinkKernel(settings), warning: NETLINK_WARNING };
}

const MEMORY_WARNING =
  'no CAP_NET_ADMIN: kernel routes are neither read nor written, every next hop counts as reachable';
const NETLINK_WARNING = 'no CAP_NET_ADMIN: the kernel will refuse to change routes';

/** Nothing is known of the host's links, so every next hop counts as reachable. */
const inMemory = (settings: KernelSettings): Kernel => createMemoryKernel(settings, createReachableWorld());
