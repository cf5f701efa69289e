// How packets to workloads on other hosts travel, pool by pool: which devices the kernel needs, what our end of the tunnel
// looks like in TUNNEL_ENCAP (RFC 9012), and the way to a next hop. Pure but for its arguments.

import { createHash } from 'node:crypto';
import { readU16, readU32, writeU16, writeU32 } from '../../base/bytes.js';
import { formatIp, type IpAddress, ipEquals, ipFromBytes, ipToBytes, ipv4 } from '../../base/ip.js';
import { type Prefix, prefixContains } from '../../base/prefix.js';
import type { Config, Encapsulation, PoolConfig } from '../../config/types.js';
import type { FibTunnel, TunnelDevice } from '../../kernel/types.js';
import { TUNNEL_SUB_TLV, TUNNEL_TYPE } from '../../wire/iana.js';
import type { PathAttributes, Tunnel } from '../../wire/types.js';
import { defaultRouterId, type HostAddresses } from './host-addresses.js';

export type OverlayConfig = Pick<Config, 'node' | 'routerId' | 'pools' | 'kernel'>;

const isVxlan = (encapsulation: Encapsulation): boolean => encapsulation.startsWith('VXLAN');
const isIpip = (encapsulation: Encapsulation): boolean => encapsulation.startsWith('IPIP');

/** What the kernel needs for the pools whose routes are ours. */
export function tunnelDevices(config: OverlayConfig, hosts: HostAddresses): readonly TunnelDevice[] {
  const ours = config.pools.filter(({ overlay }) => overlay === 'bgp');
  const address = tunnelAddress(config, hosts);
  const devices: TunnelDevice[] = [];
  if (ours.some(({ encapsulation }) => isIpip(encapsulation)))
    devices.push({ kind: 'ipip', name: config.kernel.ipipDevice });
  if (ours.some(({ encapsulation }) => isVxlan(encapsulation)) && address !== null) {
    const { device: name, vni, port, mtu } = config.kernel.vxlan;
    devices.push({ kind: 'vxlan', name, vni, port, mtu, address, mac: tunnelMac(config.node, vni) });
  }
  return devices;
}

function tunnelAddress({ kernel, routerId }: OverlayConfig, hosts: HostAddresses): IpAddress | null {
  if (kernel.vxlan.address !== null) return kernel.vxlan.address;
  const named = routerId === null ? null : ipv4(routerId);
  const isOwn = named !== null && [...hosts.values()].flat().some((own) => ipEquals(own, named));
  if (isOwn) return named;
  const first = defaultRouterId(hosts);
  return first === null ? null : ipv4(first);
}

