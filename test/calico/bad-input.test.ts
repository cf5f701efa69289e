// Every field of every resource, wrong in turn: the object is refused with a fault that names the field. And what is
// right together with what.

import test from 'ava';
import { fieldPathText } from '../../src/calico/resources/fields.js';
import { readResource } from '../../src/calico/resources/resource.js';

type Values = Readonly<Record<string, unknown>>;

interface Kind {
  /** A resource in which everything is right. */
  readonly good: Values;
  /** Fields below `spec`, each with a value that is wrong. */
  readonly wrong: readonly (readonly [path: string, value: unknown])[];
}

const RULE = { action: 'Accept', cidr: '10.65.0.0/16', matchOperator: 'In' };

const KINDS: Readonly<Record<string, Kind>> = {
  BGPPeer: {
    good: { peerIP: '192.0.2.1', asNumber: 65001 },
    wrong: [
      ['node', 7],
      ['node', 'Host A'],
      ['nodeSelector', 'rack = "a"'],
      ['peerIP', '192.0.2.300'],
      ['peerIP', '192.0.2.1:0'],
      ['peerIP', '[2001:db8::1]:70000'],
      ['peerIP', 'fe80::1%eth0'],
      ['peerIP', 'fe80::1'],
      ['peerIP', '0.0.0.0'],
      ['asNumber', 0],
      ['asNumber', 'many'],
      ['asNumber', 4294967296],
      ['asNumber', '1.70000'],
      ['localASNumber', 23456],
      ['peerSelector', 'has(rr'],
      ['reversePeering', 'Never'],
      ['keepOriginalNextHop', 'yes'],
      ['nextHopMode', 'self'],
      ['password', 'secret'],
      ['password.secretKeyRef', { name: 'tor' }],
      ['password.secretKeyRef', { name: '../tor', key: 'password' }],
      ['password.secretKeyRef', { name: 'tor', key: '..' }],
      ['sourceAddress', 'eth0'],
      ['maxRestartTime', 120],
      ['maxRestartTime', '2 minutes'],
      ['maxRestartTime', '2h'],
      ['keepaliveTime', '0s'],
      ['numAllowedLocalASNumbers', -1],
      ['numAllowedLocalASNumbers', 1.5],
      ['ttlSecurity', 256],
      ['reachableBy', '192.0.2.0/24'],
      ['reachableBy', '2001:db8::1'],
      ['filters', 'one'],
      ['filters', [7]],
      ['localWorkloadSelector', 'has(bgp'],
      ['extra', true],
    ],
  },
  BGPConfiguration: {
    good: { asNumber: 64512 },
    wrong: [
      ['logSeverityScreen', 'Loud'],
      ['nodeToNodeMeshEnabled', 'true'],
      ['asNumber', -1],
      ['listenPort', 0],
      ['listenPort', '179'],
      ['bindMode', 'Host'],
      ['ignoredInterfaces', 'eth0'],
      ['ignoredInterfaces', ['a name that is too long']],
      ['serviceClusterIPs', ['10.96.0.0/12']],
      ['serviceClusterIPs', [{ cidr: '10.96.0.1/12' }]],
      ['serviceExternalIPs', [null]],
      ['serviceLoadBalancerIPs', [{ cidr: 'all' }]],
      ['serviceLoadBalancerAggregation', 'Sometimes'],
      ['communities', [{ name: 'a' }]],
      ['communities', [{ name: 'a', value: '70000:1' }]],
      ['prefixAdvertisements', [{ cidr: '10.65.0.0/16', communities: ['unknown'] }]],
      ['prefixAdvertisements', [{ cidr: '10.65.0.0/16', communities: ['1:2:3:4'] }]],
      ['prefixAdvertisements', [{ communities: [] }]],
      ['nodeMeshPassword', {}],
      ['nodeMeshMaxRestartTime', 'soon'],
      ['localWorkloadPeeringIPV4', '2001:db8::1'],
      ['localWorkloadPeeringIPV6', '192.0.2.1'],
      ['programClusterRoutes', 'Yes'],
      ['ipv4NormalRoutePriority', 0],
      ['ipv6NormalRoutePriority', 2147483647],
    ],
  },
  BGPFilter: {
    good: { exportV4: [RULE] },
    wrong: [
      ['exportV4', RULE],
      ...(
        [
          ['cidr', '10.65.0.1/16'],
          ['cidr', 'fd00::/8'],
          ['cidr', undefined],
          ['matchOperator', 'Inside'],
          ['matchOperator', undefined],
          ['prefixLength', { min: 33 }],
          ['prefixLength', { min: 28, max: 24 }],
          ['source', 'LocalPeers'],
          ['interface', 'a/b'],
          ['peerType', 'ebgp'],
          ['communities', { values: [] }],
          ['communities', { values: ['1:2', '3:4'] }],
          ['communities', { values: ['no-export'] }],
          ['asPathPrefix', []],
          ['asPathPrefix', ['x']],
          ['priority', 0],
          ['action', 'Allow'],
          ['action', undefined],
          ['operations', [{}]],
          ['operations', [{ addCommunity: { value: '1:2' }, setPriority: { value: 1 } }]],
          ['operations', [{ addCommunity: { value: 'x' } }]],
          ['operations', [{ prependASPath: { prefix: [] } }]],
          ['operations', [{ prependASPath: { prefix: Array(11).fill(65000) } }]],
          ['operations', [{ setPriority: { value: 0 } }]],
          ['operations', Array(11).fill({ addCommunity: { value: '1:2' } })],
          ['metric', 5],
        ] as const
      ).map(([field, value]) => [`exportV4[0].${field}`, [{ ...RULE, [field]: value }]] as const),
      ['exportV4[0].operations', [{ action: 'Reject', operations: [{ setPriority: { value: 5 } }] }]],
      ['exportV4[0].prefixLength', [{ action: 'Reject', prefixLength: { min: 5 } }]],
      ['importV4[0].cidr', [{ ...RULE, cidr: 'x' }]],
      ['importV6[0].cidr', [{ ...RULE, cidr: '10.0.0.0/8' }]],
      ['exportV6[0].prefixLength', [{ ...RULE, cidr: 'fd00::/8', prefixLength: { max: 129 } }]],
      ['exports', []],
    ],
  },
  IPPool: {
    good: { cidr: '10.65.0.0/16' },
    wrong: [
      ['cidr', '10.65.0.1/16'],
      ['cidr', '10.65.0.0'],
      ['ipipMode', 'On'],
      ['vxlanMode', true],
      ['disableBGPExport', 'no'],
      ['disabled', 1],
      ['natOutgoing', 'x'],
      ['blockSize', 33],
      ['blockSize', 19],
      ['nodeSelector', 'rack ~ "a"'],
      ['assignmentMode', 'Never'],
    ],
  },
  Node: {
    good: { bgp: { ipv4Address: '192.0.2.1/24' } },
    wrong: [
      ['bgp', []],
      ['bgp.ipv4Address', { ipv4Address: '2001:db8::1/64' }],
      ['bgp.ipv4Address', { ipv4Address: '192.0.2.1/33' }],
      ['bgp.ipv6Address', { ipv6Address: '192.0.2.1' }],
      ['bgp.asNumber', { asNumber: 'x' }],
      ['bgp.routeReflectorClusterID', { routeReflectorClusterID: '::1' }],
      ['wireguard.interfaceIPv4Address', { interfaceIPv4Address: 'wg0' }],
      ['wireguard.interfaceIPv6Address', { interfaceIPv6Address: '10.0.0.1' }],
    ],
  },
  WorkloadEndpoint: {
    good: { node: 'host-a', ipNetworks: ['10.65.8.1/32'] },
    wrong: [
      ['node', 'Host A'],
      ['ipNetworks', '10.65.8.1/32'],
      ['ipNetworks', ['10.65.8.0/26']],
      ['interfaceName', 7],
    ],
  },
  Service: {
    good: { type: 'LoadBalancer', clusterIP: '10.96.0.1' },
    wrong: [
      ['type', 'Ingress'],
      ['clusterIP', '10.96.0.0/16'],
      ['clusterIPs', ['none']],
      ['externalIPs', ['172.20.0.300']],
      ['loadBalancerIP', 'any'],
      ['externalTrafficPolicy', 'local'],
    ],
  },
  BlockAffinity: {
    good: { node: 'host-a', cidr: '10.65.8.0/26' },
    wrong: [
      ['node', null],
      ['cidr', '10.65.8.1/26'],
      ['state', 'maybe'],
      ['type', 'ghost'],
      ['deleted', 'yes'],
    ],
  },
};

