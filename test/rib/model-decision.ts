// The decision of the model, from the RFCs alone: the best route, the multipath set, the best so many. Lists of routes in,
// lists of routes out.

import { compareIp, formatIp, type IpAddress, isLinkLocal } from '../../src/base/ip.js';
import { prefixContainsIp } from '../../src/base/prefix.js';
import type { DecisionOptions } from '../../src/rib/decision-steps.js';
import type { Vantage } from '../../src/rib/export/vantage.js';
import { aigpMetric } from '../../src/wire/attributes/aigp.js';
import type { PathAttributes } from '../../src/wire/types.js';
import type { NeighbourOptions } from './neighbour.js';
import { address } from './routes.js';

export interface ModelPeer {
  readonly options: NeighbourOptions;
  /** As received, by prefix and path id. */
  readonly routes: ReadonlyMap<string, ReadonlyMap<number, PathAttributes>>;
}

export interface ModelRoute {
  readonly from: ModelPeer | 'kernel' | 'static';
  readonly pathId: number;
  readonly attributes: PathAttributes;
  readonly weight: number;
}

/** What the decision looks at besides the routes. */
export interface DecisionWorld {
  readonly decision: DecisionOptions;
  readonly link: (ip: IpAddress) => { readonly reachable: boolean; readonly cost: number };
}

export const isInternal = (type: NeighbourOptions['peerType']): boolean => type !== 'ebgp';

export function nextHopState(world: DecisionWorld, { nextHop }: PathAttributes) {
  const needsNone = nextHop === null || (nextHop.family === 'ipv6' && isLinkLocal(nextHop));
  return needsNone ? { reachable: true, cost: 0 } : world.link(nextHop);
}

/** RFC 9107 3.1: a table in the place of our own costs. */
function costOf(world: DecisionWorld, { attributes }: ModelRoute, vantage: Vantage | null): number {
  const { nextHop } = attributes;
  if (vantage === null) return nextHopState(world, attributes).cost;
  if (nextHop === null) return 0;
  const [longest] = vantage.costs
    .filter(({ prefix }) => prefixContainsIp(prefix, nextHop))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return longest?.cost ?? 0xffffffff;
}

type Key = (route: ModelRoute) => number;

const lowest = (routes: readonly ModelRoute[], key: Key): readonly ModelRoute[] => {
  const least = Math.min(...routes.map(key));
  return routes.filter((route) => key(route) === least);
};

const SOURCES = ['kernel', 'static'];

const sourceRank: Key = ({ from }) => (typeof from === 'string' ? SOURCES.indexOf(from) : 2);
const kind: Key = ({ from }) => (typeof from !== 'string' && isInternal(from.options.peerType) ? 1 : 0);

/** RFC 4271 9.1.2.2 a to c: those that are equal up to MED. */
function equalUpToMed(world: DecisionWorld, routes: readonly ModelRoute[], vantage: Vantage | null) {
  let left = lowest(routes, ({ weight }) => -weight);
  left = lowest(left, ({ attributes }) => -(attributes.localPref ?? 100));
  left = lowest(left, sourceRank);
  left = lowestAigp(world, left, vantage);
  left = lowest(left, ({ attributes }) => pathLength(attributes));
  left = lowest(left, ({ attributes }) => attributes.origin);
  return left.filter((route) => !left.some((other) => beatsByMed(world, other, route)));
}

/** f, g and RFC 4456 9: the best first. */
function inOrder(routes: readonly ModelRoute[]): readonly ModelRoute[] {
  const keys: readonly Key[] = [
    ({ attributes, from }) =>
      attributes.originatorId ?? (typeof from === 'string' ? 0 : from.options.routerId),
    ({ attributes }) => attributes.clusterList.length,
  ];
  return [...routes].sort((a, b) => {
    for (const key of keys) if (key(a) !== key(b)) return key(a) - key(b);
    if (typeof a.from === 'string' || typeof b.from === 'string') return 0;
    return compareIp(address(a.from.options.address), address(b.from.options.address)) || a.pathId - b.pathId;
  });
}

