// The tunnels of a world in memory: devices made and destroyed, neighbours and forwarding entries as Linux keeps them.

import { formatIp, parseIp } from '../../base/ip.js';
import type { KernelChange, TunnelWrite } from '../port.js';
import type { KernelLink, TunnelDevice } from '../types.js';
import { mustIp } from './route-spec.js';

export interface TunnelWorld {
  readonly links: ReadonlyMap<string, KernelLink>;
  readonly lacking: Set<TunnelDevice['kind']>;
  /** Neighbours and forwarding entries by interface: key and value as text. */
  readonly ends: Map<number, Map<string, string>>;
  nextIndex: number;
}

export interface LinkControls {
  readonly addDevice: (link: KernelLink) => void;
  readonly deleteLink: (name: string) => void;
  readonly renameLink: (from: string, to: string) => void;
}

/** The outcome as rtnetlink gives it: null or an errno name. */
export function programTunnel(world: TunnelWorld, write: TunnelWrite, controls: LinkControls): string | null {
  switch (write.kind) {
    case 'create':
      return createDevice(world, write.device, write.mtu, controls);
    case 'destroy': {
      const link = linkAt(world, write.ifindex);
      if (link === undefined) return 'ENODEV';
      controls.deleteLink(link.name);
      return null;
    }
    case 'rename': {
      const link = linkAt(world, write.ifindex);
      if (link === undefined) return 'ENODEV';
      if (world.links.has(write.name)) return 'EEXIST';
      controls.renameLink(link.name, write.name);
      return null;
    }
    case 'neighbour':
    case 'forward':
      return writeEnd(world, write);
    default:
      return write satisfies never;
  }
}

/** Neighbours are kept by address, forwarding entries by MAC. */
export function listEnds({ ends }: TunnelWorld, ifindex: number): readonly KernelChange[] {
  return [...(ends.get(ifindex) ?? [])].map(([key, value]): KernelChange => {
    const address = parseIp(key);
    if (address !== null)
      return { kind: 'neighbour', neighbour: { ifindex, address, state: 'valid', permanentMac: value } };
    const [end = '', , vni] = value.split(' ');
    const other = vni === undefined ? null : Number(vni);
    return { kind: 'forward', forward: { ifindex, address: mustIp(end), mac: key, vni: other } };
  });
}

const linkAt = (world: TunnelWorld, ifindex: number): KernelLink | undefined =>
  [...world.links.values()].find((link) => link.ifindex === ifindex);

function createDevice(
  world: TunnelWorld,
  device: TunnelDevice,
  mtu: number | null,
  { addDevice }: LinkControls,
): string | null {
  if (world.lacking.has(device.kind)) return 'EOPNOTSUPP';
  if (world.links.has(device.name)) return 'EEXIST';
  const ifindex = world.nextIndex++;
  const { name, kind: linkKind } = device;
  const plain = { ifindex, name, up: true, running: true, loopback: false, linkKind, mtu: mtu ?? 1500 };
  if (device.kind === 'ipip') addDevice(plain);
  else {
    const { mac, vni, port, address } = device;
    addDevice({ ...plain, mac, vxlan: { vni, port, address } });
  }
  return null;
}

function writeEnd(
  world: TunnelWorld,
  write: Extract<TunnelWrite, { kind: 'neighbour' | 'forward' }>,
): string | null {
  const link = linkAt(world, write.ifindex);
  if (link === undefined) return 'ENODEV';
  const ends = world.ends.get(write.ifindex) ?? new Map<string, string>();
  world.ends.set(write.ifindex, ends);
  const address = formatIp(write.address);
  const [key, value] =
    write.kind === 'neighbour' ? [address, write.mac] : [write.mac, address + vniText(link, write.vni)];
  if (write.present) ends.set(key, value);
  else if (!ends.delete(key)) return 'ENOENT';
  return null;
}

/** As `bridge fdb` shows it. */
const vniText = ({ vxlan }: KernelLink, vni: number | null): string =>
  vni === null || vni === vxlan?.vni ? '' : ` vni ${vni}`;
