// The other ends of one VXLAN device: which neighbours and forwarding entries it should have, and which it was given.
// Hands out the difference as writes; performs nothing.

import { formatIp, type IpAddress } from '../../base/ip.js';
import type { TrackedHop } from '../next-hops/next-hops.js';
import type { TunnelWrite } from '../port.js';
import { tunnelGateway } from './tunnel-gateway.js';

type Entry = Extract<TunnelWrite, { kind: 'neighbour' | 'forward' }>;

/** One entry a key: what is written again under a key replaces what was there. */
const keyOf = (entry: Entry): string =>
  entry.kind === 'neighbour' ? `n ${formatIp(entry.address)}` : `f ${entry.mac}`;

const contentOf = (entry: Entry): string =>
  entry.kind === 'neighbour' ? entry.mac : formatIp(entry.address);

export class TunnelEnds {
  readonly #held = new Map<string, Entry>();
  #ifindex = 0;
  #size = 0;

  /** Other ends that are reached through the device. */
  get size(): number {
    return this.#size;
  }

  /** The device lost all it was given, or nobody knows. */
  forget(): void {
    this.#held.clear();
  }

  /** A write of these failed: it is due again. */
  failed(entry: Entry): void {
    this.#held.delete(keyOf(entry));
  }

  /** What is to be written so that exactly the hops' ends are there. */
  differences(ifindex: number, hops: Iterable<TrackedHop>): readonly TunnelWrite[] {
    if (ifindex !== this.#ifindex) this.#held.clear();
    this.#ifindex = ifindex;
    const wanted = wantedEntries(ifindex, hops);
    this.#size = [...wanted.values()].filter(({ kind }) => kind === 'forward').length;
    const writes: TunnelWrite[] = [];
    for (const [key, entry] of wanted) {
      const held = this.#held.get(key);
      if (held === undefined || contentOf(held) !== contentOf(entry)) writes.push(entry);
    }
    for (const [key, entry] of this.#held) if (!wanted.has(key)) writes.push({ ...entry, present: false });
    this.#held.clear();
    for (const [key, entry] of wanted) this.#held.set(key, entry);
    return writes;
  }
}

function wantedEntries(ifindex: number, hops: Iterable<TrackedHop>): Map<string, Entry> {
  const wanted = new Map<string, Entry>();
  for (const { hop, hops: resolved } of hops) {
    const end = hop.tunnel?.end ?? null;
    if (end === null || resolved?.[0]?.ifindex !== ifindex) continue;
    const add = (kind: Entry['kind'], address: IpAddress): void => {
      const entry: Entry = { kind, present: true, ifindex, address, mac: end.mac };
      wanted.set(keyOf(entry), entry);
    };
    add('forward', end.address);
    add('neighbour', tunnelGateway(hop));
  }
  return wanted;
}
