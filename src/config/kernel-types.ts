// The kernel's part of the configuration after loading. Times are seconds.

import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { PrefixMatch } from '../policy/types.js';

export interface KernelConfig {
  /** `auto`: netlink, or memory with a warning when the process may not change routes. */
  readonly backend: 'auto' | 'netlink' | 'memory' | 'none';
  readonly table: number;
  readonly protocol: number;
  /** RTA_PRIORITY of the routes we install, where nothing gives them one of their own. */
  readonly metric: number;
  /** The same of IPv6 routes. */
  readonly ipv6Metric: number;
  readonly import: readonly KernelImportConfig[];
  /** Policy names: which best paths reach the kernel; empty: all learned from BGP. */
  readonly install: readonly string[];
  /** At stop, remove the routes we installed (default false: they stay and traffic flows on). */
  readonly removeOnStop: boolean;
  /** Adopted routes are swept this long after start at the latest. */
  readonly sweepDelay: number;
  /** Kernel nexthop objects and groups; `auto`: where the kernel has them. */
  readonly nextHopGroups: 'auto' | 'on' | 'off';
  /** RTA_PREFSRC of the routes we install, one address per family; empty: the kernel chooses. */
  readonly prefsrc: readonly IpAddress[];
  /** A gateway that does not answer ARP or neighbour discovery is no way to a next hop. */
  readonly watchNeighbours: boolean;
  /** Between two comparisons of the whole FIB with the kernel; 0: none. */
  readonly auditInterval: number;
  /** Learned routes that may take over what the host reaches by itself; all others may not. */
  readonly allowOverride: readonly PrefixMatch[];
  /** Workloads: LOCAL_PREF = 2147483647 - metric; learned routes: the metric from LOCAL_PREF, and they may win. */
  readonly localPrefFromMetric: boolean;
  /** Policies see the interface to the next hop of a learned route. */
  readonly learnedInterfaces: boolean;
  /** The device of IP-in-IP pools. */
  readonly ipipDevice: string;
  readonly vxlan: VxlanConfig;
}

/** The device of VXLAN pools with `overlay: bgp`. */
export interface VxlanConfig {
  readonly device: string;
  readonly vni: number;
  /** UDP port. */
  readonly port: number;
  /** Null: the kernel's choice. */
  readonly mtu: number | null;
  /** Our end of the tunnels; null: the router id where it is an address of the host, else the first address. */
  readonly address: IpAddress | null;
}

export interface KernelImportConfig {
  readonly interfaces: readonly string[];
  /** Patterns; they win over `interfaces`. */
  readonly ignoreInterfaces: readonly string[];
  readonly protocols: readonly number[];
  /** Empty: the pools. */
  readonly prefixes: readonly Prefix[];
  readonly anyLength: boolean;
  readonly table: number;
}
