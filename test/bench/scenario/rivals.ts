// The daemons of the scenarios: how each is configured for the same job, and started. All accept every route, add no
// delay of their own, leave the kernel's routes alone and log no routes. Starts nothing itself.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findProgram } from '../../support/command.js';
import { BGPD } from '../contestants.js';
import { FRR_PROGRAM } from '../machine.js';
import {
  addressText,
  DAEMON_ASN,
  daemonAddress,
  ROUTER_ID,
  type ScenarioPlan,
  type Speaker,
} from './plan.js';

export interface Rival {
  readonly name: string;
  readonly program: 'bgpd' | 'bird' | 'frr' | 'gobgp';
  /** It is left out of scenarios with more deliveries than this, unless it was asked for by name. */
  readonly mostDeliveries: number;
  /** It can have peers that get no routes. */
  readonly witnesses: boolean;
  readonly configuration: (plan: ScenarioPlan, speakers: readonly Speaker[], directory: string) => string;
  readonly command: (
    configFile: string,
    directory: string,
    plan: ScenarioPlan,
  ) => readonly [string, readonly string[]];
  /** Of its API, where there is one that we ask. */
  readonly socket?: (directory: string) => string;
}

const reflects = ({ kind }: ScenarioPlan): boolean => kind !== 'transit';

const daemonText = (plan: ScenarioPlan): string => addressText(daemonAddress(plan.family));

const bgpdSocket = (directory: string): string => join(directory, 'bgpd.sock');

const bgpdPeer = (plan: ScenarioPlan, { text, asn, role }: Speaker) => ({
  address: text,
  asn,
  passive: true,
  families: [plan.family === 0 ? 'ipv4-unicast' : 'ipv6-unicast'],
  ...(role === 'witness' ? { export: ['reject-all'] } : {}),
  ...(role !== 'witness' && reflects(plan) ? { routeReflectorClient: true } : {}),
  ...(asn === DAEMON_ASN ? {} : { import: ['accept-all'], export: ['accept-all'] }),
});

const BGPD_RIVAL: Rival = {
  name: 'bgpd',
  program: 'bgpd',
  mostDeliveries: Number.POSITIVE_INFINITY,
  witnesses: true,
  configuration: (plan, speakers, directory) =>
    stringify({
      asn: DAEMON_ASN,
      routerId: ROUTER_ID,
      ...(reflects(plan) ? { routeReflector: { clusterId: ROUTER_ID } } : {}),
      kernel: { backend: 'none' },
      peers: speakers.map((speaker) => bgpdPeer(plan, speaker)),
      api: { socket: bgpdSocket(directory) },
    }),
  command: BGPD.command,
  socket: bgpdSocket,
};

const birdSession = (plan: ScenarioPlan, { text, asn, role }: Speaker, index: number): string => {
  const client = role !== 'witness' && reflects(plan);
  const channel = plan.family === 0 ? 'ipv4' : 'ipv6';
  const exported = role === 'witness' ? 'export none' : 'export where source = RTS_BGP';
  return `
protocol bgp session${index} {
  local ${daemonText(plan)} as ${DAEMON_ASN};
  neighbor ${text} as ${asn};
  passive; hold time 180; error wait time 1, 1; startup hold time 60;
  ${client ? `rr client; rr cluster id ${ROUTER_ID};` : ''}
  ${channel} { import all; ${exported}; };
}`;
};

const BIRD_RIVAL: Rival = {
  name: 'BIRD',
  program: 'bird',
  mostDeliveries: 30_000_000,
  witnesses: true,
  configuration: (plan, speakers) => `
router id ${ROUTER_ID};
log stderr { warning, error, fatal, bug };
protocol device { }
protocol direct { ipv4; ipv6; }
${speakers.map((speaker, index) => birdSession(plan, speaker, index)).join('\n')}
`,
  command: (configFile, directory) => ['bird', ['-f', '-c', configFile, '-s', join(directory, 'bird.ctl')]],
};

