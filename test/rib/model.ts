// What the RIB should hold and tell, worked out from scratch and from the RFCs alone: no ids, no memos, no increments.

import type { FamilyIndex } from '../../src/base/family.js';
import { compareIp, type IpAddress, ipFromBytes, isLinkLocal } from '../../src/base/ip.js';
import { prefixWords } from '../../src/base/prefix.js';
import type { DecisionOptions } from '../../src/rib/decision.js';
import type { CompiledPolicy, PolicyVerdict } from '../../src/rib/hooks.js';
import { aigpMetric } from '../../src/wire/attributes/aigp.js';
import { encodeBlock } from '../../src/wire/block.js';
import type { AttributeEdits, PathAttributes } from '../../src/wire/types.js';
import type { NeighbourOptions } from './neighbour.js';
import { address, familyOf, prefix as parse } from './routes.js';
import { CLUSTER_ID, LOCAL_ASN, OTHER_CLUSTER_ID, ROUTER_ID } from './test-rib.js';

export interface ModelPeer {
  readonly options: NeighbourOptions;
  /** As received, by prefix. */
  readonly routes: ReadonlyMap<string, PathAttributes>;
}

export interface ModelWorld {
  readonly reflector: boolean;
  readonly decision: DecisionOptions;
  /** Those with a session. */
  readonly peers: readonly ModelPeer[];
  readonly kernel: ReadonlyMap<string, PathAttributes>;
  readonly originated: ReadonlyMap<string, PathAttributes>;
  readonly link: (ip: IpAddress) => { readonly reachable: boolean; readonly cost: number };
}

export interface ModelRoute {
  readonly from: ModelPeer | 'kernel' | 'static';
  readonly attributes: PathAttributes;
}

const OUR_CLUSTERS = [CLUSTER_ID, OTHER_CLUSTER_ID];

export const isInternal = (type: NeighbourOptions['peerType']): boolean => type !== 'ebgp';

/** The best route of a prefix, or null. */
export function bestRoute(world: ModelWorld, prefix: string): ModelRoute | null {
  const kernel = world.kernel.get(prefix);
  if (kernel !== undefined) return { from: 'kernel', attributes: kernel };
  const originated = world.originated.get(prefix);
  if (originated !== undefined) return { from: 'static', attributes: originated };
  const learned = world.peers.flatMap((peer) => learnedRoute(world, peer, prefix));
  return chooseLearned(world, learned);
}

interface Learned extends ModelRoute {
  readonly from: ModelPeer;
}

function learnedRoute(world: ModelWorld, from: ModelPeer, prefix: string): readonly Learned[] {
  const received = from.routes.get(prefix);
  if (received === undefined || isLoop(world, from, received)) return [];
  const verdict = ask(from.options.importPolicy, prefix, 'bgp', received);
  if (verdict.action === 'reject') return [];
  const attributes = edited(received, verdict.edits);
  return nextHopState(world, attributes).reachable ? [{ from, attributes }] : [];
}

function isLoop(world: ModelWorld, from: ModelPeer, received: PathAttributes): boolean {
  if (received.asPath.some(({ asns }) => asns.includes(LOCAL_ASN))) return true;
  if (!isInternal(from.options.peerType)) return false;
  return (
    received.originatorId === ROUTER_ID ||
    (world.reflector && received.clusterList.some((id) => OUR_CLUSTERS.includes(id)))
  );
}

function nextHopState(world: ModelWorld, { nextHop }: PathAttributes) {
  const needsNone = nextHop === null || (nextHop.family === 'ipv6' && isLinkLocal(nextHop));
  return needsNone ? { reachable: true, cost: 0 } : world.link(nextHop);
}

/** RFC 4271 9.1.2.2 with RFC 4456 9. */
function chooseLearned(world: ModelWorld, routes: readonly Learned[]): Learned | null {
  let left = routes;
  const keep = (value: (route: Learned) => number): void => {
    const lowest = Math.min(...left.map(value));
    left = left.filter((route) => value(route) === lowest);
  };
  keep(({ attributes }) => -(attributes.localPref ?? 100));
  left = lowestAigp(world, left);
  keep(({ attributes }) => pathLength(attributes));
  keep(({ attributes }) => attributes.origin);
  left = left.filter((route) => !left.some((other) => beatsByMed(world, other, route)));
  keep(({ from }) => (isInternal(from.options.peerType) ? 1 : 0));
  keep(({ attributes }) => nextHopState(world, attributes).cost);
  keep(({ attributes, from }) => attributes.originatorId ?? from.options.routerId);
  keep(({ attributes }) => attributes.clusterList.length);
  const byAddress = (a: Learned, b: Learned): number =>
    compareIp(address(a.from.options.address), address(b.from.options.address));
  return [...left].sort(byAddress)[0] ?? null;
}

/** RFC 7311 4.1. */
function lowestAigp(world: ModelWorld, routes: readonly Learned[]): readonly Learned[] {
  const total = ({ attributes }: Learned): bigint | null => {
    const metric = aigpMetric(attributes.aigp);
    if (metric === null) return null;
    const sum = metric + BigInt(nextHopState(world, attributes).cost);
    return sum < 1n << 64n ? sum : (1n << 64n) - 1n;
  };
  const totals = routes.map(total).filter((sum) => sum !== null);
  if (totals.length === 0) return routes;
  const [lowest] = totals.sort((a, b) => (a < b ? -1 : 1));
  return routes.filter((route) => total(route) === lowest);
}

