// The same address on three hosts: each serves its own, a fourth shares among all of them, and one that goes takes its own
// flows with it and no others.

import { interop } from '../support/interop.js';
import { type NetNode, Network, type RouteView } from '../support/netns.js';
import { BgpdRouter } from '../support/peers/bgpd.js';
import { waitFor } from '../support/wait.js';
import { attachWorkload, interfaceOf, removeRoutes } from '../support/workload.js';

const POOLS = ['10.65.0.0/16', 'fd00:65::/48'] as const;
const SERVICE = { name: 'any', addresses: ['10.65.0.9', 'fd00:65::9'] } as const;
const HOSTS = ['a', 'b', 'c', 'd'] as const;
type Host = (typeof HOSTS)[number];
const FAMILIES = [4, 6] as const;
const FLOWS = 120;

const address = (host: Host): readonly [string, string] => {
  const n = HOSTS.indexOf(host) + 1;
  return [`10.9.0.${n}`, `2001:db8:9::${n}`];
};

const router = (node: NetNode, host: Host): BgpdRouter =>
  new BgpdRouter(node, {
    asn: 64512,
    routerId: address(host)[0],
    install: true,
    importPools: POOLS,
    neighbors: HOSTS.filter((other) => other !== host).map((other) => ({
      address: address(other)[0],
      asn: 64512,
      families: ['ipv4-unicast', 'ipv6-unicast'],
    })),
    words: { bgpd: { pools: POOLS.map((cidr) => ({ cidr, anycast: true })) } },
  });

/** As the agent does it, which takes over what is there. */
const serve = async (node: NetNode): Promise<void> => {
  for (const family of FAMILIES) {
    const target = SERVICE.addresses[family === 4 ? 0 : 1];
    const words = ['route', 'replace', target, 'dev', interfaceOf(SERVICE), 'proto', '3'];
    await node.must('ip', [`-${family}`, ...words]);
  }
};

const routeOf = async (node: NetNode, family: 4 | 6): Promise<readonly RouteView[]> =>
  node.routes(family, SERVICE.addresses[family === 4 ? 0 : 1]);

/** Which host each flow goes to, by the number of its source. */
async function flows(node: NetNode, family: 4 | 6): Promise<readonly string[]> {
  const target = SERVICE.addresses[family === 4 ? 0 : 1];
  const sources = Array.from({ length: FLOWS }, (_, i) =>
    family === 4 ? `10.8.${i >> 4}.${(i & 15) + 1}` : `2001:db8:8::${(i * 77 + 1).toString(16)}`,
  );
  const questions = sources.map((source) => `route get ${target} from ${source} iif eth0`);
  const text = await node.must('ip', ['-j', '-batch', '-'], { input: `${questions.join('\n')}\n` });
  return [...text.matchAll(/"gateway":"([^"]+)"/g)].map(([, gateway]) => gateway ?? '');
}

const shares = (routes: readonly RouteView[], hosts: readonly Host[], family: 4 | 6): boolean => {
  const gateways = routes.flatMap(({ nexthops = [] }) => nexthops.map(({ gateway }) => gateway));
  return (
    routes.length === 1 && gateways.join() === hosts.map((host) => address(host)[family === 4 ? 0 : 1]).join()
  );
};

interop(
  'anycast: local at home, shared elsewhere, and one that goes moves only its own flows',
  [],
  async (t) => {
    t.timeout(60_000);
    const network = Network.open('anycast');
    try {
      const fabric = await network.addSwitch('fabric');
      const routers: BgpdRouter[] = [];
      for (const host of HOSTS) {
        const node = await network.addNode(host, { forwarding: true });
        const [v4, v6] = address(host);
        await network.plug({ node, interface: 'eth0', addresses: [`${v4}/24`, `${v6}/64`] }, fabric);
        routers.push(router(node, host));
      }
      const [a, d] = [network.node('a'), network.node('d')];
      await d.sysctl('net/ipv4/fib_multipath_hash_policy=0', 'net/ipv6/fib_multipath_hash_policy=0');
      await Promise.all(routers.map((each) => each.start()));
      for (const host of ['a', 'b', 'c']) {
        await attachWorkload(network, network.node(host), SERVICE, `on${host}`);
        await serve(network.node(host));
      }
      const evidence = async () => `${await d.kernelState()}\n${await routers[3]?.evidence()}`;
      const isShared = (node: NetNode, hosts: readonly Host[]) =>
        waitFor(
          `${node.name} to share among ${hosts.join()}`,
          async () =>
            (
              await Promise.all(
                FAMILIES.map(async (family) => shares(await routeOf(node, family), hosts, family)),
              )
            ).every(Boolean),
          { evidence, interval: 20 },
        );
      await isShared(d, ['a', 'b', 'c']);
      for (const host of ['a', 'b', 'c'])
        for (const family of FAMILIES)
          await waitFor(
            `${host} to serve its own, IPv${family}`,
            async () => {
              const routes = await routeOf(network.node(host), family);
              return routes.map(({ dev }) => dev).join() === interfaceOf(SERVICE);
            },
            { evidence: () => network.node(host).kernelState(), interval: 20 },
          );
      const before = await Promise.all(FAMILIES.map((family) => flows(d, family)));
      await removeRoutes(a, SERVICE);
      await isShared(d, ['b', 'c']);
      await isShared(a, ['b', 'c']);
      for (const [i, family] of FAMILIES.entries()) {
        const after = await flows(d, family);
        t.is(after.length, FLOWS);
        t.deepEqual(
          [...new Set(before[i])].sort(),
          (['a', 'b', 'c'] as const).map((host) => address(host)[i]!),
        );
        const others = after.filter((gateway, flow) => {
          const was = before[i]?.[flow];
          return was !== address('a')[i] && was !== gateway;
        });
        t.deepEqual(others, [], `IPv${family}: flows of those that are still there`);
      }
      await serve(a);
      await isShared(d, ['a', 'b', 'c']);
    } finally {
      network.close();
    }
  },
);
