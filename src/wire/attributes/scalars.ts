// Attributes of one fixed-size value: ORIGIN, MULTI_EXIT_DISC, LOCAL_PREF, ATOMIC_AGGREGATE, ORIGINATOR_ID,
// ONLY_TO_CUSTOMER.

import { EMPTY, readU32, writeU32 } from '../../base/bytes.js';
import { ATTRIBUTE } from '../iana.js';
import {
  type AttributeRow,
  exactly,
  OPTIONAL_NON_TRANSITIVE,
  OPTIONAL_TRANSITIVE,
  WELL_KNOWN,
} from './row.js';

export function u32Value(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

const u32OrNull = (value: number | null): Uint8Array | null => (value === null ? null : u32Value(value));

export const SCALAR_ROWS = [
  {
    code: ATTRIBUTE.origin,
    flags: WELL_KNOWN,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: (bytes, start, end) => {
      if (end - start !== 1) return 'bad length';
      return bytes[start]! <= 2 ? null : 'undefined origin';
    },
    value: {
      read: (draft, bytes, start) => {
        draft.origin = bytes[start]!;
      },
      write: ({ origin }) => Uint8Array.of(origin),
    },
  },
  {
    code: ATTRIBUTE.med,
    flags: OPTIONAL_NON_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: exactly(4),
    value: {
      read: (draft, bytes, start) => {
        draft.med = readU32(bytes, start);
      },
      write: ({ med }) => u32OrNull(med),
    },
  },
  {
    code: ATTRIBUTE.localPref,
    flags: WELL_KNOWN,
    onMalformed: 'withdraw',
    fromEbgp: 'discard',
    check: exactly(4),
    value: {
      read: (draft, bytes, start) => {
        draft.localPref = readU32(bytes, start);
      },
      write: ({ localPref }) => u32OrNull(localPref),
    },
  },
  {
    code: ATTRIBUTE.atomicAggregate,
    flags: WELL_KNOWN,
    onMalformed: 'discard',
    fromEbgp: 'accept',
    check: exactly(0),
    value: {
      read: (draft) => {
        draft.atomicAggregate = true;
      },
      write: ({ atomicAggregate }) => (atomicAggregate ? EMPTY : null),
    },
  },
  {
    code: ATTRIBUTE.originatorId,
    flags: OPTIONAL_NON_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'discard',
    check: exactly(4),
    value: {
      read: (draft, bytes, start) => {
        draft.originatorId = readU32(bytes, start);
      },
      write: ({ originatorId }) => u32OrNull(originatorId),
    },
  },
  {
    code: ATTRIBUTE.onlyToCustomer,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: exactly(4),
    value: {
      read: (draft, bytes, start) => {
        draft.onlyToCustomer = readU32(bytes, start);
      },
      write: ({ onlyToCustomer }) => u32OrNull(onlyToCustomer),
    },
  },
] as const satisfies readonly AttributeRow[];
