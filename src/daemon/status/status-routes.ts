// Routes as the API shows them: look-ups, what a peer told us, what a peer was told, each with its reason.

import type { RouteList, RouteQuery, RouteStatus } from '../../api/model/types.js';
import { type FamilyIndex, familyIndex } from '../../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import { parseIp } from '../../base/ip.js';
import { formatPrefix, type Prefix, parsePrefix } from '../../base/prefix.js';
import type { PoolConfig } from '../../config/types.js';
import type { FibProblem, Kernel } from '../../kernel/types.js';
import type { UpdateGroup } from '../../rib/export/update-group.js';
import {
  explainPrefix,
  findPrefix,
  livePrefixes,
  longestMatch,
  type PathView,
  prefixOf,
} from '../../rib/views.js';
import { decodeBlock } from '../../wire/block.js';
import { poolOf } from '../routes/overlay.js';
import type { Speaker } from '../speaker.js';
import { attributeStatus } from './status-attributes.js';

const DEFAULT_LIMIT = 1000;

type Row = readonly [family: FamilyIndex, prefix: PrefixId];

/** Routes that answer the query, or why there can be no answer. */
export function queryRoutes(speaker: Speaker, query: RouteQuery): RouteList | string {
  const rows = selectRows(speaker, query);
  if (typeof rows === 'string') return rows;
  const filter = peerFilter(speaker, query);
  if (typeof filter === 'string') return filter;
  const limit = query.limit ?? DEFAULT_LIMIT;
  const routes: RouteStatus[] = [];
  let total = 0;
  for (const [family, prefix] of rows) {
    for (const route of filter(family, prefix)) {
      if (total++ >= limit) continue;
      const shown = route();
      if (shown !== null) routes.push(shown);
    }
  }
  return { routes, total };
}

function selectRows(speaker: Speaker, query: RouteQuery): Iterable<Row> | string {
  if (query.prefix === undefined) return allRows(speaker, query);
  const address = parseIp(query.prefix);
  if (address !== null) {
    const family = address.family === 'ipv4' ? 0 : 1;
    const found = longestMatch(speaker.rib, address);
    return found === NONE ? [] : [[family, found as PrefixId]];
  }
  const prefix = parsePrefix(query.prefix);
  if (prefix === null) return `${query.prefix} is neither an address nor a prefix without host bits`;
  const found = findPrefix(speaker.rib, prefix);
  const held =
    found !== NONE &&
    speaker.rib.prefixes[prefix.address.family === 'ipv4' ? 0 : 1].isLive(found as PrefixId);
  return held ? [[prefix.address.family === 'ipv4' ? 0 : 1, found as PrefixId]] : [];
}

function* allRows(speaker: Speaker, query: RouteQuery): Generator<Row> {
  for (const family of [0, 1] as const) {
    if (query.family !== undefined && familyIndex(query.family) !== family) continue;
    for (const prefix of livePrefixes(speaker.rib, family)) yield [family, prefix];
  }
}

/** The routes of one prefix that the query asks for, each made only when it is to be shown. */
type RowFilter = (family: FamilyIndex, prefix: PrefixId) => readonly (() => RouteStatus | null)[];

function peerFilter(speaker: Speaker, query: RouteQuery): RowFilter | string {
  const tell = teller(speaker);
  if (query.peer === undefined)
    return (family, prefix) => locRibRoutes(speaker, tell, family, prefix, query.all === true);
  const peer = speaker.peers.find(query.peer);
  if (peer === null) return `no peer has the name or address ${query.peer}`;
  const { ribId } = peer;
  if (ribId === null) return `peer ${peer.name} is not established, so it has no routes`;
  if (query.direction !== 'out') {
    return (family, prefix) => learnedRoutes(speaker, tell, family, prefix, ribId);
  }
  const group = speaker.rib.groups.of(ribId);
  return (family, prefix) => (group === null ? [] : toldRoutes(speaker, family, prefix, ribId, group));
}

function locRibRoutes(speaker: Speaker, tell: Teller, family: FamilyIndex, prefix: PrefixId, all: boolean) {
  const views = (): readonly PathView[] => explainPrefix(speaker.rib, family, prefix);
  if (all) return views().map((view) => () => tell(family, prefix, view));
  // Explaining is only paid for where it is shown. The path may have gone since the last decision.
  const best = (): RouteStatus | null => {
    const view = views().find((candidate) => candidate.best);
    return view === undefined ? null : tell(family, prefix, view);
  };
  return speaker.rib.prefixes[family].best[prefix] === NONE ? [] : [best];
}

function learnedRoutes(speaker: Speaker, tell: Teller, family: FamilyIndex, prefix: PrefixId, peer: PeerId) {
  const { rib } = speaker;
  if (!rib.paths[family].has(rib.prefixes[family].head[prefix]!, peer)) return [];
  return explainPrefix(rib, family, prefix)
    .filter((view) => view.peer === peer)
    .map((view) => () => tell(family, prefix, view));
}

