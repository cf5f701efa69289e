// The contract bench over the real kernel, for a process inside a network namespace of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { RouteSpec } from '../../src/kernel/memory/route-spec.js';
import { createNetlinkKernel } from '../../src/kernel/netlink/netlink-kernel.js';
import { type Bench, routeLine } from './bench.js';

const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Many commands in one process: what they cause comes as a burst. */
function batch(lines: readonly string[]): void {
  const outcome = spawnSync('ip', ['-batch', '-'], { input: lines.join('\n'), encoding: 'utf8' });
  if (outcome.status !== 0) throw new Error(outcome.stderr);
}

function routeWords(route: RouteSpec): string {
  const type = route.type === undefined || route.type === 'unicast' ? '' : `${route.type} `;
  const words = [
    `${type}${route.prefix}`,
    route.via === undefined ? '' : `via ${route.via}`,
    route.dev === undefined ? '' : `dev ${route.dev}`,
    `proto ${route.protocol ?? 4}`,
    route.metric === undefined ? '' : `metric ${route.metric}`,
    `table ${route.table ?? 254}`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

function deletionWords(route: RouteSpec): string {
  const metric = route.metric === undefined ? '' : ` metric ${route.metric}`;
  const protocol = route.protocol === undefined ? '' : ` proto ${route.protocol}`;
  return `${route.prefix} table ${route.table ?? 254}${metric}${protocol}`;
}

interface ShownHop {
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev?: string;
  readonly flags?: readonly string[];
}

interface ShownRoute extends ShownHop {
  readonly dst: string;
  readonly type?: string;
  readonly metric?: number;
  readonly prefsrc?: string;
  readonly nexthops?: readonly ShownHop[];
}

function shownRoutes(version: '-4' | '-6', protocol: number, table: number): string[] {
  const shown = spawnSync(
    'ip',
    ['-N', '-j', version, 'route', 'show', 'table', String(table), 'proto', String(protocol)],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  // A table that does not exist is an error to `ip`, to us it is empty.
  const routes = (shown.status === 0 ? JSON.parse(shown.stdout) : []) as readonly ShownRoute[];
  return routes.map((route) => {
    const drops = route.type === undefined ? '' : `${TYPES[route.type] ?? route.type} `;
    const hops = drops === '' ? hopsOf(route) : [];
    const shown = `${drops}${fullPrefix(route.dst, version)}`;
    return routeLine(shown, route.metric ?? 0, hops, route.prefsrc ?? null);
  });
}

/** `ip -N` shows rtm_type as a number, unicast not at all. */
const TYPES: Readonly<Record<string, string>> = { 6: 'blackhole', 7: 'unreachable' };

interface ShownNeighbour {
  readonly dst?: string;
  readonly lladdr?: string;
  readonly mac?: string;
  readonly vni?: number;
}

const shownNeighbours = (command: string, ...args: string[]): readonly ShownNeighbour[] => {
  const { stdout } = spawnSync(command, ['-j', ...args], { encoding: 'utf8' });
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as readonly ShownNeighbour[]);
};

const shownEnds = (device: string): string[] => [
  ...shownNeighbours('ip', 'neigh', 'show', 'dev', device, 'nud', 'permanent').map(
    ({ dst, lladdr }) => `${dst} ${lladdr}`,
  ),
  ...shownNeighbours('bridge', 'fdb', 'show', 'dev', device).map(
    ({ mac, dst, vni }) => `${mac} ${dst}${vni === undefined ? '' : ` vni ${vni}`}`,
  ),
];

function fullPrefix(dst: string, version: '-4' | '-6'): string {
  if (dst === 'default') return version === '-4' ? '0.0.0.0/0' : '::/0';
  return dst.includes('/') ? dst : `${dst}/${version === '-4' ? 32 : 128}`;
}

const hopsOf = (route: ShownRoute): { gateway: string | null; dev: string; onlink: boolean }[] =>
  (route.nexthops ?? [route]).map((hop) => ({
    gateway: hop.gateway ?? hop.via?.host ?? null,
    dev: hop.dev ?? '',
    onlink: hop.flags?.includes('onlink') ?? false,
  }));

export function createNetlinkBench(nextHopGroups: 'on' | 'off' = 'off'): Bench {
  ip('link', 'set', 'lo', 'up');
  return {
    backend: 'netlink',
    addLink: (name) => {
      batch([
        `link add ${name} type veth peer name ${name}-p`,
        `link set ${name}-p up`,
        `link set ${name} up`,
      ]);
    },
    setLinks: (changes) => batch(changes.map(({ name, up }) => `link set ${name} ${up ? 'up' : 'down'}`)),
    deleteLink: (name) => {
      ip('link', 'del', name);
    },
    addAddress: (link, address) => {
      ip('addr', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []));
    },
    deleteAddress: (link, address) => {
      ip('addr', 'del', address, 'dev', link);
    },
    addRoutes: (routes) => batch(routes.map((route) => `route replace ${routeWords(route)}`)),
    deleteRoutes: (routes) => batch(routes.map((route) => `route del ${deletionWords(route)}`)),
    routes: (protocol, table = 254) =>
      [...shownRoutes('-4', protocol, table), ...shownRoutes('-6', protocol, table)].sort(),
    setNeighbour: (link, address, state) => {
      const entry = `${address} dev ${link}`;
      const alive = `neigh replace ${entry} lladdr 02:00:00:00:00:99 nud reachable`;
      // Only an entry that was good becomes a failed one.
      if (state === 'failed') batch([alive, `neigh replace ${entry} nud failed`]);
      else batch([state === 'valid' ? alive : `neigh del ${entry}`]);
    },
    tunnelEnds: (device) => shownEnds(device).sort(),
    create: (settings, options = {}) =>
      createNetlinkKernel({ nextHopGroups, ...settings }, { auditInterval: 0, ...options }),
    leaveBehind: async (over, routes) => {
      const settings = { nextHopGroups, ...over };
      const script = join(import.meta.dirname, 'netlink-killed.js');
      const input = JSON.stringify({ settings, routes });
      const outcome = spawnSync(process.execPath, [script], { input, encoding: 'utf8' });
      if (outcome.signal !== 'SIGKILL') throw new Error(`not killed: ${outcome.stderr}`);
    },
    // A receive buffer that is too small does it: the case asks for one.
    loseNotifications: (changes) => changes(),
  };
}
