// The programs that are compared: how each is configured and started for the same job. Starts nothing itself.

import { join } from 'node:path';
import { stringify } from 'yaml';
import { ASN, HOST_ADDRESS, POOL, type SessionPlan, WORKLOAD_INTERFACE } from './plan.js';

export interface Contestant {
  /** Column head, also names its files. */
  readonly name: string;
  readonly program: 'bgpd' | 'bird';
  readonly configuration: (sessions: readonly SessionPlan[], directory: string) => string;
  readonly command: (configFile: string, directory: string) => readonly [string, readonly string[]];
}

/** From this file as compiled, dist/test/bench/. */
const BGPD_PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'daemon', 'main.js');

const bgpdConfiguration = (sessions: readonly SessionPlan[], directory: string): string =>
  stringify({
    asn: ASN,
    routerId: HOST_ADDRESS,
    kernel: { backend: 'netlink' },
    pools: [{ cidr: POOL }],
    peers: sessions.map(({ address, holdTime }) => ({ address, asn: ASN, timers: { hold: holdTime } })),
    api: { socket: join(directory, 'bgpd.sock') },
    log: { level: 'info', format: 'json' },
  });

export const BGPD: Contestant = {
  name: 'bgpd',
  program: 'bgpd',
  configuration: bgpdConfiguration,
  command: (configFile) => [process.execPath, [BGPD_PROGRAM, '--config', configFile]],
};

/** Calico's settings, without the log line for every route that it asks of BIRD by default. */
const birdSession = ({ address, holdTime }: SessionPlan, index: number, connectDelay: number): string => `
protocol bgp session${index} {
  local ${HOST_ADDRESS} as ${ASN};
  neighbor ${address} as ${ASN};
  multihop;
  hold time ${holdTime};
  connect delay time ${connectDelay}; connect retry time 5; error wait time 5, 30;
  ipv4 { import all; export where source = RTS_INHERIT; gateway recursive; };
}`;

const birdConfiguration = (sessions: readonly SessionPlan[], connectDelay: number): string => `
router id ${HOST_ADDRESS};
log stderr { info, remote, warning, error, auth, fatal, bug };
protocol device { scan time 2; }
protocol direct { ipv4; interface -"${WORKLOAD_INTERFACE}", "*"; }
protocol kernel {
  ipv4 { import where net ~ [ ${POOL}+ ]; export where source = RTS_BGP; };
  learn; persist; scan time 2; merge paths on;
}
${sessions.map((session, index) => birdSession(session, index, connectDelay)).join('\n')}
`;

const birdWith = (name: string, connectDelay: number): Contestant => ({
  name,
  program: 'bird',
  configuration: (sessions) => birdConfiguration(sessions, connectDelay),
  command: (configFile, directory) => ['bird', ['-f', '-c', configFile, '-s', join(directory, 'bird.ctl')]],
});

/** Calico's connect delay. */
export const BIRD: Contestant = birdWith('BIRD', 2);
/** Calico does not set it so; 1 s is the least that BIRD knows, and it takes off up to a quarter at random. */
export const BIRD_LEAST_DELAY: Contestant = birdWith('BIRD, 1 s delay', 1);
