// Capture files: pcap in both byte orders and resolutions, pcapng. Cuts them into packets; looks into none.

/** A packet as captured. */
export interface Packet {
  /** LINKTYPE number. */
  readonly link: number;
  /** Shares memory with the file. */
  readonly bytes: Uint8Array;
}

export type CaptureFile =
  | { readonly kind: 'packets'; readonly packets: readonly Packet[]; readonly cutAt: number | null }
  | { readonly kind: 'unknown' };

type ReadNumber = (at: number) => number;

interface Numbers {
  readonly u16: ReadNumber;
  readonly u32: ReadNumber;
}

const numbersOf = (file: Uint8Array, littleEndian: boolean): Numbers => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return {
    u16: (at) => view.getUint16(at, littleEndian),
    u32: (at) => view.getUint32(at, littleEndian),
  };
};

/** Microseconds and nanoseconds, as a big-endian reader sees them when the file is big-endian. */
const PCAP_MAGICS: readonly number[] = [0xa1b2c3d4, 0xa1b23c4d];
const SECTION = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export function readCapture(file: Uint8Array): CaptureFile {
  if (file.length < 24) return { kind: 'unknown' };
  if (numbersOf(file, false).u32(0) === SECTION) return readPcapng(file);
  for (const littleEndian of [false, true]) {
    const numbers = numbersOf(file, littleEndian);
    if (PCAP_MAGICS.includes(numbers.u32(0))) return readPcap(file, numbers);
  }
  return { kind: 'unknown' };
}

const PCAP_HEADER = 24;
const PCAP_RECORD = 16;

function readPcap(file: Uint8Array, { u32 }: Numbers): CaptureFile {
  const packets: Packet[] = [];
  // The upper half of the field says how long the frame check sequences are.
  const link = u32(20) & 0xffff;
  let at = PCAP_HEADER;
  while (at < file.length) {
    const start = at + PCAP_RECORD;
    const end = start > file.length ? start : start + u32(at + 8);
    if (end > file.length) return { kind: 'packets', packets, cutAt: at };
    packets.push({ link, bytes: file.subarray(start, end) });
    at = end;
  }
  return { kind: 'packets', packets, cutAt: null };
}

const INTERFACE = 1;
const SIMPLE_PACKET = 3;
const OLD_PACKET = 2;
const ENHANCED_PACKET = 6;

function readPcapng(file: Uint8Array): CaptureFile {
  const packets: Packet[] = [];
  let numbers = numbersOf(file, false);
  let links: number[] = [];
  let at = 0;
  while (at < file.length) {
    if (at + 12 > file.length) return { kind: 'packets', packets, cutAt: at };
    if (numbers.u32(at) === SECTION) {
      numbers = numbersOf(file, numbersOf(file, false).u32(at + 8) !== BYTE_ORDER_MAGIC);
      links = [];
    }
    const end = at + numbers.u32(at + 4);
    if (end > file.length || end < at + 12) return { kind: 'packets', packets, cutAt: at };
    if (numbers.u32(at) === INTERFACE) links.push(numbers.u16(at + 8));
    else packets.push(...packetOf(file, numbers, links, at, end));
    at = end;
  }
  return { kind: 'packets', packets, cutAt: null };
}

/** None when the block holds no packet, or one that does not fit into it. */
function packetOf(
  file: Uint8Array,
  { u16, u32 }: Numbers,
  links: readonly number[],
  at: number,
  end: number,
): readonly Packet[] {
  const made = (interfaceId: number, start: number, length: number): readonly Packet[] => {
    const link = links[interfaceId];
    if (link === undefined || start + length > end - 4) return [];
    return [{ link, bytes: file.subarray(start, start + length) }];
  };
  switch (u32(at)) {
    case ENHANCED_PACKET:
      return end - at < 32 ? [] : made(u32(at + 8), at + 28, u32(at + 20));
    case OLD_PACKET:
      return end - at < 32 ? [] : made(u16(at + 8), at + 28, u32(at + 20));
    case SIMPLE_PACKET:
      return end - at < 16 ? [] : made(0, at + 12, Math.min(u32(at + 8), end - at - 16));
    default:
      return [];
  }
}
