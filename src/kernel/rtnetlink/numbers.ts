// The numbers of linux/netlink.h and linux/rtnetlink.h that we use. No logic.

export const NLM = {
  error: 2,
  done: 3,
  overrun: 4,
} as const;

export const NLM_F = {
  request: 0x1,
  ack: 0x4,
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
  append: 0x800,
} as const;

export const RTM = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  delNeighbour: 29,
  getNeighbour: 30,
  newNexthop: 104,
  delNexthop: 105,
  getNexthop: 106,
} as const;

/** Multicast groups, by number as NETLINK_ADD_MEMBERSHIP wants them. */
export const RTNLGRP = {
  link: 1,
  neighbour: 3,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv6Address: 9,
  ipv6Route: 11,
} as const;

/** A group that older kernels do not have. */
export const RTNLGRP_NEXTHOP = 32;

export const AF = { unspec: 0, inet: 2, bridge: 7, inet6: 10 } as const;

export const RTA = {
  dst: 1,
  src: 2,
  oif: 4,
  gateway: 5,
  priority: 6,
  prefsrc: 7,
  multipath: 9,
  table: 15,
  via: 18,
  encapType: 21,
  nhId: 30,
} as const;

/** Attributes of nexthop objects (linux/nexthop.h). */
export const NHA = {
  id: 1,
  group: 2,
  groupType: 3,
  blackhole: 4,
  oif: 5,
  gateway: 6,
  encapType: 7,
  fdb: 11,
  resilient: 12,
} as const;
/** Inside NHA_RES_GROUP. */
export const NHA_RES = { buckets: 1, idleTimer: 2, unbalancedTimer: 3 } as const;
export const NEXTHOP_GRP_TYPE_RES = 1;
export const NLA_F_NESTED = 0x8000;

export const IFLA = { address: 1, ifname: 3, mtu: 4, linkInfo: 18, extMask: 29 } as const;
/** RTEXT_FILTER_SKIP_STATS. */
export const WITHOUT_STATISTICS = 1 << 3;
export const IFLA_INFO = { kind: 1, data: 2 } as const;
export const IFLA_VXLAN = { id: 1, local: 4, learning: 7, port: 15, local6: 17 } as const;
export const NDA = { dst: 1, linkLayerAddress: 2, vni: 7, ifindex: 8 } as const;
export const NUD = {
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noArp: 0x40,
  permanent: 0x80,
} as const;
/** The entry is the device's own, not that of a bridge above it. */
export const NTF_SELF = 2;
export const IFA = { address: 1, local: 2 } as const;
export const IFF = { up: 0x1, loopback: 0x8, lowerUp: 0x10000 } as const;

export const RT_SCOPE = { universe: 0, link: 253, host: 254, nowhere: 255 } as const;
export const RT_TABLE = { main: 254, local: 255 } as const;
export const RTPROT = { unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4 } as const;
export const RTNH_F_ONLINK = 4;
export const RTM_F_CLONED = 0x200;

/** rtm_type by number. */
export const RTN = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;

export const NLMSGHDR_SIZE = 16;
export const RTMSG_SIZE = 12;
export const IFINFOMSG_SIZE = 16;
export const IFADDRMSG_SIZE = 8;
export const RTNEXTHOP_SIZE = 8;
export const NHMSG_SIZE = 8;
export const NEXTHOP_GRP_SIZE = 8;
export const RTATTR_SIZE = 4;
export const NDMSG_SIZE = 12;
