// Whether links or addresses of the host changed: a socket that the kernel tells, looked at when somebody asks. For those
// who run no netlink thread; says neither what changed nor reads anything else.

import { closeFd, ERRNO } from '../../sys/libc.js';
import { openNetlinkSocket, receiveNetlink } from '../../sys/netlink-socket.js';
import { RTNLGRP } from '../rtnetlink/numbers.js';

const NETLINK_ROUTE = 0;
/** Octets. What does not fit is lost, which is news, too. */
const QUEUE = 64 * 1024;
const RECEIVE_SIZE = 8 * 1024;

export interface AddressNews {
  /** True when something may have changed since the last call. */
  take(): boolean;
  close(): void;
}

/** Null where the kernel does not tell: not Linux, or a sandbox without netlink. */
export function openAddressNews(): AddressNews | null {
  if (process.platform !== 'linux') return null;
  const opened = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP.link, RTNLGRP.ipv4Address, RTNLGRP.ipv6Address],
    receiveBuffer: QUEUE,
    sendBuffer: RECEIVE_SIZE,
    switches: [],
  });
  if (!opened.ok) return null;
  const { fd } = opened.value;
  const buffer = new Uint8Array(RECEIVE_SIZE);
  return {
    take() {
      if (receiveNetlink(fd, buffer) === -ERRNO.EAGAIN) return false;
      while (receiveNetlink(fd, buffer) >= 0);
      return true;
    },
    close: () => closeFd(fd),
  };
}
