// Make before break: whatever changes about a route while there is a way left, the kernel is told of the new route before the
// old one goes. Watched from outside, by what `ip monitor route` says of every prefix.

import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { interop } from '../support/interop.js';
import type { LoggedProcess } from '../support/logged-process.js';
import { type NetNode, Network, type RouteView } from '../support/netns.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import { waitFor } from '../support/wait.js';

const ASN = 64512;
const HOST = { v4: '10.9.0.1', v6: '2001:db8:9::1' } as const;
/** The next hops that we take them for are not on the link: routes of the host lead there. */
const PEERS = {
  b: { v4: '10.9.0.2', v6: '2001:db8:9::2', far: ['10.99.0.2', '2001:db8:99::2'] },
  c: { v4: '10.9.0.3', v6: '2001:db8:9::3', far: ['10.99.1.3', '2001:db8:99:1::3'] },
} as const;
const PREFIXES = ['10.66.0.0/24', '2001:db8:66::/64'] as const;
/** Both peers answer for it. */
const TARGETS = ['10.66.0.1', '2001:db8:66::1'] as const;

type Keys = Readonly<Record<string, unknown>>;

interface Scene {
  readonly network: Network;
  readonly host: NetNode;
  readonly ours: BgpdRouter;
  readonly monitor: LoggedProcess;
  readonly peers: Readonly<Record<'b' | 'c', BgpdRouter>>;
  /** Reads the configuration again with these keys; the host's unless told otherwise. */
  reload(keys: Keys, router?: BgpdRouter): Promise<void>;
}

const importOf = (peer: 'b' | 'c', localPref: number, bandwidth: number | null = null) =>
  ([4, 6] as const).map((family, i) => ({
    match: { family: `ipv${family}` },
    set: {
      localPref,
      nextHop: PEERS[peer].far[i],
      ...(bandwidth === null ? {} : { extendedCommunities: { add: [`bandwidth:${ASN}:${bandwidth}`] } }),
    },
    action: 'accept',
  }));

const POLICIES = { 'from-b': importOf('b', 200), 'from-c': importOf('c', 100) };

async function build(network: Network): Promise<Scene> {
  const fabric = await network.addSwitch('fabric');
  const host = await network.addNode('host', { forwarding: true });
  await network.plug(
    { node: host, interface: 'eth0', addresses: [`${HOST.v4}/24`, `${HOST.v6}/64`] },
    fabric,
  );
  await host.ip(
    ...ways('add'),
    ...ways('add', 'c'),
    'addr add 10.9.1.1/32 dev lo',
    'addr add 2001:db8:9:1::1/128 dev lo nodad',
  );
  const peers = {} as Record<'b' | 'c', BgpdRouter>;
  for (const name of ['b', 'c'] as const) {
    const { v4, v6 } = PEERS[name];
    const node = await network.addNode(name, { forwarding: true });
    await network.plug({ node, interface: 'eth0', addresses: [`${v4}/24`, `${v6}/64`] }, fabric);
    await node.ip(
      ...PEERS[name].far.map((own) => `addr add ${own} dev eth0${own.includes(':') ? ' nodad' : ''}`),
      `addr add ${TARGETS[0]}/32 dev lo`,
      `addr add ${TARGETS[1]}/128 dev lo nodad`,
      // Wherever the host sends from.
      ...['10.9.1.1', '10.99.0.1'].map((own) => `route add ${own} via ${HOST.v4}`),
      ...['2001:db8:9:1::1', '2001:db8:99::1'].map((own) => `route add ${own} via ${HOST.v6}`),
    );
    peers[name] = new BgpdRouter(node, {
      asn: ASN,
      routerId: v4,
      install: true,
      announce: PREFIXES.map((prefix) => ({ prefix })),
      neighbors: [{ address: HOST.v4, asn: ASN, families: ['ipv4-unicast', 'ipv6-unicast'] }],
    });
  }
  const ours = new BgpdRouter(host, {
    asn: ASN,
    routerId: HOST.v4,
    install: true,
    neighbors: (['b', 'c'] as const).map((name) => ({
      address: PEERS[name].v4,
      asn: ASN,
      families: ['ipv4-unicast', 'ipv6-unicast'],
      words: { bgpd: { import: [`from-${name}`] } },
    })),
    words: { bgpd: { policies: POLICIES, reload: { maxWithdraw: 'off' } } },
  });
  const monitor = await host.start('monitor', 'ip', ['-o', 'monitor', 'route']);
  const reload = async (keys: Keys, router = ours): Promise<void> => {
    const before = parse(readFileSync(router.configFile, 'utf8')) as Keys;
    writeFileSync(router.configFile, stringify({ ...before, ...keys }));
    await askBgpd(router.socket, '/v1/reload', 'POST');
  };
  await Promise.all([ours.start(), peers.b.start(), peers.c.start()]);
  return { network, host, ours, monitor, peers, reload };
}

