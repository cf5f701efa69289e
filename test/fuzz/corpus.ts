// The seeds of the fuzz loop, from the fixtures and from text files of one message a line in hex, and its findings as
// .case files.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fromHex, toHex } from '../../src/base/bytes.js';
import type { DecodeContext } from '../../src/wire/types.js';
import { readCaseFolder } from '../wire/case-file.js';

/** From this file as compiled, dist/test/fuzz/. */
const ROOT = resolve(import.meta.dirname, '..', '..', '..');

export const CORPUS = join(ROOT, 'test', 'fuzz', 'corpus');

/** The fixtures of the codec and the corpus proper. */
export const readSeeds = (): Uint8Array[] => [
  ...['wire', 'malformed'].flatMap((name) =>
    readCaseFolder(join(ROOT, 'fixtures', name)).map(({ frame }) => frame),
  ),
  ...readdirSync(CORPUS).flatMap((file) => readMessages(join(CORPUS, file))),
];

function readMessages(path: string): Uint8Array[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const octets = fromHex(line);
      if (octets === null) throw new Error(`${path}: no hex: ${line.slice(0, 40)}`);
      return octets;
    });
}

export const messagesText = (messages: readonly Uint8Array[]): string =>
  `${['# Written by the fuzz loop: messages that show every behaviour it has seen.', ...messages.map(toHex)].join('\n')}\n`;

const OCTETS_A_LINE = 32;

/** The text of a .case file. */
export function caseText(comment: string, context: DecodeContext, octets: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += OCTETS_A_LINE) {
    lines.push(toHex(octets.subarray(at, Math.min(at + OCTETS_A_LINE, octets.length))));
  }
  return [`# ${comment}`, `@context ${JSON.stringify(context)}`, '@hex', ...lines, ''].join('\n');
}

export function writeCase(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.case`);
  writeFileSync(path, text);
  return path;
}
