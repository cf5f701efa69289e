// The real backend: the kernel loop over rtnetlink.

import { KernelLoop, type LoopOptions } from '../loop/kernel-loop.js';
import type { Kernel, KernelSettings } from '../types.js';
import { createNetlinkPort, type NetlinkPortOptions } from './netlink-port.js';

export type NetlinkKernelOptions = LoopOptions & NetlinkPortOptions;

/** Works in the network namespace of the process. Writing routes needs CAP_NET_ADMIN, reading does not. */
export const createNetlinkKernel = (settings: KernelSettings, options: NetlinkKernelOptions = {}): Kernel =>
  new KernelLoop(createNetlinkPort(options), settings, options);
