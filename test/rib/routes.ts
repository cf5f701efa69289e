// Routes for the RIB tests: attributes with only the fields that matter, prefixes as text, UPDATEs as a peer would send
// them, and both as text to compare.

import { toHex } from '../../src/base/bytes.js';
import { type FamilyIndex, familyOfAddress } from '../../src/base/family.js';
import { type IpAddress, parseIp } from '../../src/base/ip.js';
import { type Prefix, parsePrefix, prefixWords } from '../../src/base/prefix.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';

const PLAIN: PathAttributes = { ...NO_ATTRIBUTES, origin: 0 };

export const attributes = (fields: Partial<PathAttributes>): PathAttributes => ({ ...PLAIN, ...fields });

export const blockOf = (fields: Partial<PathAttributes>): Uint8Array => encodeBlock(attributes(fields));

export const sequence = (...asns: number[]): PathAttributes['asPath'] =>
  asns.length === 0 ? [] : [{ kind: 'sequence', asns }];

export function address(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`${text} is no prefix`);
  return parsed;
}

export const familyOf = (text: string): FamilyIndex => familyOfAddress(prefix(text).address.family);

/** A block of attributes as text: equal text means equal attributes. */
export const attributesText = (value: PathAttributes): string =>
  JSON.stringify(value, (_key, part) => (part instanceof Uint8Array ? toHex(part) : part));

/** UPDATEs that announce the prefixes of one family with one attribute set. `pathId` null: without ADD-PATH. */
export function announcement(
  prefixes: readonly string[],
  block: Uint8Array,
  pathId: number | null = null,
): readonly Uint8Array[] {
  const packer = packerFor(pathId);
  packer.reach(familyOf(prefixes[0]!), block);
  return packed(packer, prefixes, pathId);
}

/** UPDATEs that withdraw prefixes of one family. */
export function withdrawal(prefixes: readonly string[], pathId: number | null = null): readonly Uint8Array[] {
  const packer = packerFor(pathId);
  packer.unreach(familyOf(prefixes[0]!));
  return packed(packer, prefixes, pathId);
}

const packerFor = (pathId: number | null): UpdatePacker =>
  new UpdatePacker({ maxMessage: 4096, asn4: true, addPath: [pathId !== null, pathId !== null] });

function packed(
  packer: UpdatePacker,
  prefixes: readonly string[],
  pathId: number | null,
): readonly Uint8Array[] {
  for (const text of prefixes) {
    const [w0, w1, w2, w3] = prefixWords(prefix(text));
    if (pathId === null) packer.prefix(w0, w1, w2, w3, prefix(text).length);
    else packer.path(pathId, w0, w1, w2, w3, prefix(text).length);
  }
  if (packer.unsendable > 0) throw new Error('the attributes do not fit into a message');
  return splitMessages(packer.take());
}

/** The messages of a chunk of whole messages. */
export function splitMessages(chunk: Uint8Array): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < chunk.length; ) {
    const length = chunk[at + 16]! * 256 + chunk[at + 17]!;
    if (length < 23 || at + length > chunk.length) throw new Error('no whole messages');
    messages.push(chunk.subarray(at, at + length));
    at += length;
  }
  return messages;
}
