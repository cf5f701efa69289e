// The host's addresses, asked of the kernel at once and in one go, with the names of their interfaces: also those of
// interfaces without carrier, which libc's own list leaves out. Blocks for the moment it takes; keeps nothing.

import { closeFd, libc } from '../../sys/libc.js';
import { openNetlinkSocket } from '../../sys/netlink-socket.js';
import { createDump } from '../rtnetlink/exchange.js';
import { decodeChange, listAddresses } from '../rtnetlink/messages.js';
import type { KernelAddress } from '../types.js';

export interface NamedAddress extends KernelAddress {
  readonly interface: string;
}

const NETLINK_ROUTE = 0;
const RECEIVE_SIZE = 64 * 1024;
const IFNAMSIZ = 16;

/** Null where the kernel does not answer: not Linux, or a sandbox without netlink. */
export function readAddresses(): readonly NamedAddress[] | null {
  if (process.platform !== 'linux') return null;
  const opened = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    groups: [],
    receiveBuffer: RECEIVE_SIZE,
    sendBuffer: RECEIVE_SIZE,
    switches: [],
  });
  if (!opened.ok) return null;
  try {
    return dumpAddresses(opened.value.fd);
  } finally {
    closeFd(opened.value.fd);
  }
}

function dumpAddresses(fd: number): readonly NamedAddress[] | null {
  const dump = createDump(fd, new Uint8Array(RECEIVE_SIZE));
  const names = new Map<number, string>();
  const found: NamedAddress[] = [];
  if (dump.begin(listAddresses) !== 0) return null;
  for (;;) {
    const step = dump.step((bytes, view, span) => {
      const change = decodeChange(bytes, view, span);
      if (change?.kind !== 'address') return;
      const { ifindex } = change.address;
      if (!names.has(ifindex)) names.set(ifindex, interfaceName(ifindex));
      found.push({ ...change.address, interface: names.get(ifindex)! });
    });
    if (step.kind === 'broken') return null;
    if (step.kind === 'end') return step.errno === 0 ? found : null;
  }
}

/** Empty for an interface that has just gone. */
function interfaceName(ifindex: number): string {
  const name = new Uint8Array(IFNAMSIZ);
  libc().ifIndexToName(ifindex, name);
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}
