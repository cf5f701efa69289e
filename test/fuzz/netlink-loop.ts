// Mutated messages of a real kernel against the rtnetlink decoders: no exception, nothing read outside, what is decoded is
// sound, and a route that we could have written decodes to itself after being written.

import { toHex } from '../../src/base/bytes.js';
import { formatPrefix, maxLength, prefixWords } from '../../src/base/prefix.js';
import type { KernelChange, RouteWrite } from '../../src/kernel/port.js';
import { decodeChange, messagesIn, passesFilter } from '../../src/kernel/rtnetlink/messages.js';
import { setU16, setU32, viewOf } from '../../src/kernel/rtnetlink/octets.js';
import { encodeWrites } from '../../src/kernel/rtnetlink/route-encode.js';
import type { KernelNextHop, KernelRoute } from '../../src/kernel/types.js';
import type { Random } from './random.js';

export interface NetlinkFinding {
  readonly fault: string;
  readonly octets: Uint8Array;
}

const FILTER = { tables: [254], protocol: 12, neighbours: true };
const LENGTHS = [0, 1, 3, 4, 5, 8, 12, 16, 255, 0xffff];

export class NetlinkFuzzLoop {
  readonly #seeds: readonly Uint8Array[];
  readonly #random: Random;
  readonly findings: NetlinkFinding[] = [];
  messages = 0;
  octets = 0;
  /** Messages that decoded to something. */
  understood = 0;

  constructor(seeds: readonly Uint8Array[], random: Random) {
    this.#seeds = seeds;
    this.#random = random;
  }

  run(messages: number): void {
    for (let i = 0; i < messages; i++) {
      const octets = this.#mutant();
      this.messages++;
      this.octets += octets.length;
      const fault = this.#faultOf(octets);
      if (fault !== null && this.findings.every((known) => known.fault !== fault))
        this.findings.push({ fault, octets });
    }
  }

  #mutant(): Uint8Array {
    const random = this.#random;
    const seed = random.pick(this.#seeds);
    const bytes = new Uint8Array(seed.length + 1).subarray(1);
    bytes.set(seed);
    const view = viewOf(bytes);
    for (let left = 1 + random.below(4); left > 0; left--) {
      const at = 16 + random.below(bytes.length - 16);
      if (random.oneIn(3)) bytes[at] = random.below(256);
      else if (random.oneIn(2)) setU16(view, Math.min(at & ~3, bytes.length - 2), random.pick(LENGTHS));
      else bytes.copyWithin(at, 16 + random.below(bytes.length - 16));
    }
    if (random.oneIn(8)) setU16(view, 4, random.pick([16, 17, 20, 21, 24, 25, 28, 29, 104, 105]));
    if (random.oneIn(4)) setU32(view, 0, 16 + random.below(bytes.length));
    return bytes;
  }

  #faultOf(octets: Uint8Array): string | null {
    try {
      const view = viewOf(octets);
      for (const span of messagesIn(view)) {
        passesFilter(view, span, FILTER);
        const change = decodeChange(octets, view, span);
        if (change === null) continue;
        this.understood++;
        const fault = faultOfChange(change);
        if (fault !== null) return fault;
      }
      return null;
    } catch (error) {
      return `exception: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

export const netlinkFindingText = ({ fault, octets }: NetlinkFinding): string => `${fault}: ${toHex(octets)}`;

function faultOfChange(change: KernelChange): string | null {
  switch (change.kind) {
    case 'route':
      return faultOfRoute(change.route);
    case 'nexthop':
      return change.nexthop.id === 0 ? 'a nexthop without id' : faultOfHops(change.nexthop.members ?? []);
    case 'link':
      return change.link.ifindex <= 0 ? 'a link without index' : null;
    case 'address':
      return change.address.length > maxLength(change.address.address.family)
        ? 'a subnet that is too long'
        : null;
    case 'neighbour':
      return change.neighbour.ifindex <= 0 ? 'a neighbour without a link' : null;
    case 'forward':
      return change.forward.ifindex <= 0 ? 'a forwarding entry without a link' : null;
    default:
      return change satisfies never;
  }
}

const faultOfHops = (hops: readonly { readonly weight: number }[]): string | null =>
  hops.some(({ weight }) => weight < 1 || weight > 256) ? 'a weight that cannot be' : null;

function faultOfRoute(route: KernelRoute): string | null {
  const { family } = route.prefix.address;
  if (route.prefix.length > maxLength(family)) return 'a prefix that is too long';
  if (route.source !== undefined && route.source.family !== family) return 'a source of the other family';
  const fault = faultOfHops(route.nextHops);
  if (fault !== null || !isWritable(route)) return fault;
  return routeText(writtenAndRead(route)) === routeText(route)
    ? null
    : 'a route that does not survive being written';
}

/** What we would write: plain unicast, hops with an interface. */
const isWritable = ({ prefix, type, nextHops }: KernelRoute): boolean =>
  type === 'unicast' &&
  nextHops.length > 0 &&
  nextHops.every(
    ({ gateway, ifindex }) => ifindex > 0 && (prefix.address.family === 'ipv4' || gateway?.family !== 'ipv4'),
  );

function writtenAndRead(route: KernelRoute): KernelRoute | null {
  const [w0, w1, w2, w3] = prefixWords(route.prefix);
  const { table, protocol, metric, nextHops, source } = route;
  const write: RouteWrite = {
    kind: 'add',
    family: route.prefix.address.family,
    w0,
    w1,
    w2,
    w3,
    length: route.prefix.length,
    identity: { table, protocol, metric },
    nextHops,
    object: 0,
    source: source ?? null,
  };
  const octets = encodeWrites([write], 1, 1, new WeakMap());
  const view = viewOf(octets);
  const [span] = [...messagesIn(view)];
  const change = span === undefined ? null : decodeChange(octets, view, span);
  return change?.kind === 'route' ? change.route : null;
}

const routeText = (route: KernelRoute | null): string =>
  route === null
    ? 'none'
    : JSON.stringify([
        formatPrefix(route.prefix),
        route.table,
        route.protocol,
        route.metric,
        hopTexts(route),
      ]);

const hopTexts = ({ nextHops, source }: KernelRoute): readonly unknown[] => [
  source ?? null,
  ...nextHops.map(({ gateway, ifindex, onlink, weight }: KernelNextHop) => [
    gateway,
    ifindex,
    onlink,
    // A single hop has no weight in the message.
    nextHops.length === 1 ? 1 : weight,
  ]),
];
