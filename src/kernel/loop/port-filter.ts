// What the port is to tell of: which tables, and which protocol is ours.

import type { PortFilter } from '../port.js';
import { RT_TABLE } from '../rtnetlink/numbers.js';
import type { KernelSettings } from '../types.js';

/** Our table, the tables of the import rules, and main: gateways are looked up there. */
export function filterOf(settings: KernelSettings): PortFilter {
  const tables = new Set([settings.table, RT_TABLE.main, ...settings.import.map((rule) => rule.table)]);
  const { protocol, watchNeighbours = false } = settings;
  return { tables: [...tables], protocol, neighbours: watchNeighbours };
}
