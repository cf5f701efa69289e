// Reads fixtures/wire and fixtures/malformed: `# comment` lines, then sections `@name rest-of-line` with optional lines
// below. `@hex` takes octets with `#` comments; every other section is JSON or plain words.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fromHex } from '../../src/base/bytes.js';
import type { DecodeContext } from '../../src/wire/types.js';

export interface Case {
  readonly name: string;
  readonly context: DecodeContext;
  /** Largest message of the session, octets. */
  readonly maxMessage: number;
  readonly frame: Uint8Array;
  /** The decoded message as JSON (wire), or what must come of it (malformed). */
  readonly expected: unknown;
  /** Why encoding the decoded message gives other octets; null when it must give the same. */
  readonly oneWay: string | null;
}

const root = resolve(import.meta.dirname, '..', '..', '..');

export const CONTEXT: DecodeContext = {
  asn4: true,
  sessionType: 'ebgp',
  families: [true, true],
  addPath: [false, false],
};

export const readCases = (folder: 'wire' | 'malformed'): Case[] =>
  readCaseFolder(join(root, 'fixtures', folder));

export function readCaseFolder(path: string): Case[] {
  return readdirSync(path)
    .filter((file) => file.endsWith('.case'))
    .sort()
    .map((file) => readCase(file, readFileSync(join(path, file), 'utf8')));
}

function readCase(name: string, text: string): Case {
  const sections = splitSections(text);
  const json = (key: string): unknown => JSON.parse(sections.get(key) ?? 'null');
  const digits = (sections.get('hex') ?? '').replace(/#.*$/gm, '');
  const frame = fromHex(digits);
  if (frame === null || frame.length === 0) throw new Error(`${name}: no octets`);
  return {
    name,
    context: { ...CONTEXT, ...(json('context') as Partial<DecodeContext> | null) },
    maxMessage: (json('maxMessage') as number | null) ?? 4096,
    frame,
    expected: json('expect'),
    oneWay: sections.get('oneway') ?? null,
  };
}

function splitSections(text: string): Map<string, string> {
  const sections = new Map<string, string>();
  let key = '';
  for (const line of text.split('\n')) {
    const head = /^@(\w+)\s*(.*)$/.exec(line);
    if (head !== null) {
      key = head[1]!;
      sections.set(key, head[2]!);
    } else if (key !== '') sections.set(key, `${sections.get(key)}\n${line}`.trim());
  }
  return sections;
}
