// Workloads as Calico attaches them, and the node agent's part of the work: veth, proxy ARP, host routes.

import type { NetNode, Network } from './netns.js';

export interface WorkloadSpec {
  /** Also names its interface on the host: `cali` + name, 11 letters at most. */
  readonly name: string;
  /** Without prefix length: each becomes a /32 or /128. */
  readonly addresses: readonly string[];
}

/** Calico gives every host-side interface this address; the IPv6 gateway below follows from it (EUI-64). */
const HOST_SIDE_MAC = 'ee:ee:ee:ee:ee:ee';
const GATEWAY_V6 = 'fe80::ecee:eeff:feee:eeee';
/** Nobody owns it: the host answers for it by proxy ARP. */
const GATEWAY_V4 = '169.254.1.1';

/** rtm_protocol of the agent's routes: 3, `boot`. */
const AGENT_PROTOCOL = 3;

export const interfaceOf = (workload: WorkloadSpec): string => `cali${workload.name}`;

const hostPrefix = (address: string): string => (address.includes(':') ? `${address}/128` : `${address}/32`);

const routeLine = (verb: 'add' | 'del', address: string, device: string): string => {
  const family = address.includes(':') ? '-6' : '-4';
  const scope = family === '-4' ? ' scope link' : '';
  return `${family} route ${verb} ${hostPrefix(address)} dev ${device}${scope} proto ${AGENT_PROTOCOL}`;
};

/** `-batch` takes no options in a line, so each family gets its own call. */
const applyRoutes = async (verb: 'add' | 'del', host: NetNode, workload: WorkloadSpec): Promise<void> => {
  const lines = workload.addresses.map((address) => routeLine(verb, address, interfaceOf(workload)));
  for (const line of lines) await host.must('ip', line.split(' '));
};

/** What the agent does when a workload starts: tell the kernel where it is. */
export const programRoutes = (host: NetNode, workload: WorkloadSpec): Promise<void> =>
  applyRoutes('add', host, workload);

export const removeRoutes = (host: NetNode, workload: WorkloadSpec): Promise<void> =>
  applyRoutes('del', host, workload);

const configureInside = async (inside: NetNode, workload: WorkloadSpec): Promise<void> => {
  await inside.ip(
    `route add ${GATEWAY_V4} dev eth0 scope link`,
    `route add default via ${GATEWAY_V4} dev eth0`,
  );
  if (workload.addresses.some((address) => address.includes(':'))) {
    await inside.must('ip', ['-6', 'route', 'add', 'default', 'via', GATEWAY_V6, 'dev', 'eth0']);
  }
};

/** The cable and both ends, without the host's routes. `node` names the workload's namespace, default its name. */
export const attachWorkload = async (
  network: Network,
  host: NetNode,
  workload: WorkloadSpec,
  node = workload.name,
): Promise<NetNode> => {
  const inside = await network.addNode(node);
  const device = interfaceOf(workload);
  await network.connect(
    { node: inside, interface: 'eth0', addresses: workload.addresses.map(hostPrefix) },
    { node: host, interface: device, mac: HOST_SIDE_MAC },
  );
  await host.sysctl(
    `net/ipv4/conf/${device}/proxy_arp=1`,
    `net/ipv4/neigh/${device}/proxy_delay=0`,
    `net/ipv6/conf/${device}/proxy_ndp=1`,
  );
  await configureInside(inside, workload);
  return inside;
};

/** The workload's cable is cut: its namespace stays, its interface on the host is gone with all routes over it. */
export const detachWorkload = async (host: NetNode, workload: WorkloadSpec): Promise<void> => {
  await host.ip(`link del dev ${interfaceOf(workload)}`);
};