/** Always the same for a node, so that others need not change what they know of it. Locally administered, unicast. */
function tunnelMac(node: string, vni: number): string {
  const digest = createHash('sha256').update(`${node} ${vni}`).digest();
  digest[0] = (digest[0]! & 0xfc) | 0x02;
  return Array.from(digest.subarray(0, 6), (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/** RFC 9012 3.2.1: flags, VNI, MAC address, two octets reserved. */
const ENCAPSULATION_OCTETS = 12;
const VNI_AND_MAC_VALID = 0xc0;
const MAX_VNI = 0xffffff;
/** RFC 9012 3.1: four octets reserved, the address family, the address. */
const ENDPOINT_HEAD = 6;
const ENDPOINT_FAMILY = { ipv4: 1, ipv6: 2 } as const;

/** Our end for TUNNEL_ENCAP; null when no VXLAN device is ours. */
export function ownTunnel(devices: readonly TunnelDevice[]): Tunnel | null {
  const device = devices.find((each) => each.kind === 'vxlan');
  if (device?.kind !== 'vxlan') return null;
  const value = new Uint8Array(ENCAPSULATION_OCTETS);
  writeU32(value, 0, device.vni);
  value[0] = VNI_AND_MAC_VALID;
  value.set(
    device.mac.split(':').map((octet) => Number.parseInt(octet, 16)),
    4,
  );
  const address = ipToBytes(device.address);
  const endpoint = new Uint8Array(ENDPOINT_HEAD + address.length);
  writeU16(endpoint, 4, ENDPOINT_FAMILY[device.address.family]);
  endpoint.set(address, ENDPOINT_HEAD);
  return {
    type: TUNNEL_TYPE.vxlan,
    subTlvs: [
      { type: TUNNEL_SUB_TLV.encapsulation, value },
      { type: TUNNEL_SUB_TLV.egressEndpoint, value: endpoint },
    ],
  };
}

/** The other end that a route names; null when it names none that we can use. Its VNI is its own choice. */
export function tunnelEnd(
  { tunnels }: Pick<PathAttributes, 'tunnels'>,
  nextHop: IpAddress,
): FibTunnel['end'] {
  for (const { type, subTlvs } of tunnels) {
    if (type !== TUNNEL_TYPE.vxlan) continue;
    const encapsulation = subTlvs.find((each) => each.type === TUNNEL_SUB_TLV.encapsulation)?.value;
    const endpoint = subTlvs.find((each) => each.type === TUNNEL_SUB_TLV.egressEndpoint)?.value;
    const mac = encapsulation === undefined ? null : macFor(encapsulation);
    const address = endpoint === undefined ? null : addressOf(endpoint, nextHop);
    if (mac !== null && address !== null) return { mac, address, vni: readU32(encapsulation!, 0) & MAX_VNI };
  }
  return null;
}

/** Null where VNI or MAC are not given; a group MAC is nobody's. */
function macFor(value: Uint8Array): string | null {
  if (value.length < ENCAPSULATION_OCTETS || (value[0]! & VNI_AND_MAC_VALID) !== VNI_AND_MAC_VALID)
    return null;
  if ((readU32(value, 0) & MAX_VNI) === 0 || (value[4]! & 1) !== 0) return null;
  const octets = value.subarray(4, 10);
  if (octets.every((octet) => octet === 0)) return null;
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/** Family 0 stands for the next hop of the route. */
function addressOf(value: Uint8Array, nextHop: IpAddress): IpAddress | null {
  const family = value.length < ENDPOINT_HEAD ? -1 : readU16(value, 4);
  const size = value.length - ENDPOINT_HEAD;
  if (family === 0 && size === 0) return nextHop;
  if (family === ENDPOINT_FAMILY.ipv4 && size === 4) return ipFromBytes(value, ENDPOINT_HEAD, 4);
  return family === ENDPOINT_FAMILY.ipv6 && size === 16 ? ipFromBytes(value, ENDPOINT_HEAD, 16) : null;
}

/** The pool that a prefix is in: of nested ones the longest. */
export function poolOf(pools: readonly PoolConfig[], prefix: Prefix): PoolConfig | null {
  let found: PoolConfig | null = null;
  for (const pool of pools)
    if (prefixContains(pool.cidr, prefix) && (found === null || pool.cidr.length > found.cidr.length))
      found = pool;
  return found;
}

/** How to reach a next hop for routes of a pool. */
export type PoolPath =
  | { readonly kind: 'plain' }
  | { readonly kind: 'agent' }
  | { readonly kind: 'tunnel'; readonly tunnel: FibTunnel };

const PLAIN: PoolPath = { kind: 'plain' };
const AGENT: PoolPath = { kind: 'agent' };

/** A VXLAN route whose sender says nothing of a tunnel goes as it is, if it can. */
export function pathThrough(
  pool: PoolConfig | null,
  kernel: Config['kernel'],
  attributes: () => PathAttributes,
  nextHop: IpAddress,
): PoolPath {
  if (pool === null) return PLAIN;
  if (pool.overlay === 'agent') return AGENT;
  const { encapsulation } = pool;
  const mode = encapsulation.endsWith('CrossSubnet') ? 'crossSubnet' : 'always';
  if (isIpip(encapsulation) && nextHop.family === 'ipv4')
    return { kind: 'tunnel', tunnel: { device: kernel.ipipDevice, mode, end: null } };
  if (!isVxlan(encapsulation)) return PLAIN;
  const end = tunnelEnd(attributes(), nextHop);
  return end === null ? PLAIN : { kind: 'tunnel', tunnel: { device: kernel.vxlan.device, mode, end } };
}

/** One text for equal tunnels. */
export const tunnelKey = ({ device, mode, end }: FibTunnel): string =>
  `${device} ${mode} ${end === null ? '' : `${end.mac} ${formatIp(end.address)} ${end.vni}`}`;
