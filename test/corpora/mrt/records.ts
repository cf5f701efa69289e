// MRT files (RFC 6396 2, 3): cuts octets into records. Knows nothing of what is in them.

import { readU16, readU32 } from '../../../src/base/bytes.js';

export const MRT = { tableDump: 12, tableDumpV2: 13, bgp4mp: 16, bgp4mpEt: 17 } as const;

export interface MrtRecord {
  readonly kind: 'record';
  readonly type: number;
  readonly subtype: number;
  /** Without the microseconds of the extended-timestamp types. Shares memory with the file. */
  readonly body: Uint8Array;
}

/** The file ends inside a record that begins at `at`. */
interface MrtCut {
  readonly kind: 'cut';
  readonly at: number;
}

const HEADER = 12;
const MICROSECONDS = 4;

export function* readMrt(file: Uint8Array): Generator<MrtRecord | MrtCut> {
  let at = 0;
  while (at < file.length) {
    const bodyAt = at + HEADER;
    const end = bodyAt > file.length ? bodyAt : bodyAt + readU32(file, at + 8);
    if (end > file.length) {
      yield { kind: 'cut', at };
      return;
    }
    const type = readU16(file, at + 4);
    const start = type === MRT.bgp4mpEt ? Math.min(bodyAt + MICROSECONDS, end) : bodyAt;
    yield { kind: 'record', type, subtype: readU16(file, at + 6), body: file.subarray(start, end) };
    at = end;
  }
}
