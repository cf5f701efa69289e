// The whole answer to `bgpctl config diff`: which objects change, what that does to sessions, routes and the kernel, and
// whether the guard would let it pass. Puts together what others worked out.

import type { ConfigPreview, ObjectChanges, PeerPreview } from '../../api/model/preview-types.js';
import { FAMILY_NAMES } from '../../base/family.js';
import type { CalicoReport } from '../../config/calico/calico-report.js';
import { type ConfigDiff, diffConfig, liveConfig } from '../../config/diff.js';
import { formatProblem } from '../../config/problem.js';
import type { Config, ConfigResult } from '../../config/types.js';
import { describeChanges } from '../changes/reload-notes.js';
import type { RoutePreview } from './route-preview.js';
import { guardReasons, type PeerLoss } from './withdraw-guard.js';

export interface PreviewInput {
  readonly running: Config;
  readonly candidate: Extract<ConfigResult, { readonly ok: true }>;
  /** Objects by name with their text, of the configuration in force and of the candidate. */
  readonly objects: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>];
  readonly calico: CalicoReport | null;
  readonly routes: RoutePreview;
}

/** Peers that are named beside their number. */
const MOST_NAMED = 10;

export function configPreview(input: PreviewInput): ConfigPreview {
  const { running, candidate, objects, routes } = input;
  const live = liveConfig(running, candidate.config);
  const diff = diffConfig(running, live);
  const touched = routes.peers.filter(isTouched);
  const down = routes.peers.filter(({ session }) => session === 'down');
  return {
    objects: compare(...objects),
    calico: calicoChanges(input),
    changes: describeChanges(diff),
    needsRestart: diffConfig(running, candidate.config).needsRestart,
    warnings: candidate.warnings.map(formatProblem),
    notes: notesOf(diff, routes),
    peers: touched,
    untouchedPeers: routes.peers.filter((peer) => peer.session === 'stays' && !isTouched(peer)).length,
    peersWithoutSession: {
      count: down.length,
      names: down.slice(0, MOST_NAMED).map(({ name }) => name),
    },
    kernel: routes.kernel,
    guard: { ...running.reload, reasons: guardReasons(running.reload, lossesOf(routes)) },
    elapsed: Math.round(routes.elapsed),
    longestSlice: Math.round(routes.longestSlice * 10) / 10,
  };
}

/** What the guard asks. */
export const lossesOf = ({ peers }: RoutePreview): readonly PeerLoss[] =>
  peers.map(({ name, session, families }) => {
    const all = FAMILY_NAMES.map((family) => families[family]);
    const sum = (key: 'before' | 'withdrawn'): number => all.reduce((total, each) => total + each[key], 0);
    return { name, fate: session, before: sum('before'), withdrawn: sum('withdrawn') };
  });

/** False: nothing of this difference can take a route away from a peer that stays. */
export function mayWithdraw(diff: ConfigDiff): boolean {
  const { identity, peers, dynamicPeers, policies, originate, decision, kernel } = diff;
  return (
    identity.length + peers.removed.length + dynamicPeers.removed.length + policies.length > 0 ||
    peers.changed.some(({ change }) => change !== 'none') ||
    dynamicPeers.changed.some(({ change }) => change !== 'none') ||
    originate.added.length + originate.removed.length + decision.length + kernel.length > 0 ||
    diff.clientToClientChanged ||
    diff.vantagesChanged ||
    diff.poolsChanged
  );
}

function isTouched({ session, families }: PeerPreview): boolean {
  if (session !== 'stays' && session !== 'down') return true;
  return FAMILY_NAMES.some((name) => {
    const { announced, withdrawn, changed } = families[name];
    return announced + withdrawn + changed > 0;
  });
}

function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ObjectChanges {
  const names = [...after.keys()];
  return {
    added: names.filter((name) => !before.has(name)),
    changed: names.filter((name) => before.has(name) && before.get(name) !== after.get(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
  };
}

function calicoChanges({ calico: before, candidate: { calico: after } }: PreviewInput): ObjectChanges | null {
  if (before === null && after === null) return null;
  const digests = (report: CalicoReport | null): ReadonlyMap<string, string> =>
    new Map(
      (report?.objects ?? [])
        .filter(({ state }) => state !== 'refused')
        .map(({ kind, name, digest }) => [`${kind} ${name}`, digest]),
    );
  return compare(digests(before), digests(after));
}

function notesOf(diff: ConfigDiff, { peers, kernel }: RoutePreview): readonly string[] {
  const has = (fate: PeerPreview['session']): boolean => peers.some(({ session }) => session === fate);
  return [
    ...(has('resets') ? ['peers whose session resets are taken to tell again what they tell now'] : []),
    ...(has('new')
      ? ['new peers are taken to agree to what their configuration offers, and to tell nothing']
      : []),
    ...(diff.rpkiChanged ? ['RPKI caches change: routes are judged by the records that are here now'] : []),
    ...(kernel !== null && kernel.installed > 0 ? ['the host guard may keep routes out of the kernel'] : []),
  ];
}
