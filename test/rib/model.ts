// What the RIB should hold and tell, worked out from scratch and from the RFCs alone: no ids, no memos, no increments.

import type { FamilyIndex } from '../../src/base/family.js';
import { type IpAddress, ipFromBytes, isLinkLocal } from '../../src/base/ip.js';
import { prefixWords } from '../../src/base/prefix.js';
import type { CompiledPolicy, PolicyVerdict } from '../../src/rib/hooks.js';
import { NO_LOCAL_FACTS } from '../../src/wire/attributes/local-facts.js';
import { encodeBlock } from '../../src/wire/block.js';
import type { AttributeEdits, PathAttributes } from '../../src/wire/types.js';
import {
  chooseBest,
  chooseMultipath,
  chooseRanked,
  type DecisionWorld,
  isInternal,
  type ModelPeer,
  type ModelRoute,
  nextHopState,
} from './model-decision.js';
import { familyOf, prefix as parse } from './routes.js';
import { CLUSTER_ID, LOCAL_ASN, OTHER_CLUSTER_ID, ROUTER_ID } from './test-rib.js';

export type { ModelPeer, ModelRoute } from './model-decision.js';

export interface ModelWorld extends DecisionWorld {
  readonly reflector: boolean;
  /** Those with a session, and those that are expected back. */
  readonly peers: readonly ModelPeer[];
  readonly kernel: ReadonlyMap<string, PathAttributes>;
  readonly originated: ReadonlyMap<string, PathAttributes>;
}

const OUR_CLUSTERS = [CLUSTER_ID, OTHER_CLUSTER_ID];

/** The best route of a prefix, or null. */
export const bestRoute = (world: ModelWorld, prefix: string): ModelRoute | null =>
  chooseBest(world, usableRoutes(world, prefix));

/** The routes that share the traffic of a prefix: none, one, or more. */
export const multipathRoutes = (world: ModelWorld, prefix: string): readonly ModelRoute[] =>
  chooseMultipath(world, usableRoutes(world, prefix), familyOf(prefix));

export function usableRoutes(world: ModelWorld, prefix: string): readonly ModelRoute[] {
  const local = (from: 'kernel' | 'static', attributes: PathAttributes | undefined): ModelRoute[] =>
    attributes === undefined ? [] : [{ from, pathId: 0, attributes, weight: world.decision.localWeight }];
  return [
    ...local('kernel', world.kernel.get(prefix)),
    ...local('static', world.originated.get(prefix)),
    ...world.peers.flatMap((peer) => learnedRoutes(world, peer, prefix)),
  ];
}

function learnedRoutes(world: ModelWorld, from: ModelPeer, prefix: string): readonly ModelRoute[] {
  return [...(from.routes.get(prefix) ?? [])].flatMap(([pathId, received]) => {
    if (isLoop(world, from, received)) return [];
    const verdict = ask(from.options.importPolicy, prefix, 'bgp', received);
    if (verdict.action === 'reject') return [];
    const attributes = edited(received, verdict.edits);
    const route = { from, pathId, attributes, weight: attributes.local.weight ?? 0 };
    return nextHopState(world, attributes).reachable ? [route] : [];
  });
}

function isLoop(world: ModelWorld, from: ModelPeer, received: PathAttributes): boolean {
  if (received.asPath.some(({ asns }) => asns.includes(LOCAL_ASN))) return true;
  if (!isInternal(from.options.peerType)) return false;
  return (
    received.originatorId === ROUTER_ID ||
    (world.reflector && received.clusterList.some((id) => OUR_CLUSTERS.includes(id)))
  );
}

/** What `to` should have been told of the prefix: nothing, one route, or with ADD-PATH several. */
export function toldRoutes(world: ModelWorld, to: ModelPeer, prefix: string): readonly PathAttributes[] {
  if (!to.options.families[familyOf(prefix)]) return [];
  return chosenRoutes(world, to, prefix).flatMap((route) =>
    route.from === to ? [] : (asTold(world, route, to, prefix) ?? []),
  );
}

function chosenRoutes(world: ModelWorld, to: ModelPeer, prefix: string): readonly ModelRoute[] {
  const family = familyOf(prefix);
  const { addPath, vantage, ownBest } = to.options;
  const routes = usableRoutes(world, prefix);
  const choice = addPath[family];
  switch (choice?.kind) {
    case 'all':
      return routes;
    case 'best':
      return chooseRanked(world, routes, choice.count, vantage);
    case 'ecmp':
      return chooseMultipath(world, routes, family, vantage);
    case undefined: {
      const ranked = chooseRanked(world, routes, ownBest ? routes.length : 1, vantage);
      const own = ranked.find((route) => asTold(world, route, to, prefix) !== null);
      return ownBest ? ranked.filter((route) => route === own) : ranked;
    }
  }
}

function asTold(world: ModelWorld, best: ModelRoute, to: ModelPeer, prefix: string): PathAttributes | null {
  if (!mayTell(world, best.from, to) || !communitiesAllow(best.attributes, to)) return null;
  const family = familyOf(prefix);
  const source = typeof best.from === 'string' ? best.from : 'bgp';
  const verdict = ask(to.options.exportPolicy, prefix, source, best.attributes);
  const nextHop = toldNextHop(best, to, family);
  if (verdict.action === 'reject' || nextHop === null) return null;
  const isReplaced = nextHop !== best.attributes.nextHop;
  const told = {
    ...asSent(best, to),
    nextHop,
    linkLocalNextHop: null,
    local: NO_LOCAL_FACTS,
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
    // RFC 4360 6.
    const extendedCommunities = attributes.extendedCommunities.filter(([type]) => (type! & 0x40) === 0);
    return { ...reflected, asPath: prepended(attributes), med, localPref: null, extendedCommunities };
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
  ...(edits?.weight === undefined ? {} : { local: { ...attributes.local, weight: edits.weight } }),
});
