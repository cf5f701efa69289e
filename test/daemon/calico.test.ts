// A daemon whose peers are Calico's resources: what changes in the files takes effect by itself, object by object, and the
// sessions that are not meant stay.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { wholeList } from '../../src/api/route-listing.js';
import { ConfigFile } from '../../src/config/sources/config-file.js';
import { NO_RUNTIME } from '../../src/config/sources/runtime-peers.js';
import type { ConfigResult } from '../../src/config/types.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { createLogger } from '../../src/daemon/log/logger.js';
import type { Daemon } from '../../src/daemon/parts.js';
import { dialScripted } from '../support/scripted-peer.js';
import { TestSpeaker } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';
import { HOST } from './daemon-rig.js';

const CONFIG = `
routerId: 10.0.0.1
listen: [{ address: 127.0.0.1, port: 1790 }]
kernel: { backend: none }
api: { socket: none, listen: none }
calico: { node: host-a, resources: [calico], secrets: secrets }
originate: [{ prefix: 10.65.1.0/24 }]
`;

const NODES = `apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: host-a }
spec: { bgp: { ipv4Address: 127.0.0.1/8 } }
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: { name: pool }
spec: { cidr: 10.65.0.0/16 }
---
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: { name: default }
spec: { nodeToNodeMeshEnabled: false }
`;

const peer = (name: string, ip: string, more = ''): string => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: ${name} }
spec:
  peerIP: ${ip}
  asNumber: 64512
  sourceAddress: None
