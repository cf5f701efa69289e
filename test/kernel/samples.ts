// The messages of a real kernel in fixtures/kernel, as octets with what they decode to.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../src/base/bytes.js';

const folder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'kernel');

export interface Sample {
  /** The command that caused it. */
  readonly cause: string;
  readonly bytes: Uint8Array;
  readonly expected: string;
}

export const readAllSamples = (): readonly Sample[] =>
  ['notifications.case', 'forms.case', 'neighbours.case'].flatMap(readSamples);

function readSamples(file: string): Sample[] {
  const samples: Sample[] = [];
  let cause = '';
  let hex = '';
  for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
    if (line.startsWith('#')) cause = line.slice(2);
    else if (line.startsWith('= ')) {
      samples.push({ cause, bytes: fromHex(hex) ?? new Uint8Array(0), expected: line.slice(2) });
      hex = '';
    } else hex += line;
  }
  return samples;
}
