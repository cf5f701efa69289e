// What another configuration would do to every peer and to the kernel, worked out against the running RIB in slices that
// keep nobody waiting. Nothing is sent, written or counted for it.

import type { KernelPreview, PeerPreview, PrefixPreview } from '../../api/model/preview-types.js';
import { FAMILY_NAMES, type FamilyIndex, type FamilyName } from '../../base/family.js';
import type { PeerId } from '../../base/ids.js';
import type { Config } from '../../config/types.js';
import type { Clock } from '../../net/clock.js';
import type { RibPeer } from '../../rib/tables/sources.js';
import type { GroupTally, PrefixChange } from '../../rib/what-if/tally.js';
import { type Outlook, outlookGroups, WhatIf, type Witness } from '../../rib/what-if/what-if.js';
import { nextSlice } from '../pass-scheduler.js';
import type { Speaker } from '../speaker.js';
import type { SpeakerOutlook } from '../speaker-outlook.js';
import { FibPreview } from './fib-preview.js';
import { type ForeseenPeer, foresee } from './foresight.js';
import { previewLocal } from './local-preview.js';

export interface RoutePreview {
  /** Every peer there is or would be. */
  readonly peers: readonly PeerPreview[];
  readonly kernel: KernelPreview | null;
  /** Milliseconds. */
  readonly elapsed: number;
  readonly longestSlice: number;
}

export interface RoutePreviewOptions {
  readonly speaker: Speaker;
  readonly clock: Pick<Clock, 'now' | 'defer'>;
  /** Prefixes to name of each peer, kind of change and family. */
  readonly limit: number;
}

/** Prefixes of the first slice, and of the smallest. */
const FIRST_SLICE = 250;
const SMALLEST_SLICE = 8;
/** A slice may take this part of a pass's: nobody waits for a preview. */
const HASTE = 2;
/** Turns to wait for routes that are about to be decided. */
const MOST_TURNS = 1000;

export async function previewRoutes(config: Config, options: RoutePreviewOptions): Promise<RoutePreview> {
  const { speaker, clock, limit } = options;
  const began = clock.now();
  const turn = (): Promise<void> => new Promise((resolve) => clock.defer(resolve));
  for (let turns = 0; speaker.busy && turns < MOST_TURNS; turns++) await turn();
  const [now, then] = [speaker.outlook(speaker.config), speaker.outlook(config)];
  const foreseen = foresee(speaker.peers.plan(config), then.context);
  const settings = [now.kernel, then.kernel] as const;
  const local = await previewLocal(speaker.kernel, settings, then.local, speaker.rib.prefixes, turn);
  const fib = fibPreview(speaker, config, [now, then], limit, (prefix) => local.routes.isBlackhole(prefix));
  const members = membersOf(foreseen);
  const groups = outlookGroups(
    [...members].map(([peer, { ribId, fate, after }]) => {
      const before = ribId === null ? null : speaker.rib.groups.of(ribId);
      // Who is named as a next hop by others now is taken to be named then (RFC 4271 5.1.3).
      const notVia = before?.profile.notVia ?? null;
      return { peer, before, after: after && fate !== 'down' ? { ...after.profile, notVia } : null };
    }),
  );
  const outlook: Outlook = {
    ...then,
    peers: sourcesOf(speaker, foreseen),
    groups,
    local: local.paths,
    limit,
    nextHop: (address) => ({ reachable: speaker.reaches(address), cost: 0 }),
  };
  const whatIf = new WhatIf(speaker.rib, outlook, fib ?? NO_WITNESS);
  const longestSlice = await inSlices(whatIf, clock, turn);
  const peers = peerPreviews(members, whatIf.tallies, foreseen);
  return { peers, kernel: fib?.report() ?? null, elapsed: clock.now() - began, longestSlice };
}

const NO_WITNESS: Witness = { begins: () => {}, prefix: () => {} };

