// What is wrong, first as a place in the data (an issue), then as a place in the file (a problem). Words, no rules.

import type { ConfigProblem } from './types.js';

/** Where a value is: keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** Something wrong at a path. `at` says whether the key or its value is to be pointed at. */
export interface Issue {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly remedy: string;
}

export const issue = (path: Path, message: string, remedy: string, at: Issue['at'] = 'value'): Issue => ({
  path,
  at,
  message,
  remedy,
});

/** `peers[2].asn`; names that are no plain words are quoted: `peerGroups["a b"].asn`. */
export const pathText = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');

/** One line: `file:line:column: key: message; remedy`, without the parts that are unknown. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, key, message, remedy } = problem;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const what = key === '' ? message : `${key}: ${message}`;
  return `${place}: ${what}${remedy === '' ? '' : `; ${remedy}`}`;
}

/** A value as one would name it to somebody who looks at the file. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return `the text ${JSON.stringify(shorten(value))}`;
  return typeof value === 'boolean' ? `${value}` : `the number ${value}`;
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
