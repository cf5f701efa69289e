// The other ends of one VXLAN device: which neighbours and forwarding entries it should have, and which it was given.
// Hands out the difference as writes; performs nothing.

import { formatIp } from '../../base/ip.js';
import type { TrackedHop } from '../next-hops/tracked-hop.js';
import type { TunnelWrite } from '../port.js';
import { tunnelGateway } from './tunnel-gateway.js';

export type TunnelEntry = Extract<TunnelWrite, { kind: 'neighbour' | 'forward' }>;

/** One entry a key: what is written again under a key replaces what was there. */
const keyOf = (entry: TunnelEntry): string =>
  entry.kind === 'neighbour' ? `n ${formatIp(entry.address)}` : `f ${entry.mac}`;

const NO_MAC = '00:00:00:00:00:00';

const contentOf = (entry: TunnelEntry): string =>
  entry.kind === 'neighbour' ? entry.mac : `${formatIp(entry.address)} ${entry.vni}`;

export class TunnelEnds {
  readonly #held = new Map<string, TunnelEntry>();
  /** What the device was found to have and nobody wanted then. */
  #strays: TunnelEntry[] = [];
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

  /** The device has this entry; frames to all or to many are nobody's whom we know. */
  found(entry: TunnelEntry): void {
    const known = this.#held.get(keyOf(entry));
    const unicast = (Number.parseInt(entry.mac, 16) & 1) === 0 && entry.mac !== NO_MAC;
    if (unicast && known === undefined) this.#strays.push({ ...entry, present: false });
  }

  /** A write of these failed: it is due again. */
  failed(entry: TunnelEntry): void {
    this.#held.delete(keyOf(entry));
  }

  /** What is to be written so that the hops' ends are there, and with `exactly` no others. */
  differences(ifindex: number, hops: Iterable<TrackedHop>, exactly: boolean): readonly TunnelWrite[] {
    if (ifindex !== this.#ifindex) this.#held.clear();
    this.#ifindex = ifindex;
    const wanted = wantedEntries(ifindex, hops);
    this.#size = [...wanted.values()].filter(({ kind }) => kind === 'forward').length;
    const writes: TunnelWrite[] = [];
    for (const [key, entry] of wanted) {
      const held = this.#held.get(key);
      if (held === undefined || contentOf(held) !== contentOf(entry)) writes.push(entry);
    }
    if (exactly) writes.push(...this.#removals(wanted));
    for (const [key, entry] of wanted) this.#held.set(key, entry);
    return writes;
  }

  /** Of what was given and found and is not wanted; forgets it. */
  #removals(wanted: ReadonlyMap<string, TunnelEntry>): readonly TunnelWrite[] {
    const found = this.#strays.splice(0).filter((stray) => stray.ifindex === this.#ifindex);
    const removals = found.filter((stray) => !wanted.has(keyOf(stray)));
    for (const [key, entry] of this.#held) {
      if (wanted.has(key)) continue;
      this.#held.delete(key);
      removals.push({ ...entry, present: false });
    }
    return removals;
  }
}

function wantedEntries(ifindex: number, hops: Iterable<TrackedHop>): Map<string, TunnelEntry> {
  const wanted = new Map<string, TunnelEntry>();
  for (const { hop, hops: resolved } of hops) {
    const end = hop.tunnel?.end ?? null;
    if (end === null || resolved?.[0]?.ifindex !== ifindex) continue;
    const add = (entry: TunnelEntry): void => void wanted.set(keyOf(entry), entry);
    const common = { present: true, ifindex, mac: end.mac } as const;
    add({ kind: 'forward', ...common, address: end.address, vni: end.vni });
    add({ kind: 'neighbour', ...common, address: tunnelGateway(hop) });
  }
  return wanted;
}
