// The kernel layer's settings from the configuration: import rules without prefixes of their own take the pools.

import type { Config } from '../config/types.js';
import type { KernelSettings } from '../kernel/types.js';

export function kernelSettings({ kernel, pools }: Config): KernelSettings {
  const poolPrefixes = pools.map(({ cidr }) => cidr);
  return {
    table: kernel.table,
    protocol: kernel.protocol,
    metric: kernel.metric,
    install: kernel.backend !== 'none',
    import: kernel.import.map((rule) => ({
      ...rule,
      prefixes: rule.prefixes.length > 0 ? rule.prefixes : poolPrefixes,
    })),
  };
}
