// Every field of every resource that is read, wrong in turn, in the files of a node: the error names file, line, object
// and field, the object stays as it was, and nothing else of what the node does changes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { fieldPathText } from '../../src/calico/resources/fields.js';
import { RESOURCE_KINDS } from '../../src/calico/resources/resource.js';
import { CalicoStore } from '../../src/config/calico/calico-store.js';
import type { CalicoConfig } from '../../src/config/types.js';
import { fieldWays, type Way, withValueAt } from './field-paths.js';

type Values = Readonly<Record<string, unknown>>;

const calico = (kind: string, name: string, spec: Values) => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name },
  spec,
});

const RULE = { action: 'Accept', cidr: '10.65.0.0/16', matchOperator: 'In' };

/** One of each kind, all in force together. */
const GOOD: Readonly<Record<string, Values>> = {
  Node: calico('Node', 'host-a', { bgp: { ipv4Address: '192.0.2.1/24' } }),
  BGPConfiguration: calico('BGPConfiguration', 'default', {
    nodeToNodeMeshEnabled: false,
    serviceLoadBalancerIPs: [{ cidr: '172.22.0.0/24' }],
    communities: [{ name: 'a', value: '1:2' }],
  }),
  BGPPeer: calico('BGPPeer', 'tor', { peerIP: '192.0.2.9', asNumber: 65001, filters: ['ours'] }),
  BGPFilter: calico('BGPFilter', 'ours', { exportV4: [RULE] }),
  IPPool: calico('IPPool', 'pool', { cidr: '10.65.0.0/16' }),
  BlockAffinity: calico('BlockAffinity', 'block', { node: 'host-a', cidr: '10.65.8.0/26' }),
  WorkloadEndpoint: {
    ...calico('WorkloadEndpoint', 'w', { node: 'host-a', ipNetworks: ['10.65.8.1/32'] }),
    metadata: { name: 'w', namespace: 'shop' },
  },
  Service: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { type: 'LoadBalancer', clusterIP: '10.96.0.1', externalTrafficPolicy: 'Local' },
    status: { loadBalancer: { ingress: [{ ip: '172.22.0.10' }] } },
  },
  EndpointSlice: {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ nodeName: 'host-a' }],
  },
};

/** Where the fields of an object are. */
const ROOTS: Readonly<Record<string, readonly Way[]>> = {
  Node: [['spec'], ['status']],
  Service: [['spec'], ['status']],
  EndpointSlice: [[]],
};

/** Read by others than us: whatever they hold is right. */
const OTHERS: readonly string[] = [
  'IPPool spec.namespaceSelector',
  'IPPool spec.allowedUses',
  'Node spec.addresses',
  'Node spec.bgp.ipv4IPIPTunnelAddr',
  'Node spec.ipv4VXLANTunnelAddr',
  'Node spec.ipv6VXLANTunnelAddr',
  'Node spec.vxlanTunnelMACAddr',
  'Node spec.vxlanTunnelMACAddrV6',
];

/** No field takes a list of lists: a field that is a list says so of its first element. */
const WRONG = [[]];

const headOf = ({ apiVersion, kind, metadata }: Values): Values => ({ apiVersion, kind, metadata });
const waysOf = (kind: string): readonly Way[] => fieldWays(headOf(GOOD[kind]!), ROOTS[kind] ?? [['spec']]);

const CONFIG: CalicoConfig = {
  node: 'host-a',
  resources: ['.'],
  secrets: null,
  advertise: 'auto',
  externalPools: null,
  usePodCidr: false,
};

interface Scene {
  readonly folder: string;
  readonly read: () => ReturnType<CalicoStore['read']>;
  readonly write: (kind: string, value: unknown) => void;
}

function withFiles(body: (scene: Scene) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-fields-'));
  const store = new CalicoStore(join(folder, 'bgpd.yaml'));
  const write = (kind: string, value: unknown): void =>
    writeFileSync(join(folder, `${kind}.json`), stringify(value));
  try {
    for (const [kind, value] of Object.entries(GOOD)) write(kind, value);
    body({ folder, write, read: () => store.read(CONFIG) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function spoil(t: ExecutionContext, { folder, read, write }: Scene, kind: string, way: Way): void {
  const field = fieldPathText(way);
  const before = read();
  write(kind, withValueAt(GOOD[kind], way, WRONG));
  const after = read();
  const broken = after.report.objects.filter(({ state }) => state !== 'applied' && state !== 'degraded');
  t.deepEqual(
    broken.map((object) => `${object.kind} ${object.state}`),
    [`${kind} lastGood`],
    `${kind} ${field}`,
  );
  const problem = broken[0]?.problems.find(({ key }) =>
    [` ${field}`, ` ${field}[0]`].some((end) => key.endsWith(end)),
  );
  t.truthy(problem, `${kind} ${field}: ${JSON.stringify(broken[0]?.problems)}`);
  t.is(problem?.file, join(folder, `${kind}.json`));
  t.true((problem?.line ?? 0) > 0 && problem?.message !== '' && problem?.remedy !== '', `${kind} ${field}`);
  t.true(problem?.key.startsWith(`${kind}/`));
  t.deepEqual(after.intent, before.intent, `${kind} ${field}: something else changed`);
  write(kind, GOOD[kind]);
}

for (const kind of Object.keys(RESOURCE_KINDS)) {
  test(`${kind}: each field that is read, wrong in turn`, (t) => {
    withFiles((scene) => {
      t.deepEqual(
        scene.read().report.objects.filter(({ state }) => state !== 'applied'),
        [],
      );
      const fields = waysOf(kind).filter((way) => !OTHERS.includes(`${kind} ${fieldPathText(way)}`));
      t.true(fields.length >= 3, 'the reader was not watched');
      for (const way of fields) spoil(t, scene, kind, way);
    });
  });
}

test('what is left to others is there, so that the list is no place to hide in', (t) => {
  const all = Object.keys(RESOURCE_KINDS).flatMap((kind) =>
    waysOf(kind).map((way) => `${kind} ${fieldPathText(way)}`),
  );
  for (const field of OTHERS) t.true(all.includes(field), field);
  t.true(all.length > 100, `${all.length} fields`);
});