const pathLength = ({ asPath }: PathAttributes): number =>
  asPath.reduce((sum, { kind, asns }) => sum + (kind === 'sequence' ? asns.length : 1), 0);

const neighbourAs = ({ asPath }: PathAttributes): number =>
  asPath[0]?.kind === 'sequence' ? asPath[0].asns[0]! : 0;

function beatsByMed({ decision }: ModelWorld, a: Learned, b: Learned): boolean {
  const missing = decision.missingMedAsWorst ? 0xffffffff : 0;
  const compared = decision.alwaysCompareMed || neighbourAs(a.attributes) === neighbourAs(b.attributes);
  return compared && (a.attributes.med ?? missing) < (b.attributes.med ?? missing);
}

/** What `to` should have been told of the prefix, or null. */
export function toldRoute(world: ModelWorld, to: ModelPeer, prefix: string): PathAttributes | null {
  const best = bestRoute(world, prefix);
  const family = familyOf(prefix);
  if (best === null || best.from === to || !to.options.families[family]) return null;
  if (!mayTell(world, best.from, to) || !communitiesAllow(best.attributes, to)) return null;
  const source = typeof best.from === 'string' ? best.from : 'bgp';
  const verdict = ask(to.options.exportPolicy, prefix, source, best.attributes);
  const nextHop = toldNextHop(best, to, family);
  if (verdict.action === 'reject' || nextHop === null) return null;
  const isReplaced = nextHop !== best.attributes.nextHop;
  const told = {
    ...asSent(best, to),
    nextHop,
    linkLocalNextHop: null,
    // RFC 7311 3.3 and 3.4.3.
    ...(isReplaced || !isInternal(to.options.peerType) ? { aigp: [] } : {}),
  };
  return edited(told, verdict.edits);
}

/** RFC 4456 6: between internal peers only a reflector passes on, and only from or to a client. */
function mayTell(world: ModelWorld, from: ModelRoute['from'], to: ModelPeer): boolean {
  if (typeof from === 'string') return true;
  const types = [from.options.peerType, to.options.peerType];
  if (!types.every(isInternal)) return true;
  const { options } = from;
  const isOwnCluster =
    types.every((type) => type === 'ibgpClient') && options.clusterId === to.options.clusterId;
  if (isOwnCluster && !to.options.clientToClient) return false;
  return world.reflector && types.includes('ibgpClient');
}

/** RFC 1997. */
function communitiesAllow({ communities }: PathAttributes, to: ModelPeer): boolean {
  if (communities.includes(0xffffff02)) return false;
  return isInternal(to.options.peerType) || !communities.includes(0xffffff01);
}

function toldNextHop(
  { from, attributes: { nextHop } }: ModelRoute,
  to: ModelPeer,
  family: FamilyIndex,
): IpAddress | null {
  const self = to.options.nextHopSelf[family];
  const ours = self === null ? null : ipFromBytes(self, 0, family === 0 ? 4 : 16);
  const reflected =
    typeof from !== 'string' && isInternal(from.options.peerType) && isInternal(to.options.peerType);
  const replace = (to.options.alwaysNextHopSelf && !reflected) || nextHop === null;
  return replace || (nextHop.family === 'ipv6' && isLinkLocal(nextHop)) ? ours : nextHop;
}

function asSent({ from, attributes }: ModelRoute, to: ModelPeer): PathAttributes {
  const reflected = { ...attributes, originatorId: null, clusterList: [] };
  if (!isInternal(to.options.peerType)) {
    const med = typeof from === 'string' ? attributes.med : null;
    return { ...reflected, asPath: prepended(attributes), med, localPref: null };
  }
  if (typeof from === 'string' || !isInternal(from.options.peerType)) {
    return { ...attributes, localPref: attributes.localPref ?? 100 };
  }
  return {
    ...attributes,
    originatorId: attributes.originatorId ?? from.options.routerId,
    clusterList: [from.options.clusterId, ...attributes.clusterList],
  };
}

function prepended({ asPath }: PathAttributes): PathAttributes['asPath'] {
  const [first, ...rest] = asPath;
  if (first?.kind === 'sequence') return [{ kind: 'sequence', asns: [LOCAL_ASN, ...first.asns] }, ...rest];
  return [{ kind: 'sequence', asns: [LOCAL_ASN] }, ...asPath];
}

function ask(
  policy: CompiledPolicy,
  prefix: string,
  source: 'kernel' | 'static' | 'bgp',
  attributes: PathAttributes,
): PolicyVerdict {
  const [w0, w1, w2, w3] = prefixWords(parse(prefix));
  const { length } = parse(prefix);
  const bytes = encodeBlock(attributes);
  return policy.evaluate({
    family: familyOf(prefix),
    w0,
    w1,
    w2,
    w3,
    length,
    source,
    peer: null,
    session: null,
    self: null,
    bytes,
    start: 0,
    end: bytes.length,
    rpki: () => 'notFound',
  });
}

const edited = (attributes: PathAttributes, edits: AttributeEdits | null): PathAttributes => ({
  ...attributes,
  ...(edits?.med === undefined ? {} : { med: edits.med }),
  ...(edits?.localPref === undefined ? {} : { localPref: edits.localPref }),
});
