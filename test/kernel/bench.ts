// What the contract cases need from a world, real or in memory, and the reading of it in one common text.

import { formatIp, type IpAddress, parseIp } from '../../src/base/ip.js';
import { formatPrefix, type Prefix, parsePrefix } from '../../src/base/prefix.js';
import type { RouteSpec } from '../../src/kernel/memory/route-spec.js';
import type {
  FibIntent,
  Kernel,
  KernelEvent,
  KernelObserver,
  KernelSettings,
  NeighbourState,
} from '../../src/kernel/types.js';

export interface Bench {
  readonly backend: 'netlink' | 'memory';
  /** Up unless told otherwise. */
  addLink(name: string): void;
  setLinks(changes: readonly { readonly name: string; readonly up: boolean }[]): void;
  deleteLink(name: string): void;
  addAddress(link: string, address: string): void;
  deleteAddress(link: string, address: string): void;
  addRoutes(routes: readonly RouteSpec[]): void;
  deleteRoutes(routes: readonly RouteSpec[]): void;
  /** IPv4 and IPv6 routes of one protocol in one table, one line each, sorted. */
  routes(protocol: number, table?: number): readonly string[];
  /** What the kernel finds out about a neighbour; `gone`: somebody deletes the entry. */
  setNeighbour(link: string, address: string, state: NeighbourState): void;
  /** Neighbours (`10.0.0.2 02:..`) and forwarding entries (`02:.. 172.18.0.2`) of a tunnel's device, sorted. */
  tunnelEnds(device: string): readonly string[];
  create(settings: KernelSettings, options?: { readonly receiveBuffer?: number }): Kernel;
  /** A kernel that installed these routes and was killed. */
  leaveBehind(settings: KernelSettings, routes: readonly (readonly [string, FibIntent])[]): Promise<void>;
  /** Makes notifications get lost while `changes` runs. */
  loseNotifications(changes: () => void): void;
}

export const PROTOCOL = 12;

export const settings = (over: Partial<KernelSettings> = {}): KernelSettings => ({
  table: 254,
  protocol: PROTOCOL,
  metric: 1024,
  import: [{ interfaces: ['cali*'], protocols: [], prefixes: [], anyLength: false, table: 254 }],
  install: true,
  ...over,
});

export const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`not a prefix: ${text}`);
  return parsed;
};

export const ip = (text: string): IpAddress => {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
};

/** `10.0.0.1` or `fe80::1%eth0`. */
export const via = (...hops: readonly string[]): FibIntent => ({
  nextHops: hops.map((hop) => {
    const [address, zone] = hop.split('%');
    return { address: ip(address!), interface: zone ?? null };
  }),
});

/** Everything an observer was told, in a form that cases can look at. */
export interface Recorder extends KernelObserver {
  /** Prefix -> interface. */
  readonly present: Map<string, string>;
  /** Every workload change in order: `+10.0.0.1/32 cali1`. */
  readonly log: string[];
  /** Address -> `reachable 0` or `unreachable`. */
  readonly hops: Map<string, string>;
  readonly events: KernelEvent[];
  /** How often the host's addresses were said to have changed. */
  addressNews: number;
  /** It has yet to decide. */
  busy: boolean;
}

export function createRecorder(): Recorder {
  const present = new Map<string, string>();
  const hops = new Map<string, string>();
  const log: string[] = [];
  const events: KernelEvent[] = [];
  const recorder: Recorder = {
    present,
    log,
    hops,
    events,
    addressNews: 0,
    busy: false,
    workloads: (changes) => {
      for (const change of changes) {
        const text = formatPrefix(change.prefix);
        if (change.present) present.set(text, change.interface);
        else present.delete(text);
        log.push(`${change.present ? '+' : '-'}${text} ${change.interface}`);
      }
    },
    nextHops: (states) => {
      for (const { nextHop, reachable, cost } of states)
        hops.set(formatIp(nextHop), reachable ? `reachable ${cost}` : 'unreachable');
    },
    addresses: () => {
      recorder.addressNews++;
    },
    deciding: () => recorder.busy,
    event: (event) => {
      events.push(event);
    },
  };
  return recorder;
}

/** Polls until the check holds; the text of what is there instead when it never does. */
export async function eventually(what: string, check: () => boolean, timeout = 8000): Promise<void> {
  const end = performance.now() + timeout;
  while (!check()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await pause(5);
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** One route as text: `10.0.0.0/24 metric 5 via 10.1.1.1 dev eth0`. */
export function routeLine(
  routePrefix: string,
  metric: number,
  hops: readonly { readonly gateway: string | null; readonly dev: string; readonly onlink: boolean }[],
  source: string | null = null,
): string {
  const parts = hops.map(
    ({ gateway, dev, onlink }) =>
      `${gateway === null ? '' : ` via ${gateway}`} dev ${dev}${onlink ? ' onlink' : ''}`,
  );
  return `${routePrefix} metric ${metric}${parts.sort().join(' +')}${source === null ? '' : ` src ${source}`}`;
}