/** How long one of them took at most. */
async function inSlices(
  whatIf: WhatIf,
  clock: RoutePreviewOptions['clock'],
  turn: () => Promise<void>,
): Promise<number> {
  let longest = 0;
  let slice = FIRST_SLICE;
  for (let more = true; more; ) {
    await turn();
    const start = clock.now();
    more = whatIf.step(slice);
    const elapsed = clock.now() - start;
    longest = Math.max(longest, elapsed);
    slice = nextSlice(slice, elapsed * HASTE, SMALLEST_SLICE);
  }
  return longest;
}

function fibPreview(
  speaker: Speaker,
  config: Config,
  [now, then]: readonly [SpeakerOutlook, SpeakerOutlook],
  limit: number,
  isBlackhole: ConstructorParameters<typeof FibPreview>[0]['isBlackhole'],
): FibPreview | null {
  if (speaker.fib === null) return null;
  return new FibPreview({
    running: speaker.fib,
    before: speaker.config,
    config,
    settings: [now.kernel, then.kernel],
    policy: then.install,
    interfaceOf: (peer) => speaker.interfaceOf(peer),
    isBlackhole,
    limit,
  });
}

/** Peers that are told something now or then. New ones get ids that no session has. */
function membersOf(foreseen: readonly ForeseenPeer[]): ReadonlyMap<PeerId, ForeseenPeer> {
  const known = foreseen.flatMap(({ ribId }) => ribId ?? []);
  let next = Math.max(0, ...known) + NEW_IDS;
  const told = foreseen.filter(({ ribId, after }) => ribId !== null || after !== null);
  return new Map(told.map((peer) => [peer.ribId ?? (next++ as PeerId), peer]));
}

/** Sources of sessions that have ended may still be in the table. */
const NEW_IDS = 1_000_000;

/** Whose routes stay: all but those of peers that would end for good, or are not waited for any more. */
function sourcesOf({ rib }: Speaker, foreseen: readonly ForeseenPeer[]): ReadonlyMap<PeerId, RibPeer> {
  const sources = new Map(
    rib.sources.all().flatMap(({ id, peer }) => (peer === null ? [] : [[id, unlimited(peer)] as const])),
  );
  for (const { ribId, after } of foreseen) {
    if (ribId === null) continue;
    if (after === null) sources.delete(ribId);
    else sources.set(ribId, unlimited(after.peer));
  }
  return sources;
}

/** What is held stays held, whatever may come in future. */
const unlimited = (peer: RibPeer): RibPeer =>
  peer.limits == null ? peer : { ...peer, limits: { ...peer.limits, paths: [Infinity, Infinity] } };

function peerPreviews(
  members: ReadonlyMap<PeerId, ForeseenPeer>,
  tallies: readonly GroupTally[],
  foreseen: readonly ForeseenPeer[],
): readonly PeerPreview[] {
  const tallyOf = new Map(tallies.flatMap((tally) => [...tally.members].map((id) => [id, tally] as const)));
  const idOf = new Map([...members].map(([id, peer]) => [peer, id]));
  return foreseen.map((peer) => {
    const id = idOf.get(peer);
    const tally = id === undefined ? undefined : tallyOf.get(id);
    return peerPreview(peer, id, tally);
  });
}

function peerPreview(
  { name, address, fate, why }: ForeseenPeer,
  id: PeerId | undefined,
  tally: GroupTally | undefined,
): PeerPreview {
  const changes = id === undefined ? [] : (tally?.changesOf(id) ?? []);
  const family = (index: FamilyIndex): PrefixPreview => ({
    ...(id === undefined || tally === undefined ? NOTHING : tally.of(id, index)),
    prefixes: namesOf(changes.filter((change) => change.family === index)),
  });
  const families: Readonly<Record<FamilyName, PrefixPreview>> = {
    [FAMILY_NAMES[0]]: family(0),
    [FAMILY_NAMES[1]]: family(1),
  };
  return { name, address, session: fate, why, families };
}

const NOTHING = { before: 0, announced: 0, withdrawn: 0, changed: 0 } as const;

function namesOf(changes: readonly PrefixChange[]): PrefixPreview['prefixes'] {
  const names = (kind: PrefixChange['kind']): readonly string[] =>
    changes.filter((change) => change.kind === kind).map(({ prefix }) => prefix);
  return { announced: names('announced'), withdrawn: names('withdrawn'), changed: names('changed') };
}
