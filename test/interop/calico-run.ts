// One scenario of fixtures/calico/runs, played: a node with the kernel routes of the scenario, run by BIRD as Calico would
// configure it or by bgpd with the resources, and an observer that has a session for each of its tables.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { must, run } from '../support/command.js';
import { type NetNode, Network } from '../support/netns.js';
import { BGPD_PROGRAM } from '../support/peers/bgpd.js';
import { parseBirdRoutes } from '../support/peers/bird-output.js';
import type { ReceivedRoute } from '../support/peers/types.js';
import { waitFor } from '../support/wait.js';

export const runFolder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'calico', 'runs');

/** Addresses of the observer: whoever the scenario's peers are. */
const OBSERVED = [
  ...['10.192.0.1/16', '10.192.0.3/16', '10.192.0.4/16', '10.192.0.9/16'],
  ...['2001:db8::1/64', '2001:db8::3/64'],
];
/** Where workloads have their router, in the scenarios in which the node gets this address. */
const WORKLOAD_GATEWAY = '169.254.7.7';
const INTERFACES = ['cali1', 'cali2', 'bpfin.cali'];

export interface Stage {
  readonly node: NetNode;
  readonly observer: NetNode;
}

let serial = 0;

/** The network of a scenario, with the observer started; everything is taken down after `scene`. */
export async function withStage(scenario: string, scene: (stage: Stage) => Promise<void>): Promise<void> {
  serial += 1;
  const network = Network.open(`calico${serial}`);
  try {
    const node = await network.addNode('node', { forwarding: true });
    const observer = await network.addNode('observer');
    await network.connect(
      { node, interface: 'eth0', addresses: ['10.192.0.2/16', '2001:db8::2/64'] },
      { node: observer, interface: 'eth0', addresses: OBSERVED },
    );
    await node.ip(
      ...INTERFACES.map((name, i) => `link add ${name} type veth peer name far${i}`),
      ...INTERFACES.flatMap((name, i) => [`link set ${name} up`, `link set far${i} up`]),
    );
    const routes = readFileSync(join(runFolder, scenario, 'kernel.txt'), 'utf8').split('\n');
    await node.ip(...routes.filter((line) => line !== '').map((line) => `route add ${line}`));
    await observer.ip(`route add ${WORKLOAD_GATEWAY}/32 via 10.192.0.2`);
    await Promise.all(partsOf(scenario).map((part) => startObserver(observer, part)));
    await scene({ node, observer });
  } finally {
    network.close();
  }
}

interface ObserverPart {
  readonly table: string;
  readonly config: string;
}

/** One BIRD has one session with an address: each table of the observer is a process of its own. */
function partsOf(scenario: string): readonly ObserverPart[] {
  const [head = '', ...parts] = readFileSync(join(runFolder, scenario, 'observer.conf'), 'utf8').split(
    /^(?=ipv[46] table )/m,
  );
  return parts.map((part) => ({ table: /^ipv[46] table (\w+);/.exec(part)?.[1] ?? '', config: head + part }));
}

function startObserver(observer: NetNode, { table, config }: ObserverPart): Promise<void> {
  const file = join(observer.directory, `${table}.conf`);
  writeFileSync(file, config);
  return startBird(observer, table, file);
}

const socketOf = (node: NetNode, name: string): string => join(node.directory, `${name}.ctl`);

async function startBird(node: NetNode, name: string, config: string): Promise<void> {
  const socket = socketOf(node, name);
  const bird = await node.start(name, 'bird', ['-f', '-c', config, '-s', socket]);
  const answers = async () => (await run('birdc', ['-s', socket, 'show', 'status'])).status === 0;
  await waitFor('birdc to answer', answers, { evidence: () => bird.log() });
}

export const startCalicoBird = (stage: Stage, scenario: string): Promise<void> =>
  startBird(stage.node, 'node', join(runFolder, scenario, 'node.conf'));

