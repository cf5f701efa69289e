// What `config diff` answers with everything in it, for tests of the API and of `bgpctl`. Data only.

import type { ConfigPreview, PrefixPreview } from '../../src/api/model/types.js';

const nothing = (before: number): PrefixPreview => ({
  before,
  announced: 0,
  withdrawn: 0,
  changed: 0,
  prefixes: { announced: [], withdrawn: [], changed: [] },
});

export const FAKE_PREVIEW: ConfigPreview = {
  objects: {
    added: ['peers tor-c'],
    changed: ['policies external', 'peers rr-1'],
    removed: ['pools 10.66.0.0/16'],
  },
  calico: { added: [], changed: ['BGPFilter north'], removed: ['BGPPeer old'] },
  changes: ['policy external changed', 'pools changed'],
  needsRestart: ['listen'],
  warnings: ['/etc/bgpd/calico/pool.yaml:4:3: IPPool blue spec.cidr: is no prefix'],
  notes: ['the host guard may keep routes out of the kernel'],
  peers: [
    {
      name: 'tor-a',
      address: '172.18.203.1',
      session: 'stays',
      why: [],
      families: {
        'ipv4-unicast': {
          before: 52_300,
          announced: 1,
          withdrawn: 40_002,
          changed: 1,
          prefixes: {
            announced: ['102.25.78.0/24'],
            withdrawn: ['10.66.0.0/26', '10.66.0.64/26'],
            changed: ['10.65.8.0/26'],
          },
        },
        'ipv6-unicast': nothing(3),
      },
    },
    {
      name: 'rr-1',
      address: '172.18.203.2',
      session: 'resets',
      why: ['timers changes'],
      families: { 'ipv4-unicast': nothing(12), 'ipv6-unicast': nothing(0) },
    },
    {
      name: 'tor-b',
      address: '172.18.203.3',
      session: 'fails',
      why: ['asn changes', 'OPEN error: bad peer AS (the sender expects another AS number from its peer)'],
      families: { 'ipv4-unicast': nothing(0), 'ipv6-unicast': nothing(0) },
    },
  ],
  untouchedPeers: 998,
  peersWithoutSession: { count: 12, names: ['node-7', 'node-8'] },
  kernel: {
    installed: 1,
    removed: 2,
    changed: 0,
    prefixes: { installed: ['192.0.2.0/24'], removed: ['198.51.100.0/24', '198.51.100.1/32'], changed: [] },
  },
  guard: {
    maxWithdraw: 50,
    minWithdraw: 10,
    reasons: ['40002 of 52300 prefixes announced (76 %) to tor-a'],
  },
  elapsed: 412,
  longestSlice: 4.1,
};
