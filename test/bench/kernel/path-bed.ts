// Two hosts and a reflector that all run the same daemon: the first host is the benchmark's own, workloads are programmed
// there; the kernel of the second is watched.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { NetNode } from '../../support/netns.js';
import type { Bed, RunningDaemon } from '../bed.js';
import type { Contestant } from '../contestants.js';
import { ASN, POOL, ROUTE_PROTOCOL, WORKLOAD_INTERFACE } from '../plan.js';
import { Remote } from '../remote.js';
import type { WitnessCalls } from './route-witness.js';

const PLACES = { host: '172.30.1.1', second: '172.30.1.2', reflector: '172.30.1.3' } as const;
type Place = keyof typeof PLACES;
const PLACE_NAMES = ['reflector', 'second', 'host'] as const;

export class PathBed {
  readonly bed: Bed;
  readonly witness: Remote<WitnessCalls>;
  readonly #nodes: Readonly<Record<Place, NetNode>>;

  private constructor(bed: Bed, nodes: Readonly<Record<Place, NetNode>>) {
    this.bed = bed;
    this.#nodes = nodes;
    this.witness = new Remote(nodes.second, join(import.meta.dirname, 'route-witness.js'));
  }

  static async open(bed: Bed): Promise<PathBed> {
    const { network, host } = bed;
    const fabric = await network.addSwitch('fabric');
    const second = await network.addNode('second', { forwarding: true });
    const nodes = { host, second, reflector: await network.addNode('reflector') };
    for (const place of PLACE_NAMES) {
      const end = { node: nodes[place], interface: 'eth1', addresses: [`${PLACES[place]}/24`] };
      await network.plug(end, fabric);
    }
    const path = new PathBed(bed, nodes);
    bed.onClose(() => path.witness.close());
    return path;
  }

  /** The daemon at all three places, the reflector first. */
  async start(contestant: Contestant): Promise<readonly RunningDaemon[]> {
    const daemons: RunningDaemon[] = [];
    for (const place of PLACE_NAMES) {
      const directory = join(this.bed.network.directory, `${place}-${contestant.program}`);
      mkdirSync(directory, { recursive: true });
      const configFile = join(directory, 'daemon.conf');
      const text = contestant.program === 'bird' ? birdText(place) : bgpdText(place, directory);
      writeFileSync(configFile, text);
      const command = contestant.command(configFile, directory);
      daemons.push(await this.bed.launch(this.#nodes[place], contestant.program, command));
    }
    return daemons;
  }

  /** Ends them and leaves no route of theirs. */
  async clear(daemons: readonly RunningDaemon[]): Promise<void> {
    for (const { process } of daemons) await process.stop();
    for (const place of ['host', 'second'] as const)
      await this.#nodes[place].run('ip', ['route', 'flush', 'proto', String(ROUTE_PROTOCOL)]);
    await this.#nodes.host.run('ip', ['route', 'flush', 'dev', WORKLOAD_INTERFACE]);
    await this.witness.call('drain', null);
  }
}

const bgpdText = (place: Place, directory: string): string => {
  const common = { asn: ASN, routerId: PLACES[place], api: { socket: join(directory, 'bgpd.sock') } };
  if (place !== 'reflector') {
    const peers = [{ address: PLACES.reflector, asn: ASN }];
    return stringify({ ...common, kernel: { backend: 'netlink' }, pools: [{ cidr: POOL }], peers });
  }
  const peers = [PLACES.host, PLACES.second].map((address) => ({
    address,
    asn: ASN,
    routeReflectorClient: true,
  }));
  return stringify({
    ...common,
    routeReflector: { clusterId: PLACES.reflector },
    kernel: { backend: 'none' },
    peers,
  });
};

const birdPeer = (place: Place, other: Place, channel: string, more: string): string => `
protocol bgp to_${other} {
  local ${PLACES[place]} as ${ASN};
  neighbor ${PLACES[other]} as ${ASN};
  connect delay time 1; connect retry time 1; error wait time 1, 5;
  ${more}
  ipv4 { import all; ${channel} };
}`;

const BIRD_COMMON = `
log stderr { info, remote, warning, error, auth, fatal, bug };
protocol device { scan time 2; }
protocol direct { ipv4; interface -"${WORKLOAD_INTERFACE}", "*"; }
`;

/** As Calico sets it up, without the log line for every route. */
const birdText = (place: Place): string => {
  if (place === 'reflector') {
    const client = `rr client; rr cluster id ${PLACES.reflector};`;
    const peers = (['host', 'second'] as const).map((other) =>
      birdPeer(place, other, 'export where source = RTS_BGP;', client),
    );
    return `router id ${PLACES[place]};${BIRD_COMMON}${peers.join('\n')}\n`;
  }
  return `router id ${PLACES[place]};${BIRD_COMMON}
protocol kernel {
  ipv4 { import where net ~ [ ${POOL}+ ]; export where source = RTS_BGP; };
  learn; persist; scan time 2; merge paths on;
}
${birdPeer(place, 'reflector', 'export where source = RTS_INHERIT; next hop self; gateway recursive;', '')}
`;
};
