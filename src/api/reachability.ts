// Why an address can be reached from this host or cannot: the route it takes, what became of the routes it could take, the
// kernel's part, and who might have told more. Pure: reads the status model, asks nobody.

import { formatIp, type IpAddress, isLinkLocal, parseIp } from '../base/ip.js';
import { formatPrefix, makePrefix, maxLength, parsePrefix, prefixContainsIp } from '../base/prefix.js';
import type { KernelReport, PoolStatus, RouteStatus, StatusSource } from './model/types.js';
import { wholeList } from './route-listing.js';

export interface Reachability {
  readonly address: string;
  /** `here`: the host's own or a workload's of this host. `unknown`: routed, but this daemon installs no routes. */
  readonly verdict: 'here' | 'reachable' | 'unreachable' | 'unknown';
  readonly answer: string;
  readonly findings: readonly Finding[];
}

/** One thing that was looked at; `bad` explains the verdict. */
export interface Finding {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly text: string;
}

type Verdict = Pick<Reachability, 'verdict' | 'answer' | 'findings'>;

const bad = (text: string): Finding => ({ tone: 'bad', text });
const warn = (text: string): Finding => ({ tone: 'warn', text });
const good = (text: string): Finding => ({ tone: 'good', text });

export function explainReachability(address: IpAddress, source: StatusSource): Reachability {
  const text = formatIp(address);
  const kernel = source.kernel();
  const verdict = hereVerdict(text, address, kernel) ?? routedVerdict(text, address, kernel, source);
  return { address: text, ...verdict };
}

function hereVerdict(text: string, address: IpAddress, kernel: KernelReport | null): Verdict | null {
  const own = kernel?.links.find(({ addresses }) => addresses.some((each) => each.split('/')[0] === text));
  if (own !== undefined) {
    const findings = own.up ? [] : [bad(`the interface ${own.name} is down`)];
    return { verdict: 'here', answer: `an address of this host, on ${own.name}`, findings };
  }
  const host = `${text}/${maxLength(address.family)}`;
  const workload = kernel?.workloadRoutes.find(({ prefix }) => prefix === host);
  if (workload === undefined) return null;
  return { verdict: 'here', answer: `a workload of this host, behind ${workload.interface}`, findings: [] };
}

function routedVerdict(
  text: string,
  address: IpAddress,
  kernel: KernelReport | null,
  source: StatusSource,
): Verdict {
  const { used, passedOver } = routesTo(address, source);
  const refused = passedOver.map((route) =>
    bad(`${route.prefix} from ${route.source} is not used: ${route.decision}`),
  );
  if (used === null) {
    const near = kernel?.links.find(({ addresses }) => addresses.some((own) => isNeighbour(own, address)));
    if (near !== undefined)
      return { verdict: 'reachable', answer: `a host in the subnet of ${near.name}`, findings: refused };
    const answer = `bgpd has no usable route to ${text}`;
    return { verdict: 'unreachable', answer, findings: [...refused, ...whoMightKnow(source)] };
  }
  const trouble = [...onRoute(used, poolOf(address, source)), ...inKernel(used, kernel)];
  const findings = [...refused, ...trouble];
  const answer = `${used.prefix} from ${used.source}${used.nextHop === null ? '' : ` via ${used.nextHop}`}`;
  if (kernel === null)
    return { verdict: 'unknown', answer: `${answer}; this daemon installs no routes`, findings };
  const failed = trouble.some(({ tone }) => tone === 'bad');
  return { verdict: failed ? 'unreachable' : 'reachable', answer, findings };
}

/** `own`: an address with the length of its subnet. */
function isNeighbour(own: string, address: IpAddress): boolean {
  const [host = '', length = ''] = own.split('/');
  const ip = parseIp(host);
  return ip !== null && !isLinkLocal(ip) && prefixContainsIp(makePrefix(ip, Number(length)), address);
}

interface Found {
  /** The best path of the longest prefix that has one. */
  readonly used: RouteStatus | null;
  /** Paths of longer prefixes, none of which can be used. */
  readonly passedOver: readonly RouteStatus[];
}

function routesTo(address: IpAddress, source: StatusSource): Found {
  const passedOver: RouteStatus[] = [];
  for (let length = maxLength(address.family); length >= 0; length--) {
    const answer = source.routes({ prefix: formatPrefix(makePrefix(address, length)), all: true });
    if (typeof answer === 'string') continue;
    const { routes } = wholeList(answer);
    const best = routes.find((route) => route.best);
    if (best !== undefined) return { used: best, passedOver };
    passedOver.push(...routes);
  }
  return { used: null, passedOver };
}

function poolOf(address: IpAddress, source: StatusSource): PoolStatus | null {
  const holds = ({ cidr }: PoolStatus): boolean => {
    const prefix = parsePrefix(cidr);
    return prefix !== null && prefixContainsIp(prefix, address);
  };
  return source.pools().find(holds) ?? null;
}

/** A block of this host that no workload's own route is inside of: packets end there. */
const isOwnBlock = ({ sourceType }: RouteStatus): boolean =>
  sourceType === 'aggregate' || sourceType === 'static' || sourceType === 'service';

function onRoute(route: RouteStatus, pool: PoolStatus | null): readonly Finding[] {
  const findings: Finding[] = [good(`${route.prefix}: ${route.decision}`)];
  if (isOwnBlock(route))
    findings.push(bad(`${route.prefix} begins at this host, and no workload here has the address`));
  if (route.stale) findings.push(warn(`${route.source} restarts and has not told this route again`));
  if (pool !== null && pool.problem !== null)
    findings.push(bad(`pool ${pool.cidr} (${pool.encapsulation}): ${pool.problem}`));
  return findings;
}

function inKernel(route: RouteStatus, kernel: KernelReport | null): readonly Finding[] {
  if (kernel === null) return [];
  const state = route.kernel ?? 'unknown';
  const findings = [(IN_FORCE.includes(state) ? good : bad)(`in the kernel: ${state}`)];
  const lost = kernel.gateways.lost.find(({ address }) => address === route.nextHop);
  if (lost !== undefined)
    findings.push(
      bad(`the gateway ${lost.address} has not answered on ${lost.interface} since ${lost.since}`),
    );
  const fight = kernel.drift.fights.find(({ prefix }) => prefix === route.prefix);
  if (fight !== undefined)
    findings.push(bad(`${fight.by ?? 'somebody'} changes the kernel's route again and again`));
  return findings;
}

/** What the kernel does with the best path when all is well. */
const IN_FORCE: readonly string[] = ['installed', 'local'];

/** Without any route: those who should have told one. */
function whoMightKnow(source: StatusSource): readonly Finding[] {
  const peers = [...source.peerSummaries()];
  const down = peers.filter(({ enabled, state }) => enabled && state !== 'Established');
  const findings = [
    ...down.map(({ name, state, reason }) =>
      bad(`neighbor ${name} is ${state}: ${reason ?? 'no reason known'}`),
    ),
    ...peers.filter(({ enabled }) => !enabled).map(({ name }) => warn(`neighbor ${name} is switched off`)),
    ...peers.flatMap(({ name, notes }) => notes.map((note) => warn(`neighbor ${name}: ${note}`))),
  ];
  if (peers.length === 0) return [bad('there are no neighbors')];
  if (down.length > 0) return findings;
  const all = `all ${peers.length} neighbors that are switched on are up, and none of them announces it`;
  return [...findings, bad(`${all}: ask the host that should have it, and the reflector`)];
}
