// UPDATEs of a single route, and End-of-RIB. Pure.

import type { FamilyIndex } from '../../../src/base/family.js';
import type { Catalogue } from './catalogue.js';
import { hostBlock, newPacker } from './load-feed.js';
import type { Speaker } from './plan.js';

const packer = newPacker();

export const announceOne = (catalogue: Catalogue, speaker: Speaker, id: number): Uint8Array => {
  packer.reach(catalogue.family, hostBlock(speaker));
  catalogue.pack(packer, id);
  return packer.take();
};

export const withdrawOne = (catalogue: Catalogue, id: number): Uint8Array => {
  packer.unreach(catalogue.family);
  catalogue.pack(packer, id);
  return packer.take();
};

export const endOfRib = (family: FamilyIndex): Uint8Array => {
  packer.endOfRib(family);
  return packer.take();
};
