// The configuration as the kernel layer wants it. Values only.

import type { ImportRule, KernelSettings } from '../kernel/types.js';
import type { Config, KernelImportConfig } from './types.js';

/** `install` is false for the backend `none` only; which routes are installed is the policies' business. */
export const kernelSettings = (config: Config): KernelSettings => ({
  table: config.kernel.table,
  protocol: config.kernel.protocol,
  metric: config.kernel.metric,
  import: config.kernel.import.flatMap((rule) => importRule(rule, config)),
  install: config.kernel.backend !== 'none',
  nextHopGroups: config.kernel.nextHopGroups,
  prefsrc: config.kernel.prefsrc,
  auditInterval: config.kernel.auditInterval,
});

/** A rule without prefixes takes the pools'; without pools it takes nothing, where the kernel layer would take all. */
function importRule(rule: KernelImportConfig, { pools }: Config): ImportRule[] {
  const prefixes = rule.prefixes.length > 0 ? rule.prefixes : pools.map(({ cidr }) => cidr);
  return prefixes.length === 0 ? [] : [{ ...rule, prefixes }];
}
