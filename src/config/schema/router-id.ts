// Router ids derived from names. Reads nothing from the host.

import { createHash } from 'node:crypto';
import { readU32 } from '../../base/bytes.js';

/**
 * Calico's rule for `hash`: the first four octets of the SHA-256 of the node's name, the first octet less 32 when it is
 * above 223, so that the id is no multicast or reserved address.
 */
export function hashRouterId(node: string): number {
  const digest = createHash('sha256').update(node, 'utf8').digest();
  const first = digest[0]!;
  if (first > 223) digest[0] = first - 32;
  return readU32(digest, 0);
}