/** RFC 4271 9.1.2.2 with RFC 4456 9. */
export function chooseBest(
  world: DecisionWorld,
  routes: readonly ModelRoute[],
  vantage: Vantage | null = null,
): ModelRoute | null {
  if (routes.length === 0) return null;
  const equal = lowest(equalUpToMed(world, routes, vantage), kind);
  return inOrder(lowest(equal, (route) => costOf(world, route, vantage)))[0]!;
}

/** The best, the best without it, and so on. */
export function chooseRanked(
  world: DecisionWorld,
  routes: readonly ModelRoute[],
  count: number,
  vantage: Vantage | null,
): readonly ModelRoute[] {
  const best = count === 0 ? null : chooseBest(world, routes, vantage);
  if (best === null) return [];
  const others = routes.filter((route) => route !== best);
  return [best, ...chooseRanked(world, others, count - 1, vantage)];
}

/** The best and the others that share its traffic. */
export function chooseMultipath(
  world: DecisionWorld,
  routes: readonly ModelRoute[],
  family: 0 | 1,
  vantage: Vantage | null = null,
): readonly ModelRoute[] {
  const best = chooseBest(world, routes, vantage);
  if (best === null || typeof best.from === 'string') return best === null ? [] : [best];
  const { families, asPathRelax } = world.decision.multipath;
  const { ebgp, ibgp, eibgp } = families[family];
  const limit = eibgp > 1 ? eibgp : kind(best) === 0 ? ebgp : ibgp;
  const cost: Key = (route) => costOf(world, route, vantage);
  const upToMed = equalUpToMed(world, routes, vantage);
  const near = [0, 1].flatMap((which) => {
    const ofKind = inOrder(upToMed.filter((route) => kind(route) === which));
    return eibgp > 1 || which === kind(best) ? inOrder(lowest(ofKind, cost)) : [];
  });
  const set: ModelRoute[] = [best];
  for (const route of near) {
    const sameHop = set.some((member) => hopText(member) === hopText(route));
    const samePath = pathText(route) === pathText(best);
    if (route !== best && !sameHop && (asPathRelax || samePath) && set.length < limit) set.push(route);
  }
  return set;
}

/** A link-local next hop is on the link of its peer. */
export function hopText({ attributes: { nextHop }, from }: ModelRoute): string {
  if (nextHop === null) return 'none';
  const isLocal = nextHop.family === 'ipv6' && isLinkLocal(nextHop);
  return isLocal && typeof from !== 'string'
    ? `${formatIp(nextHop)} ${from.options.address}`
    : formatIp(nextHop);
}

const pathText = ({ attributes: { asPath } }: ModelRoute): string => JSON.stringify(asPath);

/** RFC 7311 4.1. */
function lowestAigp(
  world: DecisionWorld,
  routes: readonly ModelRoute[],
  vantage: Vantage | null,
): readonly ModelRoute[] {
  const total = (route: ModelRoute): bigint | null => {
    const metric = aigpMetric(route.attributes.aigp);
    if (metric === null) return null;
    const sum = metric + BigInt(costOf(world, route, vantage));
    return sum < 1n << 64n ? sum : (1n << 64n) - 1n;
  };
  const totals = routes.map(total).filter((sum) => sum !== null);
  if (totals.length === 0) return routes;
  const [least] = totals.sort((a, b) => (a < b ? -1 : 1));
  return routes.filter((route) => total(route) === least);
}

const pathLength = ({ asPath }: PathAttributes): number =>
  asPath.reduce((sum, { kind, asns }) => sum + (kind === 'sequence' ? asns.length : 1), 0);

const neighbourAs = ({ asPath }: PathAttributes): number =>
  asPath[0]?.kind === 'sequence' ? asPath[0].asns[0]! : 0;

function beatsByMed({ decision }: DecisionWorld, a: ModelRoute, b: ModelRoute): boolean {
  const missing = decision.missingMedAsWorst ? 0xffffffff : 0;
  const compared = decision.alwaysCompareMed || neighbourAs(a.attributes) === neighbourAs(b.attributes);
  return compared && (a.attributes.med ?? missing) < (b.attributes.med ?? missing);
}
