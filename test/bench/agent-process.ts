// The node agent's part, a process in the daemon's namespace: programs workload routes through netlink, one at a time,
// and counts the routes of the kernel without asking it over netlink.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseIpv4 } from '../../src/base/ip.js';
import { getI32, getU16, viewOf } from '../../src/kernel/rtnetlink/octets.js';
import { openNetlinkSocket, receiveNetlink, sendNetlink } from '../../src/sys/netlink-socket.js';
import { monotonicMs } from './clock.js';
import { serve } from './remote.js';
import { encodeWorkloadRoute, type RouteChange } from './workload-route.js';

const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2;

const openRouteSocket = (): number => {
  const opened = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    groups: [],
    receiveBuffer: 65_536,
    sendBuffer: 65_536,
    switches: [],
  });
  if (!opened.ok) throw new Error(`netlink: ${opened.errno}`);
  return opened.value.fd;
};

const socket = openRouteSocket();
const answer = new Uint8Array(4096);

/** The kernel acts on a message before `send` returns, so the acknowledgement waits already. */
const program = (message: Uint8Array): void => {
  const sent = sendNetlink(socket, message);
  const received = sent < 0 ? sent : receiveNetlink(socket, answer);
  if (received < 20) throw new Error(`netlink: ${received}`);
  const view = viewOf(answer);
  const errno = getU16(view, 4) === NLMSG_ERROR ? getI32(view, 16) : -1;
  if (errno !== 0) throw new Error(`the kernel refused a route: ${errno}`);
};

export interface RouteSeries {
  readonly change: RouteChange;
  readonly first: string;
  readonly count: number;
  readonly ifindex: number;
  /** Milliseconds between two changes at least; up to twice that, so that no timer of the daemon keeps step. */
  readonly pauseMs: number;
}

/** Spreads evenly over 0 to 1 without repeating. */
const goldenFraction = (index: number): number => (index * 0.618_033_988_75) % 1;

const programSeries = async (series: RouteSeries): Promise<readonly number[]> => {
  const first = parseIpv4(series.first) ?? 0;
  const times: number[] = [];
  for (let i = 0; i < series.count; i += 1) {
    const message = encodeWorkloadRoute(series.change, first + i, series.ifindex);
    if (series.pauseMs > 0) await sleep(series.pauseMs * (1 + goldenFraction(i)));
    times.push(monotonicMs());
    program(message);
  }
  return times;
};

export interface RouteBurst {
  readonly change: RouteChange;
  readonly first: string;
  /** One route through each. */
  readonly ifindexes: readonly number[];
}

/** As fast as the kernel takes them; when the first was sent and when the last was done. */
const programBurst = ({ change, first, ifindexes }: RouteBurst): readonly [number, number] => {
  const address = parseIpv4(first) ?? 0;
  const begin = monotonicMs();
  for (const [i, ifindex] of ifindexes.entries()) program(encodeWorkloadRoute(change, address + i, ifindex));
  return [begin, monotonicMs()];
};

/** Prefixes of the main table. Reading it walks the trie on this processor and takes no lock that a writer needs. */
const countRoutes = (): number => {
  const text = readFileSync('/proc/net/fib_triestat', 'utf8');
  const count = /^Main:[\s\S]*?Prefixes:\s+(\d+)/m.exec(text)?.[1];
  if (count === undefined) throw new Error('/proc/net/fib_triestat does not name its prefixes');
  return Number(count);
};

export interface FibSample {
  readonly at: number;
  readonly routes: number;
}

export interface FibWait {
  readonly routes: number;
  readonly timeoutMs: number;
}

/** Looks until the main table holds exactly `routes`; every look is a sample. It rests three times as long as it looks. */
const awaitRoutes = async ({ routes, timeoutMs }: FibWait): Promise<readonly FibSample[]> => {
  const samples: FibSample[] = [];
  const deadline = monotonicMs() + timeoutMs;
  for (;;) {
    const begin = monotonicMs();
    const found = countRoutes();
    const at = monotonicMs();
    samples.push({ at, routes: found });
    if (found === routes) return samples;
    if (at > deadline) throw new Error(`${found} instead of ${routes} routes after ${timeoutMs} ms`);
    await sleep(Math.max(2, 3 * (at - begin)));
  }
};

const calls = {
  countRoutes: (_: null): number => countRoutes(),
  programSeries,
  programBurst,
  awaitRoutes,
};

export type AgentCalls = typeof calls;

serve(calls);
