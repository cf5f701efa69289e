// Every file in fixtures/config/bad and warn begins with the problems that loading it must find, one comment line each.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../src/config/load.js';
import { formatProblem } from '../../src/config/problem.js';
import type { ConfigProblem } from '../../src/config/types.js';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'config');

function expectedIn(text: string): string[] {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('# '));
  return lines.slice(0, end).map((line) => line.slice(2));
}

const written = (problems: readonly ConfigProblem[], file: string): string[] =>
  problems.map((problem) => formatProblem(problem).slice(file.length + 1));

for (const file of readdirSync(join(fixtures, 'bad'))) {
  test(`bad: ${file}`, (t) => {
    const text = readFileSync(join(fixtures, 'bad', file), 'utf8');
    const result = loadConfig(text, file, { hostname: 'host-a' });
    t.deepEqual(result.ok ? [] : written(result.problems, file), expectedIn(text));
    t.false(result.ok);
  });
}

for (const file of readdirSync(join(fixtures, 'warn'))) {
  test(`warn: ${file}`, (t) => {
    const text = readFileSync(join(fixtures, 'warn', file), 'utf8');
    const result = loadConfig(text, file, { hostname: 'host-a' });
    t.true(result.ok);
    t.deepEqual(result.ok ? written(result.warnings, file) : [], expectedIn(text));
    t.true(expectedIn(text).length > 0);
  });
}