const object = (kind: string, spec: Values) => ({
  apiVersion: kind === 'Service' ? 'v1' : 'projectcalico.org/v3',
  kind,
  metadata: { name: kind === 'BGPConfiguration' ? 'default' : 'one' },
  spec,
});

function faultsOf(value: unknown): readonly string[] {
  const reading = readResource(value);
  if (reading.kind !== 'object') return [reading.kind];
  const faults = reading.object.issues.filter(({ severity }) => severity === 'fault');
  return faults.map(({ path, message, remedy }) => `${fieldPathText(path)}: ${message}; ${remedy}`);
}

for (const [kind, { good, wrong }] of Object.entries(KINDS)) {
  test(`${kind}: a good one has no faults`, (t) => {
    t.deepEqual(faultsOf(object(kind, good)), []);
  });

  for (const [path, value] of wrong) {
    test(`${kind}: ${path} ${JSON.stringify(value)}`, (t) => {
      const [top = ''] = path.split(/[.[]/);
      const isInside = path.includes('.') && kind !== 'BGPFilter' && typeof value === 'object';
      const inner = path.startsWith('password.') ? { secretKeyRef: value } : value;
      const faults = faultsOf(object(kind, { ...good, [top]: isInside ? inner : value }));
      t.true(faults.length > 0);
      for (const fault of faults) {
        t.true(fault.startsWith(`spec.${path}`), `${fault} is not about ${path}`);
        t.regex(fault, /^\S+: .+; \S+/);
      }
    });
  }
}

const TOGETHER: readonly [kind: string, spec: Values, fault: RegExp][] = [
  [
    'BGPPeer',
    { peerIP: '192.0.2.1', asNumber: 1, node: 'a', nodeSelector: 'all()' },
    /^spec\.nodeSelector: node is given/,
  ],
  [
    'BGPPeer',
    { peerIP: '192.0.2.1', asNumber: 1, peerSelector: 'all()' },
    /^spec\.peerSelector: peerIP is given/,
  ],
  ['BGPPeer', { peerSelector: 'all()', asNumber: 1 }, /^spec\.asNumber: peers chosen by peerSelector/],
  ['BGPPeer', {}, /^spec\.peerIP: is missing/],
  ['BGPPeer', { localWorkloadSelector: 'all()' }, /^spec\.asNumber: is missing/],
  [
    'BGPPeer',
    { localWorkloadSelector: 'all()', asNumber: 1, peerIP: '192.0.2.1' },
    /^spec\.peerIP: localWorkloadSelector is given/,
  ],
  [
    'BGPPeer',
    { peerIP: '192.0.2.1', asNumber: 1, keepOriginalNextHop: true, nextHopMode: 'Self' },
    /^spec\.nextHopMode: keepOriginalNextHop is given/,
  ],
  [
    'IPPool',
    { cidr: '10.65.0.0/16', ipipMode: 'Always', vxlanMode: 'CrossSubnet' },
    /^spec\.vxlanMode: .* one encapsulation/,
  ],
  ['IPPool', { cidr: 'fd00::/48', ipipMode: 'Always' }, /^spec\.ipipMode: IPIP carries IPv4 only/],
  ['IPPool', { cidr: '10.65.0.0/27', blockSize: 26 }, /^spec\.blockSize: \/26 is no block/],
];

for (const [kind, spec, fault] of TOGETHER) {
  test(`${kind}: ${JSON.stringify(spec)}`, (t) => {
    t.regex(faultsOf(object(kind, spec)).join('\n'), fault);
  });
}

test('fields that have no effect are noted, and the object is taken', (t) => {
  const value = object('BGPConfiguration', { localWorkloadPeeringIPV6: 'fe80::1', future: 1 });
  const reading = readResource({
    ...value,
    metadata: { name: 'node.host-a' },
    spec: { ...value.spec, asNumber: 1 },
  });
  t.is(reading.kind, 'object');
  if (reading.kind !== 'object') return;
  t.not(reading.object.resource, null);
  t.deepEqual(
    reading.object.issues.map(({ severity, path }) => `${severity} ${fieldPathText(path)}`),
    [
      'note spec.future',
      'note spec.localWorkloadPeeringIPV6',
      'note spec.asNumber',
      'note spec.localWorkloadPeeringIPV6',
    ],
  );
});

test('a label is a text, written with quotes or without', (t) => {
  const labelled = (labels: Values) =>
    readResource({ ...object('Node', {}), metadata: { name: 'a', labels } });
  const reading = labelled({ rack: 7, edge: true, zone: 'b' });
  t.like(reading, { object: { resource: { labels: { rack: '7', edge: 'true', zone: 'b' } } } });
  for (const wrong of [1.5, null, [], {}]) {
    t.like(labelled({ rack: wrong }), { object: { resource: null } }, JSON.stringify(wrong));
  }
});

test('what is no resource of ours', (t) => {
  const kindOf = (value: unknown): string => readResource(value).kind;
  t.is(kindOf('text'), 'broken');
  t.is(kindOf({ apiVersion: 'v1' }), 'broken');
  t.is(kindOf({ apiVersion: 'projectcalico.org/v3', kind: 'BGPPeer', spec: {} }), 'broken');
  t.is(kindOf({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }), 'other');
  t.is(
    kindOf({ apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata: { name: 'a' } }),
    'other',
  );
  t.is(kindOf({ apiVersion: 'v1', kind: 'List', items: [] }), 'list');
  t.is(kindOf({ apiVersion: 'projectcalico.org/v3', kind: 'BGPPeerList', items: [] }), 'list');
  t.deepEqual(faultsOf({ ...object('BGPConfiguration', {}), metadata: { name: 'mine' } }).length, 1);
});
