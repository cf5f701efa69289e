// The metrics of the kernel side: workload routes in, FIB out, acknowledgement latency. Absent without a kernel
// backend.

import type { KernelReport } from '../model/types.js';
import { flag, histogramSamples, type MetricRow, sample, single } from './metric-rows.js';

const gauge = (name: string, help: string, read: (kernel: KernelReport) => number): MetricRow =>
  single('gauge', name, help, ({ kernel }) => (kernel === null ? null : read(kernel)));

const counter = (name: string, help: string, read: (kernel: KernelReport) => number): MetricRow =>
  single('counter', name, help, ({ kernel }) => (kernel === null ? null : read(kernel)));

const REPAIR_LATENCY = 'bgpd_fib_repair_latency_seconds';
const ACK_LATENCY = 'bgpd_fib_ack_latency_seconds';

export const KERNEL_METRICS: readonly MetricRow[] = [
  gauge('bgpd_kernel_synced', 'Whether the kernel view is complete and followed.', ({ state }) =>
    flag(state === 'synced'),
  ),
  gauge(
    'bgpd_workload_routes',
    'Workload routes imported from the kernel now.',
    ({ workloads }) => workloads,
  ),
  counter(
    'bgpd_kernel_workload_events_total',
    'Workload routes that appeared, changed or went.',
    ({ counters }) => counters.workloadEvents,
  ),
  counter(
    'bgpd_kernel_overruns_total',
    'Times the netlink socket lost messages.',
    ({ counters }) => counters.overruns,
  ),
  counter(
    'bgpd_kernel_resyncs_total',
    'Times the kernel tables were read again in full.',
    ({ counters }) => counters.resyncs,
  ),
  gauge('bgpd_fib_wanted_routes', 'Routes that the RIB wants in the kernel.', ({ fib }) => fib.wanted),
  gauge(
    'bgpd_fib_installed_routes',
    'Wanted routes that the kernel acknowledged.',
    ({ fib }) => fib.installed,
  ),
  gauge('bgpd_fib_pending_routes', 'Route changes not acknowledged yet.', ({ fib }) => fib.pending),
  gauge(
    'bgpd_fib_stale_routes',
    'Routes adopted at start that no peer has confirmed yet.',
    ({ fib }) => fib.adoptedStale,
  ),
  gauge(
    'bgpd_fib_problem_routes',
    'Wanted routes that are not in the kernel as wanted: refused or unresolved.',
    ({ fib }) => fib.problemCount,
  ),
  gauge(
    'bgpd_fib_refused_routes',
    "Learned routes kept out of the kernel, as they would take over the host's own reachability.",
    ({ fib }) => fib.refusedCount,
  ),
  gauge(
    'bgpd_kernel_lost_gateways',
    'Gateways of next hops that are not used, as they do not answer ARP or neighbour discovery.',
    ({ gateways }) => gateways.lostCount,
  ),
  counter(
    'bgpd_kernel_gateway_losses_total',
    'Times a gateway was given up, as it did not answer.',
    ({ gateways }) => gateways.losses,
  ),
  {
    name: 'bgpd_fib_refusals_total',
    help: 'Times a learned route was kept out of the kernel, by reason.',
    type: 'counter',
    labelNames: ['reason'],
    samples: ({ kernel }) =>
      Object.entries(kernel?.counters.refusals ?? {}).map(([reason, count]) => sample(count, { reason })),
  },
  {
    name: 'bgpd_tunnel_ready',
    help: 'Whether the device of a tunnel is there and as configured.',
    type: 'gauge',
    labelNames: ['device'],
    samples: ({ kernel }) =>
      (kernel?.tunnels ?? []).map(({ device, ready }) => sample(flag(ready), { device })),
  },
  {
    name: 'bgpd_tunnel_ends',
    help: 'Other hosts that are reached through the device of a tunnel.',
    type: 'gauge',
    labelNames: ['device'],
    samples: ({ kernel }) => (kernel?.tunnels ?? []).map(({ device, ends }) => sample(ends, { device })),
  },
  {
    name: 'bgpd_fib_operations_total',
    help: 'Route operations that the kernel acknowledged.',
    type: 'counter',
    labelNames: ['operation'],
    samples: ({ kernel }) =>
      kernel === null
        ? []
        : [
            sample(kernel.counters.added, { operation: 'add' }),
            sample(kernel.counters.replaced, { operation: 'replace' }),
            sample(kernel.counters.removed, { operation: 'remove' }),
          ],
  },
  {
    name: 'bgpd_fib_errors_total',
    help: 'Route operations that the kernel refused, by errno.',
    type: 'counter',
    labelNames: ['errno'],
    samples: ({ kernel }) =>
      Object.entries(kernel?.counters.errors ?? {}).map(([errno, count]) => sample(count, { errno })),
  },
  {
    name: 'bgpd_fib_drift_total',
    help: 'Routes of ours that were otherwise in the kernel than we wrote them, by cause.',
    type: 'counter',
    labelNames: ['cause'],
    samples: ({ kernel }) =>
      Object.entries(kernel?.drift.counts ?? {}).map(([cause, count]) => sample(count, { cause })),
  },
  gauge('bgpd_fib_drift_open_routes', 'Differences found and not put right yet.', ({ drift }) => drift.open),
  counter(
    'bgpd_fib_fights_total',
    'Routes that another writer changed again and again.',
    ({ drift }) => drift.fightCount,
  ),
  gauge(
    'bgpd_fib_fights',
    'Routes that another writer changes again and again, in the last five minutes.',
    ({ drift }) => drift.fights.length,
  ),
  counter(
    'bgpd_fib_audits_total',
    'Comparisons of the whole FIB with the kernel.',
    ({ audits }) => audits.count,
  ),
  gauge(
    'bgpd_fib_nexthop_groups',
    'Nexthop groups of ours in the kernel.',
    ({ nextHopObjects }) => nextHopObjects?.groups ?? 0,
  ),
  {
    name: REPAIR_LATENCY,
    help: 'Time from finding a difference to the acknowledgement of its repair.',
    type: 'histogram',
    labelNames: [],
    samples: ({ kernel }) => (kernel === null ? [] : histogramSamples(REPAIR_LATENCY, kernel.drift.repair)),
  },
  {
    name: ACK_LATENCY,
    help: 'Time from a batch of route requests to the acknowledgement of the kernel.',
    type: 'histogram',
    labelNames: [],
    samples: ({ kernel }) => (kernel === null ? [] : histogramSamples(ACK_LATENCY, kernel.counters.latency)),
  },
];
