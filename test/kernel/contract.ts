// What every kernel backend must do: cases that run on a world in memory and on the real kernel alike.

import type { ContractCase } from './contract-case.js';
import { CHAOS_CASES } from './contract-chaos.js';
import { GUARD_CASES } from './contract-guard.js';
import { METRIC_CASES } from './contract-metrics.js';
import { NEIGHBOUR_CASES } from './contract-neighbours.js';
import { NEXT_HOP_CASES } from './contract-next-hops.js';
import { OWNERSHIP_CASES } from './contract-ownership.js';
import { RACE_CASES } from './contract-races.js';
import { ROUTE_CASES } from './contract-routes.js';
import { TUNNEL_CASES } from './contract-tunnels.js';
import { WORKLOAD_CASES } from './contract-workloads.js';

export const CASES: readonly ContractCase[] = [
  ...WORKLOAD_CASES,
  ...ROUTE_CASES,
  ...NEXT_HOP_CASES,
  ...NEIGHBOUR_CASES,
  ...OWNERSHIP_CASES,
  ...RACE_CASES,
  ...METRIC_CASES,
  ...TUNNEL_CASES,
  ...GUARD_CASES,
  ...CHAOS_CASES,
];
