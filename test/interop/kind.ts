// One kind of peer on the stage of pair.ts: the configuration of both sides in their own words, and what is to be seen.

import type { ExecutionContext } from 'ava';
import type { PeerDetail } from '../../src/api/model/types.js';
import { interop, type Need } from '../support/interop.js';
import { BgpdRouter } from '../support/peers/bgpd.js';
import type {
  AnnouncedRoute,
  Family,
  NeighborSpec,
  NeighborWords,
  RouterKind,
  RouterSpec,
} from '../support/peers/types.js';
import { established, hasRoutes, OUR_ASN, OURS, type Pair, PEERS, start, withPair } from './pair.js';

export const PEER_ASN = 65001;
export const THEIRS = '198.51.100.0/24';
export const OUR_ROUTE = '10.65.8.0/26';
export const V4: Family = 'ipv4-unicast';

export interface Kind {
  readonly title: string;
  readonly peer: RouterKind;
  readonly needs?: readonly Need[];
  /** Of the peer; default 65001. */
  readonly asn?: number;
  /** As the peer knows us; default 64512. */
  readonly ourAsn?: number;
  readonly families?: readonly Family[];
  readonly words: NeighborWords;
  readonly ours?: RouterSpec['words'];
  readonly theirs?: RouterSpec['words'];
  readonly announces?: readonly AnnouncedRoute[];
  readonly play: (t: ExecutionContext, pair: Pair) => Promise<void>;
}

const neighbor = (
  address: string,
  asn: number,
  { families, words }: Pick<Kind, 'families' | 'words'>,
): NeighborSpec => ({ address, asn, holdTime: 9, words, ...(families === undefined ? {} : { families }) });

export const detail = (pair: Pair, name = PEERS.v4): Promise<PeerDetail> => {
  if (!(pair.ours instanceof BgpdRouter)) throw new Error('ours is bgpd');
  return pair.ours.detail(name);
};

export const up = async (pair: Pair): Promise<PeerDetail> => {
  await start(pair);
  await established(pair);
  return detail(pair);
};

/** AS_PATHs of the one route each side tells: as we hear it, as the peer hears it. */
export const paths = async (pair: Pair): Promise<readonly [string | undefined, string | undefined]> => {
  const [theirs] = await hasRoutes(pair, pair.ours, V4, [THEIRS]);
  const [ours] = await hasRoutes(pair, pair.peer, V4, [OUR_ROUTE]);
  return [theirs?.asPath, ours?.asPath];
};

export const declareKinds = (kinds: readonly Kind[]): void => {
  for (const kind of kinds) {
    const { title, peer, needs = [], asn = PEER_ASN, ourAsn = OUR_ASN, announces } = kind;
    interop(title, ['bgpd', peer, ...needs], async (t) => {
      t.timeout(120_000);
      await withPair(
        {
          peer,
          peerAsn: asn,
          ourSpec: {
            install: false,
            neighbors: [neighbor(PEERS.v4, asn, kind)],
            announce: [{ prefix: OUR_ROUTE }],
            ...(kind.ours === undefined ? {} : { words: kind.ours }),
          },
          peerSpec: {
            neighbors: [neighbor(OURS.v4, ourAsn, kind)],
            announce: announces ?? [{ prefix: THEIRS }],
            ...(kind.theirs === undefined ? {} : { words: kind.theirs }),
          },
        },
        (pair) => kind.play(t, pair),
      );
    });
  }
};
