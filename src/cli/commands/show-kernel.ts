// `bgpctl show kernel`: FIB, workload routes, links, and what went wrong between us and the kernel.

import type { KernelReport } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatCount, formatList, formatMilliseconds, formatTime } from '../format.js';
import {
  type Field,
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderFields,
  renderTable,
  right,
  toned,
} from '../tables.js';

type LatencyHistogram = KernelReport['counters']['latency'];

export const showKernel = (context: CommandContext): Promise<ExitCode> =>
  show<KernelReport>(context, '/v1/kernel', kernelText);

export const kernelText = (kernel: KernelReport, paint: Paint): string =>
  joinBlocks([
    renderFields([...stateFields(kernel), ...counterFields(kernel)], paint),
    fightLines(kernel, paint),
    problemLines(kernel, paint),
    refusalLines(kernel, paint),
    gatewayLines(kernel, paint),
    tunnelLines(kernel, paint),
    linkLines(kernel, paint),
    workloadLines(kernel, paint),
  ]);

function stateFields({ backend, state, table, protocol, fib }: KernelReport): readonly Field[] {
  const health = state === 'synced' ? 'good' : state === 'failed' ? 'bad' : 'warn';
  const stale = fib.adoptedStale === 0 ? '' : `, ${fib.adoptedStale} adopted and not yet confirmed`;
  return [
    ['Backend', `${backend}, table ${table}, protocol ${protocol}`],
    ['State', toned(health, state)],
    ['FIB', `${fib.installed} of ${fib.wanted} installed, ${fib.pending} pending${stale}`],
  ];
}

function counterFields({ counters, workloads, nextHopObjects, drift }: KernelReport): readonly Field[] {
  const errors = Object.entries(counters.errors).map(([errno, count]) => `${errno} ${count}`);
  return [
    ['Operations', `${counters.added} added, ${counters.replaced} replaced, ${counters.removed} removed`],
    ['Errors', errors.length === 0 ? 'none' : toned('bad', errors.join(', '))],
    ['Ack latency', latency(counters.latency)],
    ['Workloads', `${formatCount(workloads, 'route')}, ${formatCount(counters.workloadEvents, 'event')}`],
    ['Resyncs', `${counters.resyncs}, overruns ${counters.overruns}`],
    ['Nexthop groups', nextHopObjects === null ? 'not used' : formatCount(nextHopObjects.groups, 'group')],
    ['Drift', driftSummary(drift)],
  ];
}

/** `count` is all observations; a quantile is the bound of its bucket. */
function latency(histogram: LatencyHistogram): string {
  if (histogram.count === 0) return '-';
  const mean = formatMilliseconds(histogram.sum / histogram.count);
  return `mean ${mean}, 99 % ${quantileBound(histogram, 0.99)}, ${formatCount(histogram.count, 'batch', 'batches')}`;
}

function quantileBound({ bounds, counts, count }: LatencyHistogram, quantile: number): string {
  const at = counts.findIndex((cumulative) => cumulative >= quantile * count);
  const bound = bounds[at];
  if (bound !== undefined && Number.isFinite(bound)) return `within ${formatMilliseconds(bound)}`;
  const last = bounds.findLast((each) => Number.isFinite(each));
  return last === undefined ? '-' : `above ${formatMilliseconds(last)}`;
}

/** `bgpctl show drift` says more. */
function driftSummary({ counts, open, fights }: KernelReport['drift']): string {
  const found = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return `${found} found, ${open} open, ${formatCount(fights.length, 'fight')}`;
}

/** Who changes our routes again and again. */
export function fightLines({ drift: { fights } }: KernelReport, paint: Paint): readonly string[] {
  if (fights.length === 0) return [];
  const rows = fights.map(
    ({ prefix, by, blows, last }): Row => ({
      cells: [prefix, toned('bad', by ?? 'unknown'), String(blows), formatTime(last)],
    }),
  );
  return renderTable([left('Fought over'), left('With'), right('Times'), left('Last')], rows, paint);
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "another program's route is in its place (EEXIST)",
  unresolved: 'no way to the next hop',
  fight: 'somebody changes it again and again',
};

/** What else the kernel may say is an errno. */
const reasonText = (reason: string): string => REASONS[reason] ?? reason;

function problemLines({ fib }: KernelReport, paint: Paint): readonly string[] {
  if (fib.problemCount === 0) return [];
  const rows = fib.problems.map(
    ({ prefix, reason, attempts, nextHops }): Row => ({
      cells: [prefix, toned('bad', reasonText(reason)), String(attempts), formatList(nextHops)],
    }),
  );
  const columns = [left('Not installed'), left('Reason'), right('Attempts'), left('Next hops')];
  const more = fib.problemCount - fib.problems.length;
  return [...renderTable(columns, rows, paint), ...(more > 0 ? [`and ${more} more`] : [])];
}

function refusalLines({ fib }: KernelReport, paint: Paint): readonly string[] {
  if (fib.refusedCount === 0) return [];
  const rows = fib.refusals.map(({ prefix, reason }): Row => ({ cells: [prefix, toned('warn', reason)] }));
  const more = fib.refusedCount - fib.refusals.length;
  const lines = renderTable([left('Kept out'), left("For the host's own sake")], rows, paint);
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])];
}

function gatewayLines({ gateways }: KernelReport, paint: Paint): readonly string[] {
  if (gateways.lostCount === 0) return [];
  const rows = gateways.lost.map(
    ({ address, interface: link, since }): Row => ({
      cells: [toned('bad', address), link, formatTime(since)],
    }),
  );
  const more = gateways.lostCount - gateways.lost.length;
  const lines = renderTable([left('Silent gateway'), left('Interface'), left('Since')], rows, paint);
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])];
}

function tunnelLines({ tunnels }: KernelReport, paint: Paint): readonly string[] {
  if (tunnels.length === 0) return [];
  const rows = tunnels.map(({ device, kind, ready, problem, vni, address, ends }): Row => {
    const state = ready ? toned('good', 'ready') : toned('bad', problem ?? 'being made');
    return { cells: [device, vni === null ? kind : `${kind} ${vni}`, address ?? '-', String(ends), state] };
  });
  const columns = [left('Tunnel'), left('Kind'), left('From'), right('Other ends'), left('State')];
  return renderTable(columns, rows, paint);
}

function linkLines({ links }: KernelReport, paint: Paint): readonly string[] {
  if (links.length === 0) return [];
  const rows = links.map(
    ({ name, up, addresses }): Row => ({
      cells: [name, up ? toned('good', 'up') : toned('bad', 'down'), formatList(addresses)],
    }),
  );
  return renderTable([left('Link'), left('State'), left('Addresses')], rows, paint);
}

function workloadLines({ workloadRoutes }: KernelReport, paint: Paint): readonly string[] {
  if (workloadRoutes.length === 0) return [];
  const rows = workloadRoutes.map(
    ({ prefix, interface: link, protocol }): Row => ({ cells: [prefix, link, String(protocol)] }),
  );
  return renderTable([left('Workload route'), left('Interface'), right('Protocol')], rows, paint);
}
