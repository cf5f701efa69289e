// What the speakers announce, as ready UPDATEs, and the digest of the attributes with which each route must arrive. Pure.

import type { IpAddress } from '../../../src/base/ip.js';
import { decodeBlock, encodeBlock } from '../../../src/wire/block.js';
import { MAX_MESSAGE } from '../../../src/wire/message.js';
import type { PathAttributes } from '../../../src/wire/types.js';
import { UpdatePacker } from '../../../src/wire/update-packer.js';
import { AttributeDigest } from './attribute-digest.js';
import { type Catalogue, hostCatalogue, tableCatalogue } from './catalogue.js';
import {
  announcesTable,
  DAEMON_ASN,
  daemonAddress,
  FEEDER_ASN,
  ROUTER_ID_WORD,
  routesOf,
  type ScenarioPlan,
  type Speaker,
} from './plan.js';
import { partlyShuffled, type Random, randomFrom } from './random.js';

export interface LoadFeed {
  readonly catalogue: Catalogue;
  /** By speaker: its announcements, whole messages back to back. */
  readonly chunks: readonly Uint8Array[];
  /** By route: its attribute set. */
  readonly setOf: Int32Array;
  /** By attribute set: the digest at a receiver. */
  readonly digests: Int32Array;
  /** Added to a digest where the daemon leaves a next hop that the receiver reaches itself (RFC 4271 5.1.3). */
  readonly thirdParty: number;
}

const SEED = 20_240_229;
const SHUFFLED = 0.3;
const MOST_IN_SET = 300;

const NO_ATTRIBUTES: PathAttributes = { ...decodeBlock(Uint8Array.of(0)), origin: 0 };

export const newPacker = (): UpdatePacker => new UpdatePacker({ maxMessage: MAX_MESSAGE, asn4: true });

/** The attributes of a host route of this speaker. */
export const hostBlock = (speaker: Speaker): Uint8Array =>
  encodeBlock({ ...NO_ATTRIBUTES, nextHop: speaker.address, localPref: 100 });

/** As a route reflector passes it on (RFC 4456 8). */
const reflected = (attributes: PathAttributes, originatorId: number): PathAttributes => ({
  ...attributes,
  localPref: 100,
  originatorId,
  clusterList: [ROUTER_ID_WORD],
});

class DigestMaker {
  readonly #packer = newPacker();
  readonly #digest = new AttributeDigest();
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  of(attributes: PathAttributes): number {
    this.#packer.reach(this.#catalogue.family, encodeBlock(attributes));
    this.#catalogue.pack(this.#packer, 0);
    const message = this.#packer.take();
    const attributesAt = 23;
    const end = attributesAt + message[21]! * 256 + message[22]!;
    return this.#digest.read(message, attributesAt, end);
  }
}

const hostFeed = (plan: ScenarioPlan, speakers: readonly Speaker[]): LoadFeed => {
  const catalogue = hostCatalogue(plan.family, routesOf(plan));
  const maker = new DigestMaker(catalogue);
  const setOf = Int32Array.from({ length: catalogue.count }, (_, id) => Math.floor(id / plan.perClient));
  const packer = newPacker();
  const chunks = speakers.map((speaker) => {
    packer.reach(plan.family, hostBlock(speaker));
    for (let id = speaker.first; id < speaker.end; id += 1) catalogue.pack(packer, id);
    return packer.take();
  });
  const digests = Int32Array.from(speakers, ({ address, routerId }) =>
    maker.of(reflected({ ...NO_ATTRIBUTES, nextHop: address }, routerId)),
  );
  return { catalogue, chunks, setOf, digests, thirdParty: 0 };
};

/** Three to six ASes; six in ten sets with one to six communities, one in five with ORIGIN INCOMPLETE. */
export const drawAttributes = (
  random: Random,
  nextHop: IpAddress,
  firstAs: readonly number[],
): PathAttributes => {
  const asns = Array.from({ length: 3 + random(4) - firstAs.length }, () => 1000 + random(60_000));
  const communities = Array.from(
    { length: random(10) < 6 ? 1 + random(6) : 0 },
    () => FEEDER_ASN * 65_536 + random(65_000),
  );
  return {
    ...NO_ATTRIBUTES,
    nextHop,
    origin: random(5) === 0 ? 2 : 0,
    asPath: [{ kind: 'sequence', asns: [...firstAs, ...asns] }],
    communities: [...new Set(communities)].sort((a, b) => a - b),
  };
};

/** As an eBGP speaker passes it on (RFC 4271 5.1.2, 5.1.3). */
const passedOn = (attributes: PathAttributes, nextHop: IpAddress): PathAttributes => ({
  ...attributes,
  nextHop,
  asPath: [{ kind: 'sequence', asns: [DAEMON_ASN, ...(attributes.asPath[0]?.asns ?? [])] }],
});

/** One set of attributes to an UPDATE; most sets have few routes, some have hundreds, the mean is six. */
const tableFeed = (plan: ScenarioPlan, feeder: Speaker): LoadFeed => {
  const external = plan.kind === 'transit';
  const catalogue = tableCatalogue(plan.family, plan.routes);
  const maker = new DigestMaker(catalogue);
  const random = randomFrom(SEED);
  const order = partlyShuffled(plan.routes, SHUFFLED, random);
  const setOf = new Int32Array(plan.routes);
  const digests: number[] = [];
  const packer = newPacker();
  const exitHop = daemonAddress(plan.family);
  let thirdParty = 0;
  for (let start = 0; start < plan.routes; ) {
    const size = Math.min(MOST_IN_SET, Math.floor(100_000 / (1 + random(100_000))) || 1);
    const attributes = drawAttributes(random, feeder.address, external ? [feeder.asn] : []);
    packer.reach(plan.family, encodeBlock(external ? attributes : { ...attributes, localPref: 100 }));
    const end = Math.min(plan.routes, start + size);
    for (; start < end; start += 1) {
      const id = order[start]!;
      setOf[id] = digests.length;
      catalogue.pack(packer, id);
    }
    const digest = maker.of(
      external ? passedOn(attributes, exitHop) : reflected(attributes, feeder.routerId),
    );
    if (external) thirdParty = (maker.of(passedOn(attributes, feeder.address)) - digest) | 0;
    digests.push(digest);
  }
  const chunks = [packer.take()];
  return { catalogue, chunks, setOf, digests: Int32Array.from(digests), thirdParty };
};

export const buildFeed = (plan: ScenarioPlan, speakers: readonly Speaker[]): LoadFeed =>
  announcesTable(plan) ? tableFeed(plan, speakers[0]!) : hostFeed(plan, speakers);
