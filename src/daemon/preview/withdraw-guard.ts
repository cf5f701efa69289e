// Says whether a change takes away too much of what is announced. Percentages and words; changes nothing.

import type { ReloadConfig } from '../../config/types.js';
import type { Fate } from './foresight.js';

/** What one peer is told now, and how many of these prefixes it would lose. Both families. */
export interface PeerLoss {
  readonly name: string;
  readonly fate: Fate;
  readonly before: number;
  readonly withdrawn: number;
}

/** Peers to name; the others are counted. */
const MOST_NAMED = 5;

/** Why the change is refused; empty: it is not. What a peer loses that is removed or switched off is what was asked for. */
export function guardReasons(
  { maxWithdraw, minWithdraw }: ReloadConfig,
  peers: readonly PeerLoss[],
): readonly string[] {
  if (maxWithdraw === null) return [];
  const kept = peers.filter(({ fate }) => fate === 'stays' || fate === 'resets' || fate === 'fails');
  const isTooMuch = ({ before, withdrawn }: Omit<PeerLoss, 'name' | 'fate'>): boolean =>
    withdrawn >= minWithdraw && withdrawn * 100 > before * maxWithdraw;
  const all = {
    before: kept.reduce((sum, { before }) => sum + before, 0),
    withdrawn: kept.reduce((sum, { withdrawn }) => sum + withdrawn, 0),
  };
  const losers = kept.filter(isTooMuch);
  const more = losers.length - MOST_NAMED;
  return [
    ...(isTooMuch(all) ? [`${share(all)} to all peers together`] : []),
    ...losers.slice(0, MOST_NAMED).map((peer) => `${share(peer)} to ${peer.name}`),
    ...(more > 0 ? [`and too much to ${more} more peers`] : []),
  ];
}

const share = ({ before, withdrawn }: { readonly before: number; readonly withdrawn: number }): string =>
  `${withdrawn} of ${before} prefixes announced (${Math.round((withdrawn * 100) / before)} %)`;

/** One line: what is refused, why, and how to have it all the same. */
export const refusalText = (
  reasons: readonly string[],
  { maxWithdraw }: ReloadConfig,
  force: string,
): string =>
  `refused: it would withdraw ${reasons.join('; ')}; reload.maxWithdraw is ${maxWithdraw} %: ${force}`;
