// Octet cursors: what is written is read, overrun sticks, lengths are patched; hex there and back.

import test from 'ava';
import fc from 'fast-check';
import {
  ByteReader,
  ByteWriter,
  bytesEqual,
  concatBytes,
  fromHex,
  readU16,
  readU32,
  toHex,
  writeU16,
  writeU32,
} from '../../src/base/bytes.js';

type Field =
  | { readonly kind: 'u8' | 'u16' | 'u32'; readonly value: number }
  | { readonly kind: 'raw'; readonly value: Uint8Array };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('u8'), value: fc.nat({ max: 0xff }) }),
  fc.record({ kind: fc.constant('u16'), value: fc.nat({ max: 0xffff }) }),
  fc.record({ kind: fc.constant('u32'), value: fc.nat({ max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('raw'), value: fc.uint8Array({ maxLength: 40 }) }),
) as fc.Arbitrary<Field>;

const size = ({ kind, value }: Field): number =>
  kind === 'raw' ? value.length : { u8: 1, u16: 2, u32: 4 }[kind];

function write(writer: ByteWriter, { kind, value }: Field): void {
  if (kind === 'raw') writer.raw(value);
  else writer[kind](value);
}

const read = (reader: ByteReader, { kind, value }: Field): number | Uint8Array =>
  kind === 'raw' ? reader.view(value.length) : reader[kind]();

test('what is written is read, however small the writer began', (t) => {
  const property = fc.property(fc.array(field), fc.nat({ max: 8 }), (fields, capacity) => {
    const writer = new ByteWriter(capacity);
    for (const one of fields) write(writer, one);
    const reader = new ByteReader(writer.take());
    const same = fields.every((one) => {
      const value = read(reader, one);
      return typeof value === 'number' ? value === one.value : bytesEqual(value, one.value as Uint8Array);
    });
    return same && reader.remaining === 0 && !reader.overrun;
  });
  t.notThrows(() => fc.assert(property));
});

test('a reader cut short says so and gives zeros from there on', (t) => {
  const property = fc.property(fc.array(field, { minLength: 1 }), fc.nat(), (fields, cut) => {
    const writer = new ByteWriter();
    for (const one of fields) write(writer, one);
    const total = writer.length;
    if (total === 0) return true;
    const end = cut % total;
    const reader = new ByteReader(writer.take(), 0, end);
    let at = 0;
    for (const one of fields) {
      at += size(one);
      const value = read(reader, one);
      if (reader.overrun !== at > end) return false;
      if (reader.overrun && value !== 0 && (value as Uint8Array).length !== 0) return false;
    }
    return reader.overrun && reader.offset <= end;
  });
  t.notThrows(() => fc.assert(property));
});

test('a reader of a part: offsets, skip, and never a way back from an overrun', (t) => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5), 1, 4);
  t.is(reader.remaining, 3);
  reader.skip(1);
  t.is(reader.u8(), 3);
  t.is(reader.u16(), 0);
  t.true(reader.overrun);
  t.is(reader.u8(), 0, 'one octet was left, but the reader is spent');
  t.is(reader.offset, 3);
});

test('views share memory, copies do not', (t) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const view = new ByteReader(bytes).view(2);
  bytes[0] = 9;
  t.is(view[0], 9);
  const writer = new ByteWriter(1);
  writer.raw(bytes);
  const taken = writer.take();
  writer.patchU8(0, 7);
  t.is(taken[0], 9);
});

test('lengths are patched in', (t) => {
  const writer = new ByteWriter(2);
  writer.u16(0);
  writer.u8(0);
  writer.u32(0xdeadbeef);
  writer.patchU16(0, 0x1234);
  writer.patchU8(2, 0x56);
  t.is(toHex(writer.take()), '123456deadbeef');
  writer.reset();
  t.is(writer.take().length, 0);
});

test('words in network order, unsigned', (t) => {
  const bytes = new Uint8Array(7);
  writeU16(bytes, 0, 0xfffe);
  writeU32(bytes, 3, 0xfffefdfc);
  t.is(toHex(bytes), 'fffe00fffefdfc');
  t.is(readU16(bytes, 0), 0xfffe);
  t.is(readU32(bytes, 3), 0xfffefdfc);
});

test('hex there and back, white space ignored', (t) => {
  const property = fc.property(fc.uint8Array(), (bytes) => {
    const hex = toHex(bytes);
    const spaced = hex.replace(/(..)/g, '$1 \n');
    return bytesEqual(fromHex(hex)!, bytes) && bytesEqual(fromHex(spaced.toUpperCase())!, bytes);
  });
  t.notThrows(() => fc.assert(property));
  for (const text of ['a', '0g', '0x00', '00:11', '-1']) t.is(fromHex(text), null, text);
});

test('concatenation and equality', (t) => {
  const property = fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), (parts) =>
    bytesEqual(concatBytes(parts), Uint8Array.from(parts.flatMap((part) => [...part]))),
  );
  t.notThrows(() => fc.assert(property));
  t.false(bytesEqual(Uint8Array.of(1), Uint8Array.of(1, 2)));
  t.false(bytesEqual(Uint8Array.of(1, 3), Uint8Array.of(1, 2)));
});