/** What bgpd does beside Calico, or, where a scenario says nothing, all as Calico does it, to compare with it. */
function ownSettings(scenario: string): object {
  const file = join(runFolder, scenario, 'bgpd.yaml');
  if (!existsSync(file)) return { advertise: 'all' };
  return (parse(readFileSync(file, 'utf8')) as { readonly calico: object }).calico;
}

/** What Calico can't do has no configuration of BIRD. */
export const hasCalicoBird = (scenario: string): boolean =>
  existsSync(join(runFolder, scenario, 'node.conf'));

export async function startCalicoBgpd({ node }: Stage, scenario: string): Promise<() => string> {
  const secrets = join(node.directory, 'secrets');
  mkdirSync(join(secrets, 'tor'), { recursive: true });
  writeFileSync(join(secrets, 'tor', 'password'), 'sesame');
  const file = join(node.directory, 'bgpd.yaml');
  const config = {
    calico: {
      node: 'host-a',
      ...ownSettings(scenario),
      resources: [join(runFolder, scenario, 'resources.yaml')],
      secrets,
    },
    api: { socket: join(node.directory, 'bgpd.sock'), listen: 'none' },
    log: { level: 'debug', format: 'json' },
  };
  writeFileSync(file, stringify(config));
  const bgpd = await node.start('bgpd', process.execPath, ['--enable-source-maps', BGPD_PROGRAM, '-c', file]);
  await happensLater(node, scenario);
  return () => bgpd.log().slice(-4000);
}

/** What the kernel is told in `later.txt` once the daemon runs. */
async function happensLater(node: NetNode, scenario: string): Promise<void> {
  const file = join(runFolder, scenario, 'later.txt');
  if (!existsSync(file)) return;
  await waitFor('the daemon to run', () => existsSync(join(node.directory, 'bgpd.sock')));
  await node.ip(...readFileSync(file, 'utf8').trim().split('\n'));
}

/** What the observer has been told, table by table, and what the node's kernel was given. */
export async function seen(stage: Stage, scenario: string): Promise<string> {
  const tables = partsOf(scenario)
    .map(({ table }) => table)
    .sort();
  const parts = await Promise.all(tables.map((table) => tableText(stage.observer, table)));
  return [...parts, await kernelText(stage.node)].join('\n');
}

async function tableText(observer: NetNode, table: string): Promise<string> {
  const question = `show route all table ${table} protocol of_${table}`;
  const output = await must('birdc', ['-s', socketOf(observer, table), ...question.split(' ')]);
  return [`${table}:`, ...parseBirdRoutes(output).map((route) => `  ${routeText(route)}`), ''].join('\n');
}

const routeText = (route: ReceivedRoute): string =>
  [
    `${route.prefix} next hop ${route.nextHop}`,
    `path [${route.asPath}]`,
    ...(route.localPref === null ? [] : [`local-pref ${route.localPref}`]),
    ...(route.communities.length === 0 ? [] : [`communities ${route.communities.join(' ')}`]),
    ...(route.largeCommunities.length === 0 ? [] : [`large ${route.largeCommunities.join(' ')}`]),
    ...(route.originatorId === null ? [] : [`originator ${route.originatorId}`]),
    ...(route.clusterList.length === 0 ? [] : [`clusters ${route.clusterList.join(' ')}`]),
  ].join(', ');

/** Calico gives routes of external peers the metric 2147483547 for want of a LOCAL_PREF, bgpd the normal one. */
const urgency = (metric: number): string => (metric < 1024 ? `, metric ${metric}` : '');

async function kernelText(node: NetNode): Promise<string> {
  const routes = [...(await node.routes(4, 'proto', 'bird')), ...(await node.routes(6, 'proto', 'bird'))];
  const lines = routes.map(({ type, dst, gateway, metric }) =>
    type === 'blackhole' ? `  ${dst} blackhole` : `  ${dst} via ${gateway}${urgency(metric ?? 0)}`,
  );
  return ['kernel:', ...lines.sort(), ''].join('\n');
}
