// Feeds, read back by the project's own decoder.

import test from 'ava';
import { formatIpv4 } from '../../src/base/ip.js';
import { Framer } from '../../src/wire/framer.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { encodeFeed, type Feed } from './feed.js';

const COUNT = 2000;

interface Read {
  readonly messages: number;
  readonly kinds: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

const read = (feed: Feed): Read => {
  const families = [true, false] as const;
  const decoder = new UpdateDecoder({ asn4: true, sessionType: 'ibgp', families, addPath: [false, false] });
  const cursor = new NlriCursor();
  const kinds = new Set<string>();
  const prefixes: string[] = [];
  let messages = 0;
  new Framer().push(encodeFeed(feed), (type, frame) => {
    messages += type === MESSAGE.update ? 1 : 0;
    const view = decoder.decode(frame);
    for (const run of view.runs) {
      kinds.add(view.verdicts.length === 0 && view.reset === null ? run.kind : 'malformed');
      cursor.open(view.frame, run);
      while (cursor.next()) prefixes.push(`${formatIpv4(cursor.w0)}/${cursor.length}`);
    }
    return true;
  });
  return { messages, kinds, prefixes };
};

for (const [kind, run] of [
  ['announce', 'reach'],
  ['withdraw', 'unreach'],
] as const) {
  test(`${kind}: every prefix once, in order, in full messages`, (t) => {
    const found = read({ kind, first: '10.128.0.254', count: COUNT, nextHop: '172.30.0.2' });
    t.deepEqual([...found.kinds], [run]);
    t.is(found.prefixes.length, COUNT);
    t.is(new Set(found.prefixes).size, COUNT);
    t.deepEqual(found.prefixes.slice(0, 3), ['10.128.0.254/32', '10.128.0.255/32', '10.128.1.0/32']);
    t.is(found.messages, Math.ceil((COUNT * 5) / 4050));
  });
}

test('a first prefix that is no address is a programming error', (t) => {
  t.throws(() => encodeFeed({ kind: 'withdraw', first: '10.128', count: 1, nextHop: '172.30.0.2' }));
});
