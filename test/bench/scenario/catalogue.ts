// The prefixes of a scenario by number: prefix of a number, number of a prefix, by arithmetic alone. Pure.

import type { FamilyIndex } from '../../../src/base/family.js';
import type { UpdatePacker } from '../../../src/wire/update-packer.js';

export interface Catalogue {
  readonly family: FamilyIndex;
  readonly count: number;
  /** The number of a prefix given as address words and mask length; -1 when it is not one of these. */
  readonly idOf: (w0: number, w1: number, w2: number, w3: number, length: number) => number;
  readonly pack: (packer: UpdatePacker, id: number) => void;
}

/** 11.0.0.0 and up: away from the network of the sessions. */
const HOST_BASE = 0x0b000000;
const HOST_BASE_V6 = 0x2400cafe;

/** /32 or /128, one after the other. */
export const hostCatalogue = (family: FamilyIndex, count: number): Catalogue =>
  family === 0
    ? {
        family,
        count,
        idOf: (w0, _w1, _w2, _w3, length) => within(length === 32 ? w0 - HOST_BASE : -1, count),
        pack: (packer, id) => packer.prefix(HOST_BASE + id, 0, 0, 0, 32),
      }
    : {
        family,
        count,
        idOf: (w0, w1, w2, w3, length) =>
          within(length === 128 && w0 === HOST_BASE_V6 && w1 === 0 && w2 === 0 ? w3 : -1, count),
        pack: (packer, id) => packer.prefix(HOST_BASE_V6, 0, 0, id, 128),
      };

const within = (id: number, count: number): number => (id >= 0 && id < count ? id : -1);

const LENGTHS_V4 = [24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 23, 23, 23, 22, 22, 22] as const;
const LENGTHS_V6 = [48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 44, 44, 44, 40, 40, 40] as const;

const pick = (lengths: readonly number[], id: number): number =>
  lengths[Math.imul(id, 0x9e3779b1) >>> 28] ?? 0;

/** Each route begins a /22 of its own, from 11.0.0.0 on without 127.0.0.0/8. */
const FIRST_SLOT = 11 << 14;
const LOOPBACK_SLOT = 127 << 14;
const LOOPBACK_SLOTS = 1 << 14;

const slotOf = (id: number): number => {
  const slot = FIRST_SLOT + id;
  return slot < LOOPBACK_SLOT ? slot : slot + LOOPBACK_SLOTS;
};

const idOfSlot = (slot: number): number => {
  if (slot < LOOPBACK_SLOT) return slot - FIRST_SLOT;
  return slot < LOOPBACK_SLOT + LOOPBACK_SLOTS ? -1 : slot - FIRST_SLOT - LOOPBACK_SLOTS;
};

const ipv4Table = (count: number): Catalogue => ({
  family: 0,
  count,
  idOf: (w0, _w1, _w2, _w3, length) => {
    const id = (w0 & 0x3ff) === 0 ? within(idOfSlot(w0 >>> 10), count) : -1;
    return id >= 0 && pick(LENGTHS_V4, id) === length ? id : -1;
  },
  pack: (packer, id) => packer.prefix((slotOf(id) << 10) >>> 0, 0, 0, 0, pick(LENGTHS_V4, id)),
});

const TABLE_BASE_V6 = 0x24000000;

/** Each route begins a /40 of its own. */
const ipv6Table = (count: number): Catalogue => ({
  family: 1,
  count,
  idOf: (w0, w1, w2, w3, length) => {
    const aligned = (w1 & 0xffffff) === 0 && w2 === 0 && w3 === 0;
    const id = aligned ? within((w0 - TABLE_BASE_V6) * 256 + (w1 >>> 24), count) : -1;
    return id >= 0 && pick(LENGTHS_V6, id) === length ? id : -1;
  },
  pack: (packer, id) =>
    packer.prefix(TABLE_BASE_V6 + (id >>> 8), ((id & 255) << 24) >>> 0, 0, 0, pick(LENGTHS_V6, id)),
});

/** Six in ten are /24 (or /48), the others shorter; up to three million. */
export const tableCatalogue = (family: FamilyIndex, count: number): Catalogue =>
  family === 0 ? ipv4Table(count) : ipv6Table(count);
