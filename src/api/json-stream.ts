// Writes long JSON lists slice by slice, so that one large answer never holds the event loop for long and the
// reader's pace bounds what is kept in memory.

import { Readable } from 'node:stream';
import { Slices } from './slices.js';

/** Octets, about: what is handed to the stream at a time. */
const PIECE = 128 * 1024;
/** Items between two looks at the clock: some 0.2 ms. */
const BATCH = 32;

/** `{ ...head, "<key>": [items] }`. An item is asked for when it is its turn to be written. */
export const jsonListStream = (
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: Iterable<unknown>,
  slices = new Slices(),
): Readable => Readable.from(jsonListParts(head, key, items, slices), { objectMode: false });

async function* jsonListParts(
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: Iterable<unknown>,
  slices: Slices,
): AsyncGenerator<string> {
  const fields = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`,
  );
  let text = `{${fields.join('')}${JSON.stringify(key)}:[`;
  let separator = '';
  for (const batch of batchesOf(items)) {
    // Half the time of as many calls with an item each.
    text += separator + JSON.stringify(batch).slice(1, -1);
    separator = ',';
    const { spent } = slices;
    if (!spent && text.length < PIECE) continue;
    yield text;
    text = '';
    if (spent) await slices.next();
  }
  yield `${text}]}`;
}

function* batchesOf(items: Iterable<unknown>): Generator<readonly unknown[]> {
  let batch: unknown[] = [];
  for (const item of items) {
    if (batch.push(item) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
