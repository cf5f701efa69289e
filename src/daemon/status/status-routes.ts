// Routes as the API shows them: look-ups, what a peer told us, what a peer was told, each with its reason.

import type { RouteListing, RouteQuery, RouteStatus } from '../../api/model/types.js';
import { type FamilyIndex, familyIndex } from '../../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import { parseIp } from '../../base/ip.js';
import { formatPrefix, type Prefix, parsePrefix } from '../../base/prefix.js';
import type { PoolConfig } from '../../config/types.js';
import type { FibProblem, Kernel } from '../../kernel/types.js';
import { explainPrefix, findPrefix, longestMatch, type PathView, prefixOf } from '../../rib/views.js';
import { decodeBlock } from '../../wire/block.js';
import { poolOf } from '../routes/overlay.js';
import type { Speaker } from '../speaker.js';
import { attributeStatus } from './status-attributes.js';
import { type RouteChoice, TableListing } from './table-listing.js';

const DEFAULT_LIMIT = 1000;

type Row = readonly [family: FamilyIndex, prefix: PrefixId];

/** Routes that answer the query, or why there can be no answer. `now`: monotonic milliseconds. */
export function queryRoutes(speaker: Speaker, query: RouteQuery, now: () => number): RouteListing | string {
  const choice = chosenRoutes(speaker, query);
  if (typeof choice === 'string') return choice;
  const limit = query.limit ?? DEFAULT_LIMIT;
  if (query.prefix !== undefined) {
    const row = lookedUp(speaker, query.prefix);
    return typeof row === 'string' ? row : routesOfRow(row, choice, limit);
  }
  const families = ([0, 1] as const).filter(
    (family) => query.family === undefined || familyIndex(query.family) === family,
  );
  return new TableListing({ rib: speaker.rib, families, choice, limit, now });
}

function routesOfRow(row: Row | null, choice: RouteChoice, limit: number): RouteListing {
  const routes = row === null ? [] : [...choice.tell(...row)];
  return { more: () => false, total: routes.length, routes: routes.slice(0, limit) };
}

/** `text`: a prefix, or an address that is looked for in the longest one. */
function lookedUp({ rib }: Speaker, text: string): Row | null | string {
  const address = parseIp(text);
  const prefix = address === null ? parsePrefix(text) : null;
  if (address === null && prefix === null)
    return `${text} is neither an address nor a prefix without host bits`;
  const family = (address ?? prefix!.address).family === 'ipv4' ? 0 : 1;
  const found = address === null ? findPrefix(rib, prefix!) : longestMatch(rib, address);
  return found !== NONE && rib.prefixes[family].isLive(found as PrefixId)
    ? [family, found as PrefixId]
    : null;
}

function chosenRoutes(speaker: Speaker, query: RouteQuery): RouteChoice | string {
  const tell = teller(speaker);
  if (query.peer === undefined)
    return query.all === true ? allPaths(speaker, tell) : locRibRoutes(speaker, tell);
  const peer = speaker.peers.find(query.peer);
  if (peer === null) return `no peer has the name or address ${query.peer}`;
  const { ribId } = peer;
  if (ribId === null) return `peer ${peer.name} is not established, so it has no routes`;
  const choice = query.direction === 'out' ? toldRoutes(speaker, ribId) : learnedRoutes(speaker, tell, ribId);
  return whileUp(peer, ribId, choice);
}

/** A listing takes many turns: when the session ends, its id may be another's. */
function whileUp(peer: { readonly ribId: PeerId | null }, ribId: PeerId, choice: RouteChoice): RouteChoice {
  return {
    count: (family, prefix) => (peer.ribId === ribId ? choice.count(family, prefix) : 0),
    tell: (family, prefix) => (peer.ribId === ribId ? choice.tell(family, prefix) : []),
  };
}

const locRibRoutes = ({ rib }: Speaker, tell: Teller): RouteChoice => ({
  count: (family, prefix) => (rib.prefixes[family].best[prefix] === NONE ? 0 : 1),
  // The path may have gone since the last decision.
  tell: (family, prefix) =>
    rib.prefixes[family].best[prefix] === NONE
      ? []
      : explainPrefix(rib, family, prefix)
          .filter((view) => view.best)
          .map((view) => tell(family, prefix, view)),
});

const allPaths = ({ rib }: Speaker, tell: Teller): RouteChoice => ({
  count: (family, prefix) => {
    const { next } = rib.paths[family];
    let count = 0;
    for (let path = rib.prefixes[family].head[prefix]!; path !== NONE; path = next[path]!) count++;
    return count;
  },
  tell: (family, prefix) => explainPrefix(rib, family, prefix).map((view) => tell(family, prefix, view)),
});

const learnedRoutes = ({ rib }: Speaker, tell: Teller, from: PeerId): RouteChoice => ({
  count: (family, prefix) => {
    const { next, peer } = rib.paths[family];
    let count = 0;
    for (let path = rib.prefixes[family].head[prefix]!; path !== NONE; path = next[path]!)
      if (peer[path] === from) count++;
    return count;
  },
  tell: (family, prefix) =>
    explainPrefix(rib, family, prefix)
      .filter((view) => view.peer === from)
      .map((view) => tell(family, prefix, view)),
});

const toldRoutes = (speaker: Speaker, to: PeerId): RouteChoice => ({
  count: (family, prefix) => toldPaths(speaker, to, family, prefix).length,
  tell: (family, prefix) =>
    toldPaths(speaker, to, family, prefix).map((told) => toldStatus(speaker, family, prefix, told)),
});

function toldStatus(
  speaker: Speaker,
  family: FamilyIndex,
  prefix: PrefixId,
  { group, attrs, source, pathId, best }: ToldPath,
): RouteStatus {
  return {
    ...attributeStatus(decodeBlock(speaker.rib.attrSets.block(attrs))),
    prefix: formatPrefix(prefixOf(speaker.rib, family, prefix)),
    best,
    multipath: false,
    stale: false,
    pathId,
    weight: 0,
    ...sourceStatus(speaker, source),
    decision: `advertised in update group ${group}`,
    kernel: null,
  };
}

interface ToldPath {
  /** The id of the update group. */
  readonly group: number;
  readonly attrs: AttrSetId;
  readonly source: PeerId;
  readonly pathId: number | null;
  readonly best: boolean;
}

/** What a peer was told of a prefix: what its group was told, without its own. */
function toldPaths({ rib }: Speaker, to: PeerId, family: FamilyIndex, prefix: PrefixId): readonly ToldPath[] {
  const group = rib.groups.of(to);
  if (group === null) return [];
  const out = group.adjRibOut[family];
  if (out.kind === 'single') {
    const [attrs, source] = [out.attrsOf(prefix), out.sourceOf(prefix) as PeerId];
    if (attrs === NONE || source === to) return [];
    return [{ group: group.id, attrs: attrs as AttrSetId, source, pathId: null, best: true }];
  }
  const bestPath = rib.prefixes[family].best[prefix]!;
  const told: ToldPath[] = [];
  for (let row = out.head(prefix); row !== NONE; row = out.next[row]!) {
    const [attrs, source] = [out.attrs[row]! as AttrSetId, out.source[row]! as PeerId];
    if (source === to) continue;
    const best = out.path[row] === bestPath;
    told.push({ group: group.id, attrs, source, pathId: out.pathId[row]!, best });
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
