// BGP messages in MRT: BGP4MP and BGP4MP_ET (RFC 6396 4.4) with path ids (RFC 8050 3).

import { ByteReader } from '../../../src/base/bytes.js';
import type { MrtRecord } from './records.js';

export type Bgp4mpRecord =
  | {
      readonly kind: 'message';
      readonly peerAsn: number;
      readonly localAsn: number;
      /** Peer and local address as hex: which session it is. */
      readonly session: string;
      /** Sent by the dumping router itself. */
      readonly local: boolean;
      readonly asn4: boolean;
      readonly addPath: boolean;
      /** A whole message, header included. */
      readonly frame: Uint8Array;
    }
  | { readonly kind: 'stateChange' }
  | { readonly kind: 'other'; readonly name: string }
  | { readonly kind: 'broken'; readonly problem: string };

interface Form {
  readonly asn4: boolean;
  readonly local: boolean;
  readonly addPath: boolean;
}

const MESSAGES: Readonly<Record<number, Form>> = {
  1: { asn4: false, local: false, addPath: false },
  4: { asn4: true, local: false, addPath: false },
  6: { asn4: false, local: true, addPath: false },
  7: { asn4: true, local: true, addPath: false },
  8: { asn4: false, local: false, addPath: true },
  9: { asn4: true, local: false, addPath: true },
  10: { asn4: false, local: true, addPath: true },
  11: { asn4: true, local: true, addPath: true },
};

const STATE_CHANGES: readonly number[] = [0, 5];

export function readBgp4mp({ subtype, body }: MrtRecord): Bgp4mpRecord {
  if (STATE_CHANGES.includes(subtype)) return { kind: 'stateChange' };
  const form = MESSAGES[subtype];
  if (form === undefined) return { kind: 'other', name: `BGP4MP ${subtype}` };
  const reader = new ByteReader(body);
  const asn = (): number => (form.asn4 ? reader.u32() : reader.u16());
  const peerAsn = asn();
  const localAsn = asn();
  reader.skip(2);
  const afi = reader.u16();
  const session = Buffer.from(reader.view(afi === 2 ? 32 : 8)).toString('hex');
  const frame = reader.view(reader.remaining);
  if (reader.overrun || afi < 1 || afi > 2) return { kind: 'broken', problem: 'BGP4MP record' };
  return { kind: 'message', peerAsn, localAsn, session, ...form, frame };
}
