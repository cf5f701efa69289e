// Calico's resource files: found, read, cut into documents. What has not changed since the last time is not parsed again.
// The only I/O of the Calico configuration; knows no resource.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSource, type Source } from '../sources/source.js';
import type { ConfigProblem } from '../types.js';

export interface CalicoDocument {
  readonly file: string;
  /** The line of the file before the first of the document. */
  readonly offset: number;
  readonly text: string;
  readonly source: Source;
}

export interface CalicoFiles {
  readonly documents: readonly CalicoDocument[];
  /** Files that could not be read or are no YAML: what was in them is not known. */
  readonly broken: readonly ConfigProblem[];
  /** Equal for equal contents. */
  readonly digest: string;
}

/** In a folder; a file that is named itself may be called anything. */
const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** Documents by text: those of the last reading. */
export type DocumentCache = Map<string, Source>;

export function readCalicoFiles(paths: readonly string[], cache: DocumentCache): CalicoFiles {
  const digest = createHash('sha256');
  const documents: CalicoDocument[] = [];
  const broken: ConfigProblem[] = [];
  for (const file of paths.flatMap((path) => filesOf(path, broken))) {
    const text = readText(file, broken);
    digest.update(`${file}\0${text ?? ''}\0`);
    if (text !== null) documents.push(...documentsOf(file, text, cache, broken));
  }
  const kept = new Map(documents.map(({ text, source }) => [text, source]));
  cache.clear();
  for (const [text, source] of kept) cache.set(text, source);
  for (const { file, message } of broken) digest.update(`${file}\0${message}\0`);
  return { documents, broken, digest: digest.digest('hex') };
}

/** The folders in which a change of the files shows. */
export function watchedFolders(paths: readonly string[]): readonly string[] {
  const folders = paths.map((path) => (isFolder(path) ? path : dirname(path)));
  return [...new Set(folders)];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function filesOf(path: string, broken: ConfigProblem[]): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => !name.startsWith('.') && EXTENSIONS.some((extension) => name.endsWith(extension)))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    broken.push(unreadable(path, error));
    return [];
  }
}

function readText(file: string, broken: ConfigProblem[]): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    broken.push(unreadable(file, error));
    return null;
  }
}

function unreadable(file: string, error: unknown): ConfigProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const remedy = 'what was known of it stays in force: give a file or folder that can be read';
  return { file, line: 0, column: 0, key: '', message: `can't be read (${code})`, remedy };
}

/** One broken document hides what it would have said; the others of its file are read. */
function documentsOf(
  file: string,
  text: string,
  cache: DocumentCache,
  broken: ConfigProblem[],
): CalicoDocument[] {
  return cut(text).flatMap(({ text: part, offset }) => {
    const source = cache.get(part) ?? parseSource(part, file, 'kubernetes');
    const document = { file, offset, text: part, source };
    if (!source.readable || source.problems.length > 0) {
      broken.push(...source.problems.map((problem) => shifted(problem, document)));
    }
    if (!source.readable || source.value === null) return [];
    return [document];
  });
}

/** A place in a document as a place in its file. */
export const shifted = (problem: ConfigProblem, { file, offset }: CalicoDocument): ConfigProblem => ({
  ...problem,
  file,
  line: problem.line === 0 ? 0 : problem.line + offset,
});

/** At lines that begin a document, which no value can contain at the margin. */
function cut(text: string): { readonly text: string; readonly offset: number }[] {
  const parts: { text: string; offset: number }[] = [];
  let lines: string[] = [];
  let offset = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (!/^(---|\.\.\.)(\s|$)/.test(line)) {
      lines.push(line);
      continue;
    }
    parts.push({ text: lines.join('\n'), offset });
    lines = [line.slice(3)];
    offset = index;
  }
  parts.push({ text: lines.join('\n'), offset });
  return parts.filter((part) => part.text.trim() !== '');
}
