// The UPDATEs that the benchmark's speaker sends: consecutive host routes in full messages. Pure.

import { parseIp, parseIpv4 } from '../../src/base/ip.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';
import { MAX_MESSAGE } from '../../src/wire/message.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';

export interface Feed {
  readonly kind: 'announce' | 'withdraw';
  /** The lowest of the /32 prefixes. */
  readonly first: string;
  readonly count: number;
  readonly nextHop: string;
}

const attributes = (nextHop: string): Uint8Array =>
  encodeBlock({ ...NO_ATTRIBUTES, nextHop: parseIp(nextHop), origin: 0, localPref: 100 });

/** Whole messages back to back. */
export const encodeFeed = (feed: Feed): Uint8Array => {
  const first = parseIpv4(feed.first);
  if (first === null) throw new Error(`no IPv4 address: ${feed.first}`);
  const packer = new UpdatePacker({ maxMessage: MAX_MESSAGE, asn4: true });
  if (feed.kind === 'announce') packer.reach(0, attributes(feed.nextHop));
  else packer.unreach(0);
  for (let i = 0; i < feed.count; i += 1) packer.prefix((first + i) >>> 0, 0, 0, 0, 32);
  return packer.take();
};
