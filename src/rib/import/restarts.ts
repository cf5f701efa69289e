// What is told again: by a peer that refreshes (RFC 7313), and by one that restarts (RFC 4724 4.2), whose session is gone and
// whose source stays, with paths that are stale until then. And what waits at our own start for everybody to have told (4.1).
// Owns no path; works on the rounds of `sources.ts`.

import { FAMILY_INDEXES, type FamilyIndex } from '../../base/family.js';
import { NONE, type PeerId } from '../../base/ids.js';
import type { UpdateGroups } from '../export/update-groups.js';
import type { ExportProfile } from '../hooks.js';
import {
  beginRound,
  endRounds,
  type RefreshState,
  type RibPeer,
  type Source,
  type Sources,
} from '../tables/sources.js';
import type { AdjRibIn } from './adj-rib-in.js';

/** Whether the routes of a family stay, by family index. */
export type KeptFamilies = readonly [boolean, boolean];

export interface RestartTables {
  readonly sources: Sources;
  readonly paths: readonly [AdjRibIn, AdjRibIn];
  readonly groups: UpdateGroups;
}

/** What has to be done about it, and is announced as work. */
export interface RestartWork {
  /** Every path of the source is looked at again: what is stale in a round that is over goes. */
  sweep(id: PeerId): void;
  /** Other settings of the source: its paths are judged anew where that matters. */
  replace(id: PeerId, peer: RibPeer): void;
  decideAll(): void;
  wake(id: PeerId): void;
  announce(): void;
}

export class Restarts {
  /** Paths of peers are taken and not chosen from; local ones are. */
  deferring = false;
  readonly #tables: RestartTables;
  readonly #work: RestartWork;

  constructor(tables: RestartTables, work: RestartWork) {
    this.#tables = tables;
    this.#work = work;
  }

  /**
   * The session ended and the peer is expected back: it is told nothing more, its paths of the families in `kept` stay and
   * are stale, the others go. Its id stays good until `peerDown`.
   */
  lost(id: PeerId, kept: KeptFamilies): void {
    const { groups, sources } = this.#tables;
    groups.leave(id);
    lose(sources.get(id), kept);
    this.#work.sweep(id);
  }

  /** The lost peer has a session again; paths of families that are not in `kept` go. False: it is somebody else. */
  back(
    id: PeerId,
    { peer, profile }: { readonly peer: RibPeer; readonly profile: ExportProfile },
    kept: KeptFamilies,
    keeps = false,
  ): boolean {
    const { groups, sources } = this.#tables;
    const before = sources.get(id).peer;
    if (before === null || identity(before) !== identity(peer)) return false;
    this.#work.replace(id, peer);
    groups.join(id, profile, keeps);
    for (const family of FAMILY_INDEXES) if (!kept[family]) this.ends(id, family);
    this.#work.announce();
    return true;
  }

  /** End-of-RIB from a peer that is back, or it takes too long: what it has not told again goes. */
  ends(id: PeerId, family: FamilyIndex): void {
    const { refresh } = this.#tables.sources.get(id);
    if (!refresh.restarting[family]) return;
    refresh.restarting[family] = false;
    endRounds(refresh, family);
    this.#work.sweep(id);
  }

  /** Paths of the peer that wait for it to tell them again; counted anew each time. */
  staleCount(id: PeerId): number {
    const { paths, sources } = this.#tables;
    const source = sources.get(id);
    return countStale(paths[0], source, 0) + countStale(paths[1], source, 1);
  }

  /** BoRR from the peer (RFC 7313 4): what it has told so far is stale until it tells it again. */
  refreshBegins(id: PeerId, family: FamilyIndex): void {
    const { refresh } = this.#tables.sources.get(id);
    // One that has restarted and not told all again yet: its stale paths wait for End-of-RIB all the same.
    if (!refresh.restarting[family]) beginRound(refresh, family);
  }

  /** EoRR, or it takes too long: what is stale goes. */
  refreshEnds(id: PeerId, family: FamilyIndex): void {
    const { refresh } = this.#tables.sources.get(id);
    if (refresh.restarting[family] || refresh.ended[family] === refresh.round[family]) return;
    endRounds(refresh, family);
    this.#work.sweep(id);
  }

  /** Our own start: what peers tell is not chosen from before `select`. */
  defer(): void {
    this.deferring = true;
  }

  select(): void {
    if (!this.deferring) return;
    this.deferring = false;
    this.#work.decideAll();
    this.#work.announce();
  }

  /** Until `releaseEndOfRib` peers that keep routes are sent no End-of-RIB: what they hold of us is not to go yet. */
  holdEndOfRib(): void {
    this.#tables.groups.endOfRib.held = true;
  }

  releaseEndOfRib(): void {
    const { groups } = this.#tables;
    if (!groups.endOfRib.held) return;
    groups.endOfRib.held = false;
    for (const group of groups.all()) for (const peer of group.members) this.#work.wake(peer);
  }
}

/** The session ended. What was stale already was not told again in it: it has had its time. */
function lose({ refresh }: Source, kept: KeptFamilies): void {
  for (const family of FAMILY_INDEXES) {
    if (refresh.restarting[family]) endRounds(refresh, family);
    beginRound(refresh, family);
    if (!kept[family]) endRounds(refresh, family);
    refresh.restarting[family] = kept[family];
  }
}

/** A path of a peer that restarts, which has not told it again. */
export const isStalePath = (
  { refresh }: { readonly refresh: RefreshState },
  family: FamilyIndex,
  round: number,
): boolean => refresh.restarting[family] && round !== refresh.round[family];

/** One look at every path of the family. */
function countStale(paths: AdjRibIn, source: Source, family: FamilyIndex): number {
  if (!source.refresh.restarting[family]) return 0;
  let count = 0;
  for (let path = 0; path < paths.rows; path++) {
    if (paths.peer[path] === source.id && paths.received[path] !== NONE) {
      count += Number(isStalePath(source, family, paths.round[path]!));
    }
  }
  return count;
}

/** Of whom everything that was made of its routes is true. */
const identity = ({ address, asn, routerId, peerType, localAsn, clusterId }: RibPeer): string =>
  JSON.stringify([address, asn, routerId, peerType, localAsn, clusterId]);
