// Tunnel writes -> RTM_NEWLINK, RTM_DELLINK, RTM_NEWNEIGH, RTM_DELNEIGH octets, in one buffer of whole messages. Never reads.

import { concatBytes, fromHex } from '../../base/bytes.js';
import { ipToBytes } from '../../base/ip.js';
import type { TunnelWrite } from '../port.js';
import type { TunnelDevice } from '../types.js';
import {
  AF,
  IFF,
  IFINFOMSG_SIZE,
  IFLA,
  IFLA_INFO,
  IFLA_VXLAN,
  NDA,
  NDMSG_SIZE,
  NLM_F,
  NLMSGHDR_SIZE,
  NTF_SELF,
  NUD,
  RTATTR_SIZE,
  RTM,
} from './numbers.js';
import { align4, setU16, setU32 } from './octets.js';

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

/** Numbered from `sequence` on; the last asks for an acknowledgement. */
export function encodeTunnelWrites(
  writes: readonly TunnelWrite[],
  sequence: number,
): Uint8Array<ArrayBuffer> {
  const messages = writes.map(messageOf);
  const size = messages.reduce((sum, { body }) => sum + NLMSGHDR_SIZE + body.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [i, { type, flags, body }] of messages.entries()) {
    const ack = i === messages.length - 1 ? NLM_F.ack : 0;
    setU32(view, at, NLMSGHDR_SIZE + body.length);
    setU16(view, at + 4, type);
    setU16(view, at + 6, NLM_F.request | flags | ack);
    setU32(view, at + 8, sequence + i);
    bytes.set(body, at + NLMSGHDR_SIZE);
    at += NLMSGHDR_SIZE + body.length;
  }
  return bytes;
}

function messageOf(write: TunnelWrite): Message {
  switch (write.kind) {
    case 'create':
      return { type: RTM.newLink, flags: NLM_F.create | NLM_F.excl, body: newLink(write.device, write.mtu) };
    case 'destroy':
      return { type: RTM.delLink, flags: 0, body: linkHeader(write.ifindex, 0) };
    case 'rename':
      return {
        type: RTM.newLink,
        flags: 0,
        body: concatBytes([linkHeader(write.ifindex, 0), attribute(IFLA.ifname, text(write.name))]),
      };
    case 'neighbour':
    case 'forward':
      return {
        type: write.present ? RTM.newNeighbour : RTM.delNeighbour,
        flags: write.present ? NLM_F.create | NLM_F.replace : 0,
        body: neighbour(write),
      };
    default:
      return write satisfies never;
  }
}

/** struct ifinfomsg; the flags are also the mask of those to change. */
function linkHeader(ifindex: number, flags: number): Uint8Array {
  const header = new Uint8Array(IFINFOMSG_SIZE);
  const view = new DataView(header.buffer);
  setU32(view, 4, ifindex);
  setU32(view, 8, flags);
  setU32(view, 12, flags);
  return header;
}

function newLink(device: TunnelDevice, mtu: number | null): Uint8Array {
  const info = [attribute(IFLA_INFO.kind, text(device.kind))];
  const rest: Uint8Array[] = [];
  if (device.kind === 'vxlan') {
    info.push(attribute(IFLA_INFO.data, concatBytes(vxlanData(device))));
    rest.push(attribute(IFLA.address, macOctets(device.mac)));
  }
  if (mtu !== null) rest.push(attribute(IFLA.mtu, u32(mtu)));
  return concatBytes([
    linkHeader(0, IFF.up),
    attribute(IFLA.ifname, text(device.name)),
    ...rest,
    attribute(IFLA.linkInfo, concatBytes(info)),
  ]);
}

/** Learning is off: BGP says who is where. The port is in network order. */
const vxlanData = ({ vni, port, address }: Extract<TunnelDevice, { kind: 'vxlan' }>): Uint8Array[] => [
  attribute(IFLA_VXLAN.id, u32(vni)),
  attribute(address.family === 'ipv4' ? IFLA_VXLAN.local : IFLA_VXLAN.local6, ipToBytes(address)),
  attribute(IFLA_VXLAN.learning, Uint8Array.of(0)),
  attribute(IFLA_VXLAN.port, Uint8Array.of(port >>> 8, port & 255)),
];

/** struct ndmsg and its attributes. A forwarding entry is a neighbour of the bridge family. */
function neighbour(write: Extract<TunnelWrite, { kind: 'neighbour' | 'forward' }>): Uint8Array {
  const header = new Uint8Array(NDMSG_SIZE);
  const view = new DataView(header.buffer);
  const forward = write.kind === 'forward';
  header[0] = forward ? AF.bridge : write.address.family === 'ipv4' ? AF.inet : AF.inet6;
  setU32(view, 4, write.ifindex);
  setU16(view, 8, forward ? NUD.permanent | NUD.noArp : NUD.permanent);
  header[10] = forward ? NTF_SELF : 0;
  return concatBytes([
    header,
    attribute(NDA.dst, ipToBytes(write.address)),
    attribute(NDA.linkLayerAddress, macOctets(write.mac)),
    ...(write.kind === 'forward' && write.vni !== null ? [attribute(NDA.vni, u32(write.vni))] : []),
  ]);
}

function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(align4(RTATTR_SIZE + value.length));
  const view = new DataView(bytes.buffer);
  setU16(view, 0, RTATTR_SIZE + value.length);
  setU16(view, 2, type);
  bytes.set(value, RTATTR_SIZE);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setU32(new DataView(bytes.buffer), 0, value);
  return bytes;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);

/** MAC addresses come from the configuration layer and from checked attributes. */
const macOctets = (mac: string): Uint8Array => fromHex(mac.replaceAll(':', '')) ?? new Uint8Array(6);