/** The host's own routes to the next hops of a peer. */
const ways = (verb: 'add' | 'del', peer: 'b' | 'c' = 'b'): readonly string[] => [
  `route ${verb} ${PEERS[peer].far[0]} via ${PEERS[peer].v4} dev eth0`,
  `route ${verb} ${PEERS[peer].far[1]} via ${PEERS[peer].v6} dev eth0`,
];

/** What the kernel has one route of a prefix for. */
const keyOf = (line: string): string =>
  [...line.matchAll(/ (table|metric) (\S+)/g)]
    .map(([words]) => words)
    .sort()
    .join();

/** Lines that took the last route of a prefix. */
function gaps(log: string): readonly string[] {
  const held = new Map<string, Set<string>>(PREFIXES.map((prefix) => [prefix, new Set()]));
  return log.split('\n').filter((line) => {
    const gone = line.startsWith('Deleted ');
    const words = gone ? line.slice('Deleted '.length) : line;
    const keys = held.get(PREFIXES.find((prefix) => words.startsWith(`${prefix} `)) ?? '');
    if (!gone) keys?.add(keyOf(words));
    return gone && keys?.delete(keyOf(words)) === true && keys.size === 0;
  });
}

interface Step {
  readonly what: string;
  readonly happens: (scene: Scene) => Promise<void>;
  /** Of the route of each family. */
  readonly shows: (route: RouteView, family: 0 | 1) => boolean;
}

/** A group of one is shown as a list, in IPv6. */
const over = (peer: 'b' | 'c') => (route: RouteView, family: 0 | 1) => {
  const gateways = route.nexthops?.map(({ gateway }) => gateway) ?? [route.gateway];
  return gateways.length === 1 && gateways[0] === [PEERS[peer].v4, PEERS[peer].v6][family];
};

const KERNEL = { backend: 'netlink', import: [] };

