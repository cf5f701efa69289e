// Several paths per prefix, with real peers: ADD-PATH both ways with each of them, and multipath routes in the kernel.

import { readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { parse, stringify } from 'yaml';
import type { RouteList } from '../../src/api/model/types.js';
import { interop } from '../support/interop.js';
import { type NetNode, Network } from '../support/netns.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import { createRouter } from '../support/peers/router.js';
import type { Family, Router, RouterKind, RouterSpec } from '../support/peers/types.js';
import { waitFor } from '../support/wait.js';

const OUR_ASN = 64512;
const NODES = ['ours', 'peer', 'x', 'y'] as const;
type NodeName = (typeof NODES)[number];

const addressOf = (name: NodeName, family: Family): string => {
  const host = NODES.indexOf(name) + 1;
  return family === 'ipv4-unicast' ? `172.18.203.${host}` : `2001:db8:a41::${host}`;
};

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
const PREFIX = { 'ipv4-unicast': '198.51.100.0/24', 'ipv6-unicast': '2001:db8:b::/48' } as const;
const ANNOUNCE = FAMILIES.map((family) => ({ prefix: PREFIX[family] }));

interface Stage {
  readonly nodes: Readonly<Record<NodeName, NetNode>>;
  readonly start: (name: NodeName, kind: RouterKind, spec: RouterSpec) => Promise<Router>;
  readonly wait: (what: string, probe: () => unknown) => Promise<unknown>;
}

/** Four nodes on one switch. */
const withStage = async (label: string, scene: (stage: Stage) => Promise<void>): Promise<void> => {
  const network = Network.open(label);
  const routers: Router[] = [];
  try {
    const fabric = await network.addSwitch('fabric');
    const nodes: Partial<Record<NodeName, NetNode>> = {};
    for (const name of NODES) {
      const node = await network.addNode(name, { forwarding: true });
      const addresses = [`${addressOf(name, 'ipv4-unicast')}/24`, `${addressOf(name, 'ipv6-unicast')}/64`];
      await network.plug({ node, interface: 'eth0', addresses }, fabric);
      nodes[name] = node;
    }
    const all = nodes as Stage['nodes'];
    const evidence = async () =>
      (await Promise.all(routers.map((router) => router.evidence()))).join('\n').slice(-12_000);
    await scene({
      nodes: all,
      start: async (name, kind, spec) => {
        const router = createRouter(kind, all[name], spec);
        routers.push(router);
        await router.start();
        return router;
      },
      wait: (what, probe) => waitFor(what, probe, { timeout: 30_000, evidence }),
    });
  } finally {
    network.close();
  }
};

/** One session a family: what every peer can do. */
const sessions = (
  to: NodeName,
  asn: number,
  more: Partial<RouterSpec['neighbors'][number]> = {},
): RouterSpec['neighbors'] => FAMILIES.map((family) => ({ address: addressOf(to, family), asn, ...more }));

const source = (name: 'x' | 'y', to: readonly NodeName[], asn = SOURCE_ASN): RouterSpec => ({
  asn,
  routerId: addressOf(name, 'ipv4-unicast'),
  announce: ANNOUNCE,
  neighbors: to.flatMap((other) => sessions(other, OUR_ASN)),
});

/** The same of both: the path of the one is a loop to the other, so that a withdrawal is one. */
const SOURCE_ASN = 65001;

/** Between two that both learn the prefix from x and from y. */
const middle = (name: 'ours' | 'peer'): RouterSpec => ({
  asn: OUR_ASN,
  routerId: addressOf(name, 'ipv4-unicast'),
  neighbors: [
    ...sessions('x', SOURCE_ASN),
    ...sessions('y', SOURCE_ASN),
    ...sessions(name === 'ours' ? 'peer' : 'ours', OUR_ASN, { addPath: true }),
  ],
});

/** Paths are told apart by their next hops, which stay within the AS. */
const hasPaths = async (router: Router, from: NodeName, family: Family, via: readonly NodeName[]) => {
  const routes = await router.received(addressOf(from, family), family);
  const found = routes.filter(({ prefix }) => prefix === PREFIX[family]).map(({ nextHop }) => nextHop);
  return found.toSorted().join(' ') === via.map((name) => addressOf(name, family)).join(' ');
};

const playAddPath = async ({ start, wait }: Stage, kind: RouterKind): Promise<void> => {
  const y = await start('y', 'bgpd', source('y', ['ours', 'peer']));
  await start('x', 'bgpd', source('x', ['ours', 'peer']));
  const ours = await start('ours', 'bgpd', middle('ours'));
  const peer = await start('peer', kind, middle('peer'));
  const bothHave = async (what: string, ...via: readonly NodeName[]) => {
    for (const family of FAMILIES) {
      const told = () => hasPaths(peer, 'ours', family, via);
      const heard = () => hasPaths(ours, 'peer', family, via);
      await wait(`${kind} to be told ${what} of ${family}`, told);
      await wait(`bgpd to hear ${what} of ${family}`, heard);
    }
  };
  await bothHave('both paths', 'x', 'y');
  for (const family of FAMILIES) await y.withdraw(PREFIX[family]);
  await bothHave('the path that is left', 'x');
  for (const family of FAMILIES) await y.announce({ prefix: PREFIX[family] });
  await bothHave('both paths again', 'x', 'y');
};

for (const kind of ['bird', 'frr', 'gobgp'] as const) {
  interop(`ADD-PATH with ${kind}: each tells the other two paths, and takes one back`, [kind], async (t) => {
    t.timeout(180_000);
    await withStage(`paths${kind}`, (stage) => playAddPath(stage, kind));
    t.pass();
  });
}

const kernelHops = async (node: NetNode, family: Family): Promise<string> => {
  const [route] = await node.routes(family === 'ipv4-unicast' ? 4 : 6, PREFIX[family]);
  const hops = route?.nexthops?.map(({ gateway }) => gateway) ?? [route?.gateway];
  return hops.toSorted().join(' ');
};

const kernelWaits =
  ({ nodes, wait }: Pick<Stage, 'nodes' | 'wait'>) =>
  (...names: readonly NodeName[]) =>
    Promise.all(
      FAMILIES.map((family) => {
        const hops = names.map((name) => addressOf(name, family)).join(' ');
        return wait(
          `${PREFIX[family]} via ${hops}`,
          async () => (await kernelHops(nodes.ours, family)) === hops,
        );
      }),
    );

const playMultipath = async (t: ExecutionContext, { nodes, start, wait }: Stage): Promise<void> => {
  await start('x', 'bird', source('x', ['ours']));
  const y = await start('y', 'bird', source('y', ['ours']));
  await start('ours', 'bgpd', {
    asn: OUR_ASN,
    routerId: addressOf('ours', 'ipv4-unicast'),
    install: true,
    neighbors: [...sessions('x', SOURCE_ASN), ...sessions('y', SOURCE_ASN)],
  });
  const kernelHas = kernelWaits({ nodes, wait });
  await kernelHas('x', 'y');
  for (const family of FAMILIES) await y.withdraw(PREFIX[family]);
  await kernelHas('x');
  for (const family of FAMILIES) await y.announce({ prefix: PREFIX[family] });
  await kernelHas('x', 'y');
  t.pass();
};

interop('two BIRD peers with equal paths: the kernel has both next hops', ['bird'], async (t) => {
  t.timeout(120_000);
  await withStage('multipath', (stage) => playMultipath(t, stage));
});

const OTHER_ASN = 65002;

/** A reload with `decision.multipath.asPathRelax`. */
const relax = async (ours: BgpdRouter, asPathRelax: boolean): Promise<void> => {
  const before = parse(readFileSync(ours.configFile, 'utf8')) as Readonly<Record<string, unknown>>;
  writeFileSync(ours.configFile, stringify({ ...before, decision: { multipath: { asPathRelax } } }));
  await askBgpd(ours.socket, '/v1/reload', 'POST');
};

const playRelax = async (t: ExecutionContext, stage: Stage): Promise<void> => {
  const [, , ours] = await Promise.all([
    stage.start('x', 'bird', source('x', ['ours'])),
    stage.start('y', 'frr', source('y', ['ours'], OTHER_ASN)),
    stage.start('ours', 'bgpd', {
      asn: OUR_ASN,
      routerId: addressOf('ours', 'ipv4-unicast'),
      install: true,
      neighbors: [...sessions('x', SOURCE_ASN), ...sessions('y', OTHER_ASN)],
    }),
  ]);
  if (!(ours instanceof BgpdRouter)) throw new Error('ours is no bgpd');
  const kernelHas = kernelWaits(stage);
  await kernelHas('x', 'y');
  for (const family of FAMILIES) {
    const { routes } = (await askBgpd(
      ours.socket,
      `/v1/routes?all=true&prefix=${encodeURIComponent(PREFIX[family])}`,
    )) as RouteList;
    const found = routes.map(({ asPath, best, multipath }) => ({ asPath, best, multipath }));
    t.deepEqual(
      found.toSorted((a, b) => a.asPath.localeCompare(b.asPath)),
      [SOURCE_ASN, OTHER_ASN].map((asn) => ({
        asPath: String(asn),
        best: found.find(({ best }) => best)?.asPath === String(asn),
        multipath: true,
      })),
    );
  }
  await relax(ours, false);
  // By the lower router id.
  await kernelHas('x');
  await relax(ours, true);
  await kernelHas('x', 'y');
};

interop(
  'BIRD and FRR of two ASes with paths of the same length: the kernel has both while AS_PATHs are relaxed',
  ['bird', 'frr'],
  async (t) => {
    t.timeout(120_000);
    await withStage('relax', (stage) => playRelax(t, stage));
  },
);
