// Takes the time of routes that a daemon puts into the kernel of its namespace, a process of its own: it does nothing but
// wait for the kernel's notifications, and blocks while it does.

import { decodeChange, messagesIn } from '../../../src/kernel/rtnetlink/messages.js';
import { RTNLGRP } from '../../../src/kernel/rtnetlink/numbers.js';
import { viewOf } from '../../../src/kernel/rtnetlink/octets.js';
import { createPoller, openNetlinkSocket, receiveNetlink } from '../../../src/sys/netlink-socket.js';
import { monotonicMs } from '../clock.js';
import { ROUTE_PROTOCOL } from '../plan.js';
import { serve } from '../remote.js';
import type { RouteChange } from '../workload-route.js';

export interface RouteWait {
  readonly change: RouteChange;
  readonly count: number;
  readonly timeoutMs: number;
}

/** One host route that came or went. */
export interface RouteArrival {
  readonly address: number;
  readonly at: number;
}

const opened = openNetlinkSocket({
  protocol: 0,
  groups: [RTNLGRP.ipv4Route],
  receiveBuffer: 32 * 1024 * 1024,
  sendBuffer: 65_536,
  switches: [],
});
if (!opened.ok) throw new Error(`netlink: ${opened.errno}`);
const { fd } = opened.value;
const poller = createPoller([fd]);
const buffer = new Uint8Array(128 * 1024);

/** All that is there now; one moment for all that one read brings. */
const read = (change: RouteChange, into: RouteArrival[]): void => {
  for (;;) {
    const length = receiveNetlink(fd, buffer);
    if (length <= 0) return;
    const at = monotonicMs();
    const bytes = buffer.subarray(0, length);
    const view = viewOf(bytes);
    for (const span of messagesIn(view)) {
      const told = decodeChange(bytes, view, span);
      if (told?.kind !== 'route' || told.present !== (change === 'add')) continue;
      const { protocol, prefix } = told.route;
      if (protocol === ROUTE_PROTOCOL && prefix.length === 32 && prefix.address.family === 'ipv4')
        into.push({ address: prefix.address.word, at });
    }
  }
};

const calls = {
  /** Forgets what was told so far. */
  drain: (_: null): null => {
    read('add', []);
    return null;
  },
  collect: ({ change, count, timeoutMs }: RouteWait): readonly RouteArrival[] => {
    const arrivals: RouteArrival[] = [];
    const deadline = monotonicMs() + timeoutMs;
    while (arrivals.length < count) {
      if (monotonicMs() > deadline) throw new Error(`${arrivals.length} of ${count} routes: ${change}`);
      poller.wait(100);
      read(change, arrivals);
    }
    return arrivals;
  },
};

export type WitnessCalls = typeof calls;

serve(calls);
