// The configuration as the kernel layer wants it. Values only.

import { hostPrefix } from '../base/prefix.js';
import type { GuardSettings, ImportRule, KernelSettings, TunnelDevice } from '../kernel/types.js';
import type { Config, KernelImportConfig, PrefixMatch } from './types.js';

/** `install` is false for the backend `none` only; which routes are installed is the policies' business. */
export const kernelSettings = (config: Config, tunnels: readonly TunnelDevice[] = []): KernelSettings => ({
  table: config.kernel.table,
  protocol: config.kernel.protocol,
  metric: config.kernel.metric,
  ipv6Metric: config.kernel.ipv6Metric,
  import: config.kernel.import.flatMap((rule) => importRule(rule, config)),
  install: config.kernel.backend !== 'none',
  nextHopGroups: config.kernel.nextHopGroups,
  prefsrc: config.kernel.prefsrc,
  watchNeighbours: config.kernel.watchNeighbours,
  auditInterval: config.kernel.auditInterval,
  tunnels,
  guard: guardSettings(config),
});

const guardSettings = ({ peers, pools, originate, kernel }: Config): GuardSettings => ({
  peers: peers.map(({ address }) => address),
  pools: pools.map(({ cidr }) => cidr),
  services: originate.flatMap(({ kind, prefix }) => (kind === 'service' ? [prefix] : [])),
  allow: [...kernel.allowOverride, ...peers.flatMap(ownWay)],
});

/** The way to a peer that the configuration names; learned routes to it do not come as far as the guard. */
function ownWay({ address, via }: Config['peers'][number]): PrefixMatch[] {
  const prefix = hostPrefix(address);
  return via === null ? [] : [{ prefix, ge: prefix.length, le: prefix.length }];
}

/** A rule without prefixes takes the pools'; without pools it takes nothing, where the kernel layer would take all. */
function importRule(rule: KernelImportConfig, { pools }: Config): ImportRule[] {
  const prefixes = rule.prefixes.length > 0 ? rule.prefixes : pools.map(({ cidr }) => cidr);
  return prefixes.length === 0 ? [] : [{ ...rule, prefixes }];
}
