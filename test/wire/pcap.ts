// A capture file of BGP messages, one TCP segment each, for a dissector that is not ours.

import { concatBytes, writeU16, writeU32 } from '../../src/base/bytes.js';

/** Link type "raw IP" of the pcap format. */
const RAW_IP = 101;

/** Frames from 192.0.2.1:179 to 192.0.2.2:40000, in sequence. */
export function pcapOf(frames: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(24);
  writeU32(head, 0, 0xa1b2c3d4);
  writeU16(head, 4, 2);
  writeU16(head, 6, 4);
  writeU32(head, 16, 0x40000);
  writeU32(head, 20, RAW_IP);
  let sequence = 1;
  const records = frames.map((frame, i) => {
    const packet = segment(frame, sequence);
    sequence += frame.length;
    const record = new Uint8Array(16);
    writeU32(record, 0, i);
    writeU32(record, 8, packet.length);
    writeU32(record, 12, packet.length);
    return concatBytes([record, packet]);
  });
  return concatBytes([head, ...records]);
}

function segment(payload: Uint8Array, sequence: number): Uint8Array {
  const packet = new Uint8Array(40 + payload.length);
  packet[0] = 0x45;
  writeU16(packet, 2, packet.length);
  packet[8] = 64;
  packet[9] = 6;
  writeU32(packet, 12, 0xc0000201);
  writeU32(packet, 16, 0xc0000202);
  writeU16(packet, 20, 179);
  writeU16(packet, 22, 40000);
  writeU32(packet, 24, sequence);
  packet[32] = 0x50;
  packet[33] = 0x18;
  writeU16(packet, 34, 0xffff);
  packet.set(payload, 40);
  return packet;
}
