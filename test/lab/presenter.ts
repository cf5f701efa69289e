// The lab in words: progress, routing tables, ping tables, verdict. Returns text; prints nothing.

import type { RouteView } from '../support/netns.js';
import type { PingVerdict, Progress } from './checks.js';
import type { HostPlan, Topology } from './topology.js';

export const progressText = (progress: Progress, seconds: number): string => {
  const done = progress.sessions + progress.routes;
  const wanted = progress.sessionsWanted + progress.routesWanted;
  const width = 24;
  const filled = wanted === 0 ? width : Math.floor((done / wanted) * width);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(width - filled)}`;
  const sessions = `sessions ${progress.sessions}/${progress.sessionsWanted}`;
  return `[${bar}] ${sessions}, routes ${progress.routes}/${progress.routesWanted}, ${seconds.toFixed(1)} s`;
};

const pad = (text: string, width: number): string => text.padEnd(width);

/** Columns as wide as their widest cell, two spaces between. */
export const table = (rows: readonly (readonly string[])[], indent = '  '): string => {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      `${indent}${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')}`.trimEnd(),
    )
    .join('\n');
};

const nextHopText = (route: RouteView): string => {
  if (route.gateway !== undefined)
    return `${route.dst} via ${route.gateway} dev ${route.dev} proto ${route.protocol}`;
  const hops = (route.nexthops ?? []).map((hop) => `via ${hop.gateway} dev ${hop.dev}`);
  return `${route.dst} ${hops.join(' ')} proto ${route.protocol}`;
};

const isDirect = (route: RouteView): boolean => route.dev?.startsWith('cali') === true;

const isLearned = (route: RouteView): boolean =>
  !isDirect(route) &&
  route.dst !== 'default' &&
  (route.gateway !== undefined || route.nexthops !== undefined);

/** Workloads here (the agent's routes) beside workloads elsewhere (learned by BGP). */
export const hostTables = (plan: HostPlan, routes: readonly RouteView[]): string => {
  const direct = routes
    .filter((route) => isDirect(route) && !route.dst.startsWith('fe80') && !route.dst.startsWith('ff00'))
    .map((route) => `${route.dst} dev ${route.dev}`);
  const indirect = routes.filter(isLearned).map(nextHopText);
  const length = Math.max(direct.length, indirect.length);
  const rows = Array.from({ length }, (_, line) => [direct[line] ?? '', '|', indirect[line] ?? '']);
  const head = ['direct: workloads of this host', '|', 'indirect: learned by BGP'];
  const rule = head.map((title) => '-'.repeat(title.length));
  return `${plan.name}  ${plan.address}  ${plan.address6}\n${table([head, rule, ...rows])}`;
};

const cell = (verdict: PingVerdict | undefined): string => {
  if (verdict === undefined) return '.';
  if (!verdict.expected) return verdict.pass ? 'kept out' : 'LEAK';
  return verdict.pass ? `${(verdict.result.meanMs ?? 0).toFixed(2)}` : 'LOST';
};

/** Rows ping columns; milliseconds, LOST, `kept out`, LEAK; a dot where there is nothing to ping. */
export const pingMatrix = (title: string, verdicts: readonly PingVerdict[]): string => {
  const sources = [...new Set(verdicts.map(({ from }) => from))];
  const targets = [...new Set(verdicts.map(({ to }) => to))].toSorted(
    (a, b) => sources.indexOf(a) - sources.indexOf(b),
  );
  const rows = sources.map((from) => [
    from,
    ...targets.map((to) => cell(verdicts.find((verdict) => verdict.from === from && verdict.to === to))),
  ]);
  return `${title}\n${table([['from \\ to', ...targets], ...rows])}`;
};

export const legend = (topology: Topology): string =>
  table([
    ...topology.hosts.flatMap((plan) =>
      plan.workloads.map((workload) => [
        workload.name,
        workload.external ? 'external' : '',
        `on ${plan.name}`,
        ...workload.addresses,
      ]),
    ),
    [topology.server.name, '', `behind ${topology.tor.name}`, topology.server.address],
  ]);

export interface Outcome {
  readonly progress: Progress;
  readonly converged: boolean;
  readonly verdicts: readonly PingVerdict[];
  readonly seconds: number;
}

export const isPass = (outcome: Outcome): boolean =>
  outcome.converged && outcome.verdicts.length > 0 && outcome.verdicts.every(({ pass }) => pass);

export const verdictLine = (outcome: Outcome): string => {
  const asked = outcome.verdicts.filter(({ expected }) => expected);
  const barred = outcome.verdicts.filter(({ expected }) => !expected);
  const passed = (list: readonly PingVerdict[]) =>
    `${list.filter(({ pass }) => pass).length} of ${list.length}`;
  const { sessions, sessionsWanted, routes, routesWanted } = outcome.progress;
  return [
    isPass(outcome) ? 'PASS:' : 'FAIL:',
    `${sessions} of ${sessionsWanted} sessions,`,
    `${routes} of ${routesWanted} routes,`,
    `${passed(asked)} pings answered,`,
    `${passed(barred)} kept out,`,
    `${outcome.seconds.toFixed(1)} s`,
  ].join(' ');
};
