// The netlink messages with which a node agent tells the kernel of a workload: host route, link scope, protocol boot.

import { AF, NLM_F, RT_SCOPE, RT_TABLE, RTA, RTM, RTN, RTPROT } from '../../src/kernel/rtnetlink/numbers.js';
import { setU16, setU32 } from '../../src/kernel/rtnetlink/octets.js';

const SIZE = 44;

export type RouteChange = 'add' | 'remove';

/** RTM_NEWROUTE or RTM_DELROUTE with an acknowledgement asked for. */
export const encodeWorkloadRoute = (change: RouteChange, address: number, ifindex: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(SIZE));
  const adds = change === 'add';
  setU32(view, 0, SIZE);
  setU16(view, 4, adds ? RTM.newRoute : RTM.delRoute);
  setU16(view, 6, NLM_F.request | NLM_F.ack | (adds ? NLM_F.create | NLM_F.excl : 0));
  const rtmsg = [AF.inet, 32, 0, 0, RT_TABLE.main, RTPROT.boot, RT_SCOPE.link, RTN.unicast];
  for (const [i, octet] of rtmsg.entries()) view.setUint8(16 + i, octet);
  setU16(view, 28, 8);
  setU16(view, 30, RTA.dst);
  view.setUint32(32, address);
  setU16(view, 36, 8);
  setU16(view, 38, RTA.oif);
  setU32(view, 40, ifindex);
  return new Uint8Array(view.buffer);
};
