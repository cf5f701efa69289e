import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { jsonListStream } from '../../src/api/json-stream.js';
import { Slices } from '../../src/api/slices.js';

test('the text is the JSON of head and list', async (t) => {
  const head = fc.dictionary(
    fc.string().filter((key) => key !== 'items' && key !== '__proto__'),
    fc.oneof(fc.string(), fc.integer()),
  );
  const items = fc.array(fc.record({ prefix: fc.string(), length: fc.nat() }), { size: 'medium' });
  await fc.assert(
    fc.asyncProperty(head, items, async (fields, list) => {
      const body = await text(jsonListStream(fields, 'items', list));
      t.deepEqual(JSON.parse(body), { ...fields, items: list });
    }),
  );
});

/** A millisecond for every look at the clock, and it is looked at for every batch. */
const slow = (): Slices => {
  let now = 0;
  return new Slices(() => now++);
};

for (const count of [0, 1, 31, 32, 33, 1000]) {
  test(`a list of ${count} around the slice size`, async (t) => {
    const items = Array.from({ length: count }, (_, i) => i);
    t.deepEqual(JSON.parse(await text(jsonListStream({ total: count }, 'items', items, slow()))), {
      total: count,
      items,
    });
  });
}

test('other work gets turns while a long list is written', async (t) => {
  let turns = 0;
  let most = 0;
  let asked = 0;
  let done = false;
  const count = (): void => {
    turns++;
    most = Math.max(most, asked);
    asked = 0;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const items = function* (): Generator<string> {
    for (let i = 0; i < 10_000; i++) {
      asked++;
      yield '10.65.0.0/26';
    }
  };
  await text(jsonListStream({}, 'items', items(), slow()));
  done = true;
  t.true(turns >= 20, `${turns} turns`);
  t.true(most < 800, `${most} items are looked at in one turn`);
});

test('a reader that stops reading stops the writing', async (t) => {
  let read = 0;
  const items = Array.from({ length: 100_000 }, () => ({
    toJSON: () => {
      read++;
      return 'x'.repeat(100);
    },
  }));
  const stream = jsonListStream({}, 'items', items);
  while (read === 0) {
    stream.read();
    await nextTurn();
  }
  for (let i = 0; i < 100; i++) await nextTurn();
  stream.destroy();
  t.true(read < 5000, `${read} items`);
});
