// What the router finder asks of the host: messages to and from the links. The real one is a raw ICMPv6 socket.

import type { IpAddress } from '../../base/ip.js';
import {
  interfaceIndex,
  joinGroup,
  openIcmpv6Socket,
  receiveIcmpv6,
  sendIcmpv6,
} from '../../sys/icmpv6-socket.js';
import { closeFd } from '../../sys/libc.js';
import { ADVERTISEMENT, ALL_ROUTERS, kindOfMessage, SOLICITATION } from './router-messages.js';

export interface LinkMessage {
  readonly kind: 'solicitation' | 'advertisement';
  readonly interface: string;
  readonly from: IpAddress;
}

export interface LinkSocket {
  /** False: the interface is not there, is down or has no link-local address yet. */
  send(name: string, to: IpAddress, bytes: Uint8Array): boolean;
  /** The next message from an interface that was sent to; null when none waits. */
  receive(): LinkMessage | null;
  close(): void;
}

export type OpenLinkSocket = () =>
  | { readonly ok: true; readonly socket: LinkSocket }
  | { readonly ok: false; readonly errno: string };

export const openLinkSocket: OpenLinkSocket = () => {
  const opened = openIcmpv6Socket([SOLICITATION, ADVERTISEMENT]);
  return opened.ok ? { ok: true, socket: new RawLinkSocket(opened.value) } : opened;
};

/** Octets of a message that matter here. */
const ROOM = 64;

class RawLinkSocket implements LinkSocket {
  readonly #fd: number;
  readonly #names = new Map<number, string>();
  readonly #buffer = new Uint8Array(ROOM);

  constructor(fd: number) {
    this.#fd = fd;
  }

  send(name: string, to: IpAddress, bytes: Uint8Array): boolean {
    // An interface that was made anew has another index.
    const ifindex = interfaceIndex(name);
    if (ifindex === 0) return false;
    if (this.#names.get(ifindex) !== name) {
      joinGroup(this.#fd, ALL_ROUTERS, ifindex);
      this.#names.set(ifindex, name);
    }
    return sendIcmpv6(this.#fd, to, ifindex, bytes) > 0;
  }

  receive(): LinkMessage | null {
    for (;;) {
      const received = receiveIcmpv6(this.#fd, this.#buffer);
      if (received === null) return null;
      const kind = kindOfMessage(this.#buffer, received.length);
      const name = this.#names.get(received.ifindex);
      if (kind !== null && name !== undefined) return { kind, interface: name, from: received.from };
    }
  }

  close(): void {
    closeFd(this.#fd);
  }
}
