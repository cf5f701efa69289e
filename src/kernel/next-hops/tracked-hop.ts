// One next hop that somebody uses, as data: how it resolves, who asks for it, what was told of it. Looks nothing up.

import { compareIp, formatIp, type IpAddress } from '../../base/ip.js';
import type { FibNextHop, KernelNextHop, NextHopState } from '../types.js';

/** One next hop that somebody uses; `hops` is null while it cannot be reached. */
export interface TrackedHop {
  readonly hop: FibNextHop;
  hops: readonly KernelNextHop[] | null;
  /** What packets to it leave by, whether it answers or not; for a tunnel, the way to its end. */
  gateways: readonly KernelNextHop[];
  cost: number;
  /** Times `trackNextHop` was called less times `untrackNextHop` was. */
  watchers: number;
  /** Intents in the FIB that use it. */
  users: number;
  /** The daemon lost whom it leads to: used only where there is nobody else. */
  suspect: boolean;
  /** What the observer was last told, null before the first time. */
  told: Told | null;
}

interface Told {
  readonly state: NextHopState;
  /** Of the interface, 0 for none: not told, and yet to be looked at when it is another. */
  readonly ifindex: number;
}

/** Equal keys: the same way, whoever asks. */
export function nextHopKey({ address, interface: zone, tunnel }: FibNextHop): string {
  const host = zone === null ? formatIp(address) : `${formatIp(address)}%${zone}`;
  if (tunnel === undefined) return host;
  const { end: other } = tunnel;
  const end = other === null ? '' : ` ${other.mac} ${formatIp(other.address)} ${other.vni}`;
  return `${host}>${tunnel.device} ${tunnel.mode}${end}`;
}

export const leavesBy = ({ gateways }: TrackedHop, ifindex: number, address: IpAddress): boolean =>
  gateways.some(
    (hop) => hop.ifindex === ifindex && hop.gateway !== null && compareIp(hop.gateway, address) === 0,
  );

export const stateOf = ({ hop, hops, cost }: TrackedHop): NextHopState => ({
  nextHop: hop.address,
  reachable: hops !== null,
  cost,
});

export const isTold = (told: Told | null, { reachable, cost }: NextHopState, ifindex: number): boolean =>
  told !== null && told.state.reachable === reachable && told.state.cost === cost && told.ifindex === ifindex;

export function sameHops(a: readonly KernelNextHop[] | null, b: readonly KernelNextHop[] | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.length !== b.length) return false;
  return a.every((hop, i) => {
    const other = b[i]!;
    if (hop.ifindex !== other.ifindex || hop.onlink !== other.onlink || hop.weight !== other.weight)
      return false;
    if (hop.gateway === null || other.gateway === null) return hop.gateway === other.gateway;
    return formatIp(hop.gateway) === formatIp(other.gateway);
  });
}
