// What a reload did, in a few words for the log and for `bgpctl reload`. Only words: the doing is elsewhere.

import { formatPrefix } from '../../base/prefix.js';
import type { ConfigDiff } from '../../config/diff.js';

/** What was taken over, a line each; sessions that end or begin are the peer set's to tell. */
export function describeChanges(diff: ConfigDiff): readonly string[] {
  return [
    ...diff.identity.filter((key) => key === 'asn' || key === 'node').map((key) => `${key} changed`),
    ...diff.policies.map((name) => `policy ${name} changed`),
    ...(diff.limitsChanged ? ['limits changed'] : []),
    ...(diff.shutdownChanged ? ['shutdown changed'] : []),
    ...(diff.rpkiChanged ? ['rpki caches changed'] : []),
    ...(diff.reloadChanged ? ['reload guard changed'] : []),
    ...(diff.poolsChanged ? ['pools changed'] : []),
    ...originated(diff),
    ...(diff.clientToClientChanged ? ['routeReflector.clientToClient changed'] : []),
    ...(diff.vantagesChanged ? ['optimalRouteReflection changed'] : []),
    ...diff.decision.map((key) => `decision.${key} changed`),
    ...diff.kernel.map((key) => `kernel.${key} changed`),
    ...diff.dynamicPeers.added.map(({ range }) => `dynamic peers ${formatPrefix(range)} added`),
    ...diff.dynamicPeers.removed.map(({ range }) => `dynamic peers ${formatPrefix(range)} removed`),
    ...diff.dynamicPeers.changed.map(
      ({ after, keys }) => `dynamic peers ${formatPrefix(after.range)}: ${keys.join(', ')} changed`,
    ),
    ...diff.peers.changed
      .filter(({ change }) => change !== 'reset')
      .map(({ after, keys }) => `peer ${after.name}: ${keys.join(', ')} changed`),
    ...(diff.logChanged ? ['log.level changed'] : []),
  ];
}

function originated({ originate: { added, removed } }: ConfigDiff): string[] {
  const parts = [`${added.length} added`, `${removed.length} removed`].filter(
    (part) => !part.startsWith('0'),
  );
  return parts.length === 0 ? [] : [`originate: ${parts.join(', ')}`];
}

/** Notes in one line. */
const MOST_NOTES = 10;

export function summarize(notes: readonly string[]): string {
  const more = notes.length - MOST_NOTES;
  return [...notes.slice(0, MOST_NOTES), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
