// What every kernel backend must do: cases that run on a world in memory and on the real kernel alike.

import type { ContractCase } from './contract-case.js';
import { CHAOS_CASES } from './contract-chaos.js';
import { NEXT_HOP_CASES } from './contract-next-hops.js';
import { OWNERSHIP_CASES } from './contract-ownership.js';
import { ROUTE_CASES } from './contract-routes.js';
import { WORKLOAD_CASES } from './contract-workloads.js';

export const CASES: readonly ContractCase[] = [
  ...WORKLOAD_CASES,
  ...ROUTE_CASES,
  ...NEXT_HOP_CASES,
  ...OWNERSHIP_CASES,
  ...CHAOS_CASES,
];
