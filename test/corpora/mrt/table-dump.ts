// Routing tables in MRT: TABLE_DUMP (RFC 6396 4.2), TABLE_DUMP_V2 with its peer index (4.3) and path ids (RFC 8050 4).

import { ByteReader } from '../../../src/base/bytes.js';
import type { FamilyIndex } from '../../../src/base/family.js';
import { MRT, type MrtRecord } from './records.js';

/** A route as one peer of the dumping router told it. */
export interface TableEntry {
  readonly family: FamilyIndex;
  /** Length octet and the octets of the prefix, as in NLRI. */
  readonly nlri: Uint8Array;
  readonly pathId: number | null;
  readonly asn4: boolean;
  readonly peer: TablePeer;
  readonly attributes: Uint8Array;
}

export interface TablePeer {
  readonly asn: number;
  /** 4 or 16 octets; all zero for the dumping router itself. */
  readonly address: Uint8Array;
}

/** What a record of a table holds, or why it was not read. */
export type TableRecord =
  | { readonly kind: 'peers'; readonly peers: readonly TablePeer[] }
  | { readonly kind: 'entries'; readonly entries: readonly TableEntry[] }
  | { readonly kind: 'other'; readonly name: string }
  | { readonly kind: 'broken'; readonly problem: string };

const PEER_INDEX_TABLE = 1;

const V2_UNICAST: Readonly<Record<number, { readonly family: FamilyIndex; readonly addPath: boolean }>> = {
  2: { family: 0, addPath: false },
  4: { family: 1, addPath: false },
  8: { family: 0, addPath: true },
  10: { family: 1, addPath: true },
};

const V2_OTHERS: Readonly<Record<number, string>> = {
  3: 'RIB_IPV4_MULTICAST',
  5: 'RIB_IPV6_MULTICAST',
  6: 'RIB_GENERIC',
  7: 'GEO_PEER_TABLE',
  9: 'RIB_IPV4_MULTICAST_ADDPATH',
  11: 'RIB_IPV6_MULTICAST_ADDPATH',
  12: 'RIB_GENERIC_ADDPATH',
};

const NOBODY: TablePeer = { asn: 0, address: new Uint8Array(4) };

/** `peers`: of the PEER_INDEX_TABLE before it. */
export function readTable(record: MrtRecord, peers: readonly TablePeer[]): TableRecord {
  const { type, subtype, body } = record;
  if (type === MRT.tableDump) return readVersion1(subtype, new ByteReader(body));
  if (subtype === PEER_INDEX_TABLE) return readPeers(new ByteReader(body));
  const form = V2_UNICAST[subtype];
  if (form !== undefined) return readRib(new ByteReader(body), form.family, form.addPath, peers);
  return { kind: 'other', name: V2_OTHERS[subtype] ?? `TABLE_DUMP_V2 ${subtype}` };
}

function readVersion1(afi: number, reader: ByteReader): TableRecord {
  if (afi !== 1 && afi !== 2) return { kind: 'other', name: `TABLE_DUMP ${afi}` };
  const octets = afi === 1 ? 4 : 16;
  reader.skip(4);
  const prefix = reader.view(octets);
  const length = reader.u8();
  reader.skip(5);
  const address = reader.view(octets);
  const asn = reader.u16();
  const attributes = reader.view(reader.u16());
  if (reader.overrun || length > octets * 8) return { kind: 'broken', problem: 'TABLE_DUMP record' };
  const nlri = Uint8Array.of(length, ...prefix.subarray(0, (length + 7) >>> 3));
  const family = afi === 1 ? 0 : 1;
  const entry = { family, nlri, pathId: null, asn4: false, peer: { asn, address }, attributes } as const;
  return { kind: 'entries', entries: [entry] };
}

function readPeers(reader: ByteReader): TableRecord {
  reader.skip(4);
  reader.skip(reader.u16());
  const count = reader.u16();
  const peers: TablePeer[] = [];
  for (let i = 0; i < count && !reader.overrun; i++) {
    const type = reader.u8();
    reader.skip(4);
    const address = reader.view((type & 1) === 0 ? 4 : 16);
    peers.push({ address, asn: (type & 2) === 0 ? reader.u16() : reader.u32() });
  }
  return reader.overrun ? { kind: 'broken', problem: 'PEER_INDEX_TABLE' } : { kind: 'peers', peers };
}

function readRib(
  reader: ByteReader,
  family: FamilyIndex,
  addPath: boolean,
  peers: readonly TablePeer[],
): TableRecord {
  reader.skip(4);
  const nlri = readPrefix(reader);
  const count = reader.u16();
  const entries: TableEntry[] = [];
  for (let i = 0; i < count && !reader.overrun; i++) {
    const peer = peers[reader.u16()] ?? NOBODY;
    reader.skip(4);
    const pathId = addPath ? reader.u32() : null;
    entries.push({ family, nlri, pathId, asn4: true, peer, attributes: reader.view(reader.u16()) });
  }
  if (reader.overrun || reader.remaining > 0) return { kind: 'broken', problem: 'RIB record' };
  return { kind: 'entries', entries };
}

function readPrefix(reader: ByteReader): Uint8Array {
  const start = reader.offset;
  reader.skip((reader.u8() + 7) >>> 3);
  return reader.bytes.subarray(start, reader.offset);
}