${more}`;

/** The port in force instead of the written one, as the system chose it. */
function anyPort(result: ConfigResult): ConfigResult {
  if (!result.ok) return result;
  const listen = result.config.listen.map((each) => ({ ...each, port: 0 }));
  return { ...result, config: { ...result.config, listen } };
}

interface Scene {
  readonly daemon: Daemon;
  readonly log: string[];
  readonly write: (name: string, text: string) => void;
  /** Null: it goes. */
  readonly secret: (name: string, key: string, value: string | null) => void;
  readonly join: (from: string, asn?: number, routerId?: number) => Promise<TestSpeaker>;
  readonly states: () => Readonly<Record<string, string>>;
  readonly until: (what: string, condition: () => boolean) => Promise<unknown>;
}

async function withCalico(t: ExecutionContext, body: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-calico-'));
  mkdirSync(join(folder, 'calico'));
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, `.${name}`), text);
    renameSync(join(folder, `.${name}`), join(folder, 'calico', name));
  };
  const secret = (name: string, key: string, value: string | null): void => {
    if (value === null) {
      rmSync(join(folder, 'secrets', name, key));
      return;
    }
    mkdirSync(join(folder, 'secrets', name), { recursive: true });
    writeFileSync(join(folder, 'secrets', name, key), value);
  };
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'bgpd.yaml'), CONFIG);
  write('nodes.yaml', NODES);
  write('a.yaml', peer('a', '127.0.0.2'));
  write('b.yaml', peer('b', '127.0.0.3'));
  const reader = new ConfigFile(join(folder, 'bgpd.yaml'));
  const loaded = anyPort(reader.read());
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const log: string[] = [];
  const started = await startDaemon({
    config: loaded.config,
    configFile: join(folder, 'bgpd.yaml'),
    logger: createLogger({ level: 'debug', format: 'json', stream: { write: (line) => log.push(line) } }),
    readConfig: () => anyPort(reader.read()),
    calico: {
      report: reader.report,
      folders: () => reader.folders(),
      refresh: () => {
        const result = reader.refresh(NO_RUNTIME);
        return result === null ? null : anyPort(result);
      },
    },
    hostAddresses: () => HOST,
  });
  if (!started.ok) throw new Error(started.reason);
  const { daemon } = started;
  const speakers: TestSpeaker[] = [];
  try {
    await body({
      daemon,
      log,
      write,
      secret,
      join: async (from, asn = 64512, routerId = 0x0a090909) => {
        const speaker = new TestSpeaker(await dialScripted('127.0.0.1', daemon.listening[0]!.port, from), {
          asn,
          routerId,
        });
        speakers.push(speaker);
        await speaker.establish();
        await waitFor(`the session with ${from}`, () => daemon.status.peer(from)?.state === 'Established');
        return speaker;
      },
      states: () =>
        Object.fromEntries((daemon.status.calico()?.objects ?? []).map(({ name, state }) => [name, state])),
      until: (what, condition) => waitFor(what, condition, { evidence: () => log.slice(-20).join('') }),
    });
  } finally {
    for (const { peer: scripted } of speakers) scripted.socket.destroy();
    await daemon.stop();
    rmSync(folder, { recursive: true });
  }
  t.pass();
}

test('a file changes: its objects take effect, other sessions stay, a wrong one is kept as it was', (t) =>
  withCalico(t, async ({ daemon, log, write, join: connect, states, until }) => {
    await connect('127.0.0.2');
    await connect('127.0.0.3');
    const names = () => [...daemon.status.peers()].map(({ name }) => name);
    t.deepEqual(names(), ['Global_127_0_0_2', 'Global_127_0_0_3']);

    write('c.yaml', peer('c', '127.0.0.4'));
    await until('peer c', () => names().includes('Global_127_0_0_4'));
    t.deepEqual(states(), {
      default: 'applied',
      'host-a': 'applied',
      pool: 'applied',
      a: 'applied',
      b: 'applied',
      c: 'applied',
    });
    t.deepEqual(
      daemon.status
        .calico()
        ?.objects.map(({ name, generation }) => `${name} ${generation}`)
        .sort(),
      ['a 1', 'b 1', 'c 2', 'default 1', 'host-a 1', 'pool 1'],
    );

    write('b.yaml', peer('b', '127.0.0.300'));
    write('c.yaml', peer('c', '127.0.0.5'));
    await until('peer c elsewhere', () => names().includes('Global_127_0_0_5'));
    t.like(states(), { b: 'lastGood', c: 'applied' });
    t.regex(
      daemon.status
        .calico()
        ?.objects.find(({ name }) => name === 'b')
        ?.problems.join() ?? '',
      /b\.yaml:5:11: spec\.peerIP/,
    );
    t.true(log.some((line) => line.includes('BGPPeer/b spec.peerIP')));
    t.deepEqual(
      [...daemon.status.peers()]
        .map(({ name, state, counters }) => `${name} ${state} ${counters.established}`)
        .sort()
        .slice(0, 2),
      ['Global_127_0_0_2 Established 1', 'Global_127_0_0_3 Established 1'],
    );
  }));

test('a filter changes: routes are judged anew, no session ends', (t) =>
  withCalico(t, async ({ daemon, write, join: connect, until }) => {
    const a = await connect('127.0.0.2');
    await a.hasRoutes('10.65.1.0/24');
    write('b.yaml', peer('b', '127.0.0.3', '  filters: [ours]\n'));
    await until('what is missing is said', () =>
      (daemon.status.calico()?.objects ?? []).some(({ problems }) =>
        problems.join().includes('no BGPFilter ours'),
      ),
    );
    const b = await connect('127.0.0.3');
    await b.hasRoutes();
    write(
      'filter.yaml',
      `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: { name: ours }
spec:
  exportV4: [{ action: Accept, cidr: 10.65.1.0/24, matchOperator: Equal }]
`,
    );
    await b.hasRoutes('10.65.1.0/24');
    t.is(daemon.status.peer('127.0.0.2')?.counters.established, 1);
    t.is(daemon.status.peer('127.0.0.3')?.counters.established, 1);
  }));

test('maxRestartTime is what peers are asked to wait; without it they are asked for 120 s', (t) =>
  withCalico(t, async ({ daemon, write, until }) => {
    const times = (): readonly (number | undefined)[] =>
      ['Global_127_0_0_2', 'Global_127_0_0_3'].map(
        (name) => daemon.status.peer(name)?.gracefulRestart.restartTime,
      );
    t.deepEqual(times(), [120, 120]);
    write('a.yaml', peer('a', '127.0.0.2', '  maxRestartTime: 90s\n'));
    await until('the new time', () => times()[0] === 90);
    t.deepEqual(times(), [90, 120]);
    t.is(daemon.status.peer('Global_127_0_0_2')?.gracefulRestart.mode, 'full');
  }));

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, clusterIP: 10.96.1.1, externalTrafficPolicy: Local }
status: { loadBalancer: { ingress: [{ ip: 172.22.0.10 }] } }
---
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: { name: default }
spec: { nodeToNodeMeshEnabled: false, serviceLoadBalancerIPs: [{ cidr: 172.22.0.0/24 }] }
`;