const STEPS: readonly Step[] = [
  {
    what: 'the next hop is lost, another path is there',
    happens: ({ host }) => host.ip(...ways('del')),
    shows: over('c'),
  },
  { what: 'the next hop is back', happens: ({ host }) => host.ip(...ways('add')), shows: over('b') },
  {
    what: 'the next hop is direct now',
    happens: ({ host }) =>
      host.ip('addr add 10.99.0.1/24 dev eth0', 'addr add 2001:db8:99::1/64 dev eth0 nodad', ...ways('del')),
    shows: (route, family) => route.gateway === PEERS.b.far[family],
  },
  {
    what: 'the next hop is recursive again',
    happens: ({ host }) =>
      host.ip(...ways('add'), 'addr del 10.99.0.1/24 dev eth0', 'addr del 2001:db8:99::1/64 dev eth0'),
    shows: over('b'),
  },
  {
    what: 'another metric',
    happens: ({ reload }) => reload({ kernel: { ...KERNEL, metric: 700 } }),
    shows: ({ metric }) => metric === 700,
  },
  {
    what: 'a source address',
    happens: ({ reload }) =>
      reload({ kernel: { ...KERNEL, metric: 700, prefsrc: ['10.9.1.1', '2001:db8:9:1::1'] } }),
    shows: (route) => 'prefsrc' in route,
  },
  {
    what: 'another protocol',
    happens: ({ reload }) => reload({ kernel: { ...KERNEL, protocol: 77 } }),
    shows: ({ protocol, metric }) => protocol === '77' && metric === 1024,
  },
  {
    what: 'the usual protocol',
    happens: ({ reload }) => reload({ kernel: KERNEL }),
    shows: ({ protocol }) => protocol === 'bird',
  },
  {
    what: 'equal paths share',
    happens: ({ reload }) => reload({ policies: { ...POLICIES, 'from-c': importOf('c', 200) } }),
    shows: ({ nexthops }) => nexthops?.length === 2,
  },
  {
    what: 'shares by link bandwidth',
    happens: ({ reload }) =>
      reload({ policies: { 'from-b': importOf('b', 200, 3e6), 'from-c': importOf('c', 200, 1e6) } }),
    shows: ({ nexthops }) => nexthops?.map(({ weight }) => weight).join() === '3,1',
  },
  {
    what: 'equal shares again',
    happens: ({ reload }) => reload({ policies: { ...POLICIES, 'from-c': importOf('c', 200) } }),
    shows: ({ nexthops }) => nexthops?.map(({ weight }) => weight).join() === '1,1',
  },
  {
    what: 'no nexthop groups',
    happens: ({ reload }) => reload({ kernel: { ...KERNEL, nextHopGroups: 'off' } }),
    shows: (route) => !('nhid' in route) && route.nexthops?.length === 2,
  },
  {
    what: 'one of them is lost, without groups',
    happens: ({ host }) => host.ip(...ways('del')),
    shows: over('c'),
  },
  {
    what: 'and back',
    happens: ({ host }) => host.ip(...ways('add')),
    shows: ({ nexthops }) => nexthops?.length === 2,
  },
  {
    what: 'nexthop groups',
    happens: ({ reload }) => reload({ kernel: KERNEL }),
    shows: (route) => 'nhid' in route && route.nexthops?.length === 2,
  },
  {
    what: 'one of them is lost, with groups',
    happens: ({ host }) => host.ip(...ways('del')),
    shows: over('c'),
  },
  {
    what: 'and back with groups',
    happens: ({ host }) => host.ip(...ways('add')),
    shows: ({ nexthops }) => nexthops?.length === 2,
  },
  {
    what: 'only the best path',
    happens: ({ reload }) => reload({ policies: POLICIES }),
    shows: over('b'),
  },
  {
    what: 'the interface has another name',
    happens: ({ host }) => host.ip('link set dev eth0 name fabric0'),
    shows: (route, family) => over('b')(route, family) && route.dev === 'fabric0',
  },
  {
    what: 'the peers become members of a group',
    happens: ({ reload }) =>
      reload({
        peerGroups: { fabric: { asn: ASN, families: ['ipv4-unicast', 'ipv6-unicast'] } },
        peers: (['b', 'c'] as const).map((name) => ({
          address: PEERS[name].v4,
          group: 'fabric',
          import: [`from-${name}`],
        })),
      }),
    shows: over('b'),
  },
  {
    what: 'the best peer is switched off',
    happens: ({ peers }) => peers.b.stop(),
    shows: over('c'),
  },
];

const pools = (encapsulation: string): Keys => ({
  pools: PREFIXES.map((cidr) => ({ cidr, encapsulation, overlay: 'bgp' })),
});

const by = (device: string) => (route: RouteView) => route.dev === device;

/** Reads the configuration again with another VNI, and waits for the device. */
async function changeVni({ reload }: Scene, router: BgpdRouter, vni: number): Promise<void> {
  const { kernel } = parse(readFileSync(router.configFile, 'utf8')) as { readonly kernel?: Keys };
  await reload({ kernel: { ...kernel, vxlan: { vni } } }, router);
  await waitFor('the device', async () => {
    const shown = await router.node.run('ip', ['-d', 'link', 'show', 'vxlan.bgp']);
    return shown.stdout.includes(`vxlan id ${vni} `);
  });
}