const frrFamily = ({ family }: ScenarioPlan): string => (family === 0 ? 'ipv4' : 'ipv6');

const frrActivation = (plan: ScenarioPlan, { text, role }: Speaker): string => {
  const settings = [
    `  neighbor ${text} activate`,
    ...(role === 'witness' ? [`  neighbor ${text} route-map none out`] : []),
    ...(role !== 'witness' && reflects(plan) ? [`  neighbor ${text} route-reflector-client`] : []),
  ];
  return settings.join('\n');
};

/** `coalesce-time 0`: by default it sends nothing to a new peer for up to ten seconds. */
const FRR_RIVAL: Rival = {
  name: 'FRR',
  program: 'frr',
  mostDeliveries: 120_000_000,
  witnesses: true,
  configuration: (plan, speakers) => `
frr defaults traditional
route-map none deny 10
exit
router bgp ${DAEMON_ASN}
 bgp router-id ${ROUTER_ID}
 ${reflects(plan) ? `bgp cluster-id ${ROUTER_ID}` : ''}
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp disable-ebgp-connected-route-check
 no bgp default ipv4-unicast
 coalesce-time 0
${speakers
  .map(
    ({ text, asn }) =>
      ` neighbor ${text} remote-as ${asn}\n neighbor ${text} passive\n neighbor ${text} advertisement-interval 0`,
  )
  .join('\n')}
 address-family ${frrFamily(plan)} unicast
${speakers.map((speaker) => frrActivation(plan, speaker)).join('\n')}
 exit-address-family
exit
`,
  command: (configFile, directory, plan) => {
    const sockets = join(directory, 'vty');
    mkdirSync(sockets, { recursive: true });
    const alone = ['-n', '-Z', '-S', '-u', 'root', '-g', 'root'];
    const files = ['-f', configFile, '-i', join(directory, 'frr.pid'), '--vty_socket', sockets];
    const listens = ['-A', '127.0.0.1', '-P', '0', '-p', '179', '-l', daemonText(plan)];
    return [FRR_PROGRAM, [...alone, ...files, ...listens, '--log', 'stdout', '--log-level', 'warnings']];
  },
};

const gobgpNeighbor = (plan: ScenarioPlan, { text, asn }: Speaker): string => `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${text}"
    peer-as = ${asn}
  [neighbors.transport.config]
    passive-mode = true
  [neighbors.timers.config]
    hold-time = 180.0
    keepalive-interval = 60.0
    idle-hold-time-after-reset = 1.0
${
  reflects(plan)
    ? `  [neighbors.route-reflector.config]
    route-reflector-client = true
    route-reflector-cluster-id = "${ROUTER_ID}"`
    : ''
}
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${plan.family === 0 ? 'ipv4' : 'ipv6'}-unicast"
`;

const GOBGP_RIVAL: Rival = {
  name: 'GoBGP',
  program: 'gobgp',
  mostDeliveries: 60_000,
  witnesses: false,
  configuration: (plan, speakers) => `
[global.config]
  as = ${DAEMON_ASN}
  router-id = "${ROUTER_ID}"
  port = 179
  local-address-list = ["${daemonText(plan)}"]
${speakers.map((speaker) => gobgpNeighbor(plan, speaker)).join('')}
`,
  command: (configFile) => [
    'gobgpd',
    [
      '-t',
      'toml',
      '-f',
      configFile,
      '--log-level',
      'warn',
      '--pprof-disable',
      '--api-hosts',
      '127.0.0.1:50051',
    ],
  ],
};

export const RIVALS = [BGPD_RIVAL, BIRD_RIVAL, FRR_RIVAL, GOBGP_RIVAL] as const;

export const isInstalled = ({ program }: Rival): boolean => {
  switch (program) {
    case 'bgpd':
      return true;
    case 'bird':
      return findProgram('bird') !== null;
    case 'frr':
      return existsSync(FRR_PROGRAM);
    case 'gobgp':
      return findProgram('gobgpd') !== null;
  }
};
