// Writes long JSON lists slice by slice, so that one large answer never holds the event loop for long and the
// reader's pace bounds what is kept in memory.

import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Items turned into text in one go at most: some 100 KiB. */
const SLICE = 200;
/** Milliseconds after which a slice ends, where items have to be made first; looked at after so many items. */
const TURN = 2;
const ITEMS_A_LOOK = 16;

/** `{ ...head, "<key>": [items] }`. Items are asked for as they are written. */
export const jsonListStream = (
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: Iterable<unknown>,
): Readable => Readable.from(jsonListParts(head, key, items), { objectMode: false });

async function* jsonListParts(
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: Iterable<unknown>,
): AsyncGenerator<string> {
  const fields = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`,
  );
  yield `{${fields.join('')}${JSON.stringify(key)}:[`;
  const rest = items[Symbol.iterator]();
  for (let first = true; ; first = false) {
    const texts = nextTexts(rest);
    if (texts.length === 0) break;
    yield (first ? '' : ',') + texts.join(',');
    await nextTurn();
  }
  yield ']}';
}

function nextTexts(items: Iterator<unknown>): readonly string[] {
  const texts: string[] = [];
  const end = performance.now() + TURN;
  while (texts.length < SLICE) {
    const item = items.next();
    if (item.done === true) break;
    texts.push(JSON.stringify(item.value));
    if (texts.length % ITEMS_A_LOOK === 0 && performance.now() >= end) break;
  }
  return texts;
}
