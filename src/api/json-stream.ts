// Writes long JSON lists slice by slice, so that one large answer never holds the event loop for long and the
// reader's pace bounds what is kept in memory.

import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Items turned into text in one go: some 100 KiB, about a millisecond. */
const SLICE = 200;

/** `{ ...head, "<key>": [items] }`. */
export const jsonListStream = (
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: readonly unknown[],
): Readable => Readable.from(jsonListParts(head, key, items), { objectMode: false });

async function* jsonListParts(
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: readonly unknown[],
): AsyncGenerator<string> {
  const fields = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`,
  );
  yield `{${fields.join('')}${JSON.stringify(key)}:[`;
  for (let from = 0; from < items.length; from += SLICE) {
    const texts = items.slice(from, from + SLICE).map((item) => JSON.stringify(item));
    yield (from === 0 ? '' : ',') + texts.join(',');
    await nextTurn();
  }
  yield ']}';
}
