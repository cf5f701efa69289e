// Interface globs.

import test from 'ava';
import { compileGlob } from '../../src/kernel/routes/importer.js';

const TABLE: readonly (readonly [glob: string, name: string, matches: boolean])[] = [
  ['cali*', 'cali123', true],
  ['cali*', 'cali', true],
  ['cali*', 'xcali1', false],
  ['tap?', 'tap1', true],
  ['tap?', 'tap12', false],
  ['ns-*', 'ns-a.b', true],
  ['a.b', 'axb', false],
  ['a+(b)[c]', 'a+(b)[c]', true],
  ['*', '', true],
  ['eth0', 'eth0', true],
  ['eth0', 'eth0\n', false],
];

for (const [glob, name, matches] of TABLE)
  test(`${glob} ${matches ? 'takes' : 'leaves'} ${JSON.stringify(name)}`, (t) => {
    t.is(compileGlob(glob).test(name), matches);
  });