function toldRoutes(
  speaker: Speaker,
  family: FamilyIndex,
  prefix: PrefixId,
  peer: PeerId,
  group: UpdateGroup,
) {
  return toldPaths(group, family, prefix, speaker.rib.prefixes[family].best[prefix]!)
    .filter(({ source }) => source !== peer)
    .map(({ attrs, source, pathId, best }) => () => ({
      ...attributeStatus(decodeBlock(speaker.rib.attrSets.block(attrs))),
      prefix: formatPrefix(prefixOf(speaker.rib, family, prefix)),
      best,
      multipath: false,
      stale: false,
      pathId,
      weight: 0,
      ...sourceStatus(speaker, source),
      decision: `advertised in update group ${group.id}`,
      kernel: null,
    }));
}

interface ToldPath {
  readonly attrs: AttrSetId;
  readonly source: PeerId;
  readonly pathId: number | null;
  readonly best: boolean;
}

function toldPaths(
  group: UpdateGroup,
  family: FamilyIndex,
  prefix: PrefixId,
  best: number,
): readonly ToldPath[] {
  const out = group.adjRibOut[family];
  if (out.kind === 'single') {
    const attrs = out.attrsOf(prefix);
    return attrs === NONE
      ? []
      : [{ attrs: attrs as AttrSetId, source: out.sourceOf(prefix) as PeerId, pathId: null, best: true }];
  }
  const told: ToldPath[] = [];
  for (let row = out.head(prefix); row !== NONE; row = out.next[row]!) {
    const [attrs, source] = [out.attrs[row]! as AttrSetId, out.source[row]! as PeerId];
    told.push({ attrs, source, pathId: out.pathId[row]!, best: out.path[row] === best });
  }
  return told.sort((a, b) => (a.pathId ?? 0) - (b.pathId ?? 0));
}

type Teller = (family: FamilyIndex, prefix: PrefixId, view: PathView) => RouteStatus;

/** Tells the routes of one query: the kernel is asked for its problems once. */
function teller(speaker: Speaker): Teller {
  let problems: ReadonlyMap<string, FibProblem> | null = null;
  const problemOf: ProblemOf = (kernel, prefix) => {
    problems ??= new Map(kernel.status().fib.problems.map((each) => [formatPrefix(each.prefix), each]));
    return problems.get(formatPrefix(prefix));
  };
  return (family, prefix, view) => ({
    ...attributeStatus(view.attributes),
    prefix: formatPrefix(prefixOf(speaker.rib, family, prefix)),
    best: view.best,
    multipath: view.multipath,
    stale: view.stale,
    pathId: hasPathIds(speaker, family, view.peer) ? view.pathId : null,
    weight: view.weight,
    ...sourceStatus(speaker, view.peer),
    decision: view.decision,
    kernel: view.best || view.multipath ? kernelState(speaker, problemOf, family, prefix, view.peer) : null,
  });
}

const hasPathIds = (speaker: Speaker, family: FamilyIndex, peer: PeerId): boolean =>
  speaker.peerOf(peer)?.session?.decode.addPath[family] ?? false;

type ProblemOf = (kernel: Kernel, prefix: Prefix) => FibProblem | undefined;

function sourceStatus(speaker: Speaker, peer: PeerId): Pick<RouteStatus, 'source' | 'sourceType'> {
  if (peer < FIRST_PEER) {
    const { source } = speaker.rib.sources.get(peer).origin;
    return { source, sourceType: source === 'bgp' ? 'ibgp' : source };
  }
  const { peerType } = speaker.rib.sources.get(peer).origin;
  return {
    source: speaker.peerOf(peer)?.name ?? 'a peer that just left',
    sourceType: peerType === 'ebgp' || peerType === 'confed' ? peerType : 'ibgp',
  };
}

/** What became of a best path in the kernel. */
function kernelState(
  { config, kernel, fib, rib }: Speaker,
  problemOf: ProblemOf,
  family: FamilyIndex,
  id: PrefixId,
  peer: PeerId,
): string {
  const wanted = fib?.wants(family, id) ?? false;
  if (peer < FIRST_PEER && !wanted) return 'local';
  if (kernel === null || fib === null) return 'not installed: this node has no kernel backend';
  const prefix = prefixOf(rib, family, id);
  if (!wanted) return `not installed: ${unwanted(config.pools, prefix)}`;
  if (kernel.isInstalled(prefix)) return peer < FIRST_PEER ? 'blackhole installed' : 'installed';
  const refusal = kernel.refusal(prefix);
  if (refusal !== null) return `kept out: ${refusal}`;
  const problem = problemOf(kernel, prefix);
  return problem === undefined ? 'pending' : `failed: ${problem.reason}`;
}

const unwanted = (pools: readonly PoolConfig[], prefix: Prefix): string =>
  poolOf(pools, prefix)?.overlay === 'agent'
    ? 'the node agent programs its pool'
    : 'refused by kernel.install';