const slice = (ready: boolean): string => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
endpoints: [{ addresses: [10.65.8.1], nodeName: host-a, conditions: { ready: ${ready} } }]
`;

test('the address of a service comes and goes with what serves it here', (t) =>
  withCalico(t, async ({ daemon, write, join: connect }) => {
    const a = await connect('127.0.0.2');
    write('nodes.yaml', `${NODES.split('---').slice(0, 2).join('---')}---\n${SERVICE}`);
    await a.hasRoutes('10.65.1.0/24', '172.22.0.0/24');
    write('slices.yaml', slice(true));
    await a.hasRoutes('10.65.1.0/24', '172.22.0.0/24', '172.22.0.10/32');
    write('slices.yaml', slice(false));
    await a.hasRoutes('10.65.1.0/24', '172.22.0.0/24');
    t.is(daemon.status.peer('127.0.0.2')?.counters.established, 1);
  }));

const WORKLOAD = `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: b }
spec: { localWorkloadSelector: role == "router", asNumber: 64512 }
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: { name: r, namespace: net, labels: { role: router } }
spec: { node: host-a, interfaceName: cali1, ipNetworks: [127.0.0.3/32] }
`;

const OUTSIDE = `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: a }
spec: { peerIP: 127.0.0.2, asNumber: 65001, sourceAddress: None }
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: c }
spec: { peerIP: 127.0.0.4, asNumber: 64512, sourceAddress: None }
`;

test('a local workload is a peer: the outside hears what it tells, and nothing of other hosts', (t) =>
  withCalico(t, async ({ daemon, log, write, join: connect, until }) => {
    write('b.yaml', WORKLOAD);
    write('a.yaml', OUTSIDE);
    await until('the workload', () =>
      [...daemon.status.peers()].some(({ name }) => name === 'Local_Workload_127_0_0_3'),
    );
    await until('the others', () => daemon.status.peer('127.0.0.4') !== null);
    const tor = await connect('127.0.0.2', 65001);
    const workload = await connect('127.0.0.3', 64512, 0x0a090903);
    const host = await connect('127.0.0.4', 64512, 0x0a090904);
    host.announce(['10.65.9.0/26'], { nextHop: '10.0.0.9' });
    await until('the route of the host', () => bestCount(daemon) === 2);
    workload.announce(['10.65.70.0/24'], { nextHop: '10.0.0.8' });
    await tor.hasRoutes('10.65.1.0/24', '10.65.70.0/24');
    t.true(log.some((line) => line.includes('is not passed on to this one')));
    t.true(
      (daemon.status.calico()?.objects ?? []).some(
        ({ name, problems }) => name === 'a' && problems.join().includes('calico.advertise: all'),
      ),
    );
  }));

const bestCount = (daemon: Daemon): number => {
  const found = daemon.status.routes({});
  return typeof found === 'string' ? 0 : wholeList(found).routes.filter(({ best }) => best).length;
};

test('a secret comes, changes and goes: the peer that names it does, too, and no other notices', (t) =>
  withCalico(t, async ({ daemon, log, write, secret, join: connect, states, until }) => {
    await connect('127.0.0.2');
    const isThere = (): boolean => [...daemon.status.peers()].some(({ name }) => name === 'Global_127_0_0_9');
    const withKey = '  password: { secretKeyRef: { name: tor, key: password } }\n';
    write('c.yaml', peer('c', '127.0.0.9', withKey));
    await until('what is missing is said', () => Object.hasOwn(states(), 'c'));
    t.like(states(), { c: 'refused' });
    t.false(isThere());
    secret('tor', 'password', 'sesame');
    await until('the peer', isThere);
    t.like(states(), { c: 'applied' });
    secret('tor', 'password', 'another');
    await until('the new key', () => log.some((line) => line.includes('Global_127_0_0_9: password changed')));
    secret('tor', 'password', null);
    await until('the peer gone', () => !isThere());
    t.is(daemon.status.peer('127.0.0.2')?.counters.established, 1);
    t.false(log.some((line) => line.includes('sesame') || line.includes('another')));
  }));