/** The other end is there before the host's pool says that it is used. */
const TUNNEL_STEPS: readonly Step[] = [
  {
    what: 'a VXLAN pool',
    happens: async ({ reload, peers }) => {
      await reload(pools('VXLAN'), peers.b);
      await waitFor(
        'the device',
        async () => (await peers.b.node.run('ip', ['link', 'show', 'vxlan.bgp'])).status === 0,
      );
      await reload(pools('VXLAN'));
    },
    shows: by('vxlan.bgp'),
  },
  {
    what: 'another VNI than the other end has',
    happens: (scene) => changeVni(scene, scene.ours, 5001),
    shows: by('vxlan.bgp'),
  },
  {
    what: 'the other end follows',
    happens: async (scene) => {
      await changeVni(scene, scene.peers.b, 5001);
      await waitFor('its new end', async () => {
        const { stdout } = await scene.host.run('bridge', ['fdb', 'show', 'dev', 'vxlan.bgp']);
        return stdout.includes(' dst ') && !stdout.includes(' vni ');
      });
    },
    shows: by('vxlan.bgp'),
  },
  { what: 'without encapsulation again', happens: ({ reload }) => reload(pools('None')), shows: over('b') },
  { what: 'and VXLAN again', happens: ({ reload }) => reload(pools('VXLAN')), shows: by('vxlan.bgp') },
  {
    what: 'across subnets only',
    happens: ({ reload }) => reload(pools('VXLANCrossSubnet')),
    shows: by('vxlan.bgp'),
  },
  {
    what: 'the peer with the tunnel is switched off',
    happens: ({ peers }) => peers.b.stop(),
    shows: over('c'),
  },
];

const play = async (steps: readonly Step[], scene: Scene, check: (what: string) => void): Promise<void> => {
  const { host, ours, monitor } = scene;
  const evidence = async () => `${monitor.log()}\n${await host.kernelState()}\n${await ours.evidence()}`;
  for (const { what, happens, shows } of steps) {
    await happens(scene);
    const reached = async (): Promise<boolean> => {
      const both = await Promise.all(
        ([4, 6] as const).map((family, i) => host.routes(family, PREFIXES[i] ?? '')),
      );
      return both.every((routes, i) => routes.length === 1 && shows(routes[0]!, i as 0 | 1));
    };
    await waitFor(what, reached, { evidence, interval: 20 });
    check(what);
  }
};

const START: Step = { what: 'the first routes', happens: async () => undefined, shows: over('b') };

/** The kernel tells nobody of IPv4 routes that go with a device: packets do. */
const lost = async (host: NetNode, scene: () => Promise<void>): Promise<readonly number[]> => {
  const over = new AbortController();
  const pings = TARGETS.map((target) => pingUntil(host, target, over.signal));
  try {
    await scene();
  } finally {
    over.abort();
  }
  return Promise.all(pings);
};

/** How many of a stream of pings got no answer. */
async function pingUntil(host: NetNode, target: string, over: AbortSignal): Promise<number> {
  let missing = 0;
  while (!over.aborted) {
    const { sent, received } = await host.ping(target, { count: 50, interval: 5, wait: 1 });
    missing += sent - received;
  }
  return missing;
}

for (const [title, steps] of [
  ['a route is replaced, never deleted and added, while there is a way left', STEPS],
  ['a route moves into a tunnel and out of it without a gap', TUNNEL_STEPS],
] as const)
  interop(title, [], async (t) => {
    t.timeout(120_000);
    const network = Network.open('replace');
    try {
      const scene = await build(network);
      const check = (what: string) => t.deepEqual(gaps(scene.monitor.log()), [], what);
      await play([START], scene, check);
      t.deepEqual(await lost(scene.host, () => play(steps, scene, check)), [0, 0]);
    } finally {
      network.close();
    }
  });
