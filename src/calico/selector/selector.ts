// The selector language of Calico: text -> a tree, and the tree asked about a set of labels. Pure.
//
//   or     := and { "||" and }
//   and    := not { "&&" not }
//   not    := { "!" } atom
//   atom   := "(" or ")" | "all()" | "global()" | "has(" label ")" | label test
//   test   := ("==" | "!=" | "contains" | "starts with" | "ends with") text | ["not"] "in" "{" [text {"," text}] "}"

import { readTokens, type Sign, type Token } from './selector-tokens.js';

export type Labels = Readonly<Record<string, string>>;

export type Selector =
  | { readonly kind: 'all' }
  /** Cluster-wide things that are no endpoint: a node has labels, so it is never meant. */
  | { readonly kind: 'global' }
  | { readonly kind: 'has'; readonly label: string }
  | { readonly kind: 'test'; readonly test: TextTest; readonly label: string; readonly text: string }
  | { readonly kind: 'in'; readonly label: string; readonly texts: ReadonlySet<string> }
  | { readonly kind: 'not'; readonly inner: Selector }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Selector[] };

type TextTest = 'equals' | 'contains' | 'startsWith' | 'endsWith';

export type ParsedSelector =
  | { readonly ok: true; readonly selector: Selector }
  | { readonly ok: false; readonly message: string };

/** Parentheses and negations of one selector; far more than a person writes. */
const DEEPEST = 100;

/** An empty selector selects all. The message says what is wrong and at which character, counted from 1. */
export function parseSelector(text: string): ParsedSelector {
  if (text.trim() === '') return { ok: true, selector: { kind: 'all' } };
  const read = readTokens(text);
  if (!read.ok) return { ok: false, message: `${read.message} (character ${read.at + 1})` };
  const cursor: Cursor = { tokens: read.tokens, next: 0, depth: 0, fault: null };
  const selector = readOr(cursor);
  if (peek(cursor).kind !== 'end') miss(cursor, 'an operator (&&, ||) or the end');
  if (cursor.fault === null) return { ok: true, selector };
  const { at, message } = cursor.fault;
  return { ok: false, message: `${message} (character ${at + 1})` };
}

/** A label that is missing equals nothing, is in nothing, and begins with nothing. */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  switch (selector.kind) {
    case 'all':
      return true;
    case 'global':
      return false;
    case 'has':
      return Object.hasOwn(labels, selector.label);
    case 'test': {
      const value = labelOf(labels, selector.label);
      return value !== null && TESTS[selector.test](value, selector.text);
    }
    case 'in': {
      const value = labelOf(labels, selector.label);
      return value !== null && selector.texts.has(value);
    }
    case 'not':
      return !matchesSelector(selector.inner, labels);
    case 'and':
      return selector.parts.every((part) => matchesSelector(part, labels));
    case 'or':
      return selector.parts.some((part) => matchesSelector(part, labels));
  }
}

const TESTS = {
  equals: (value, text) => value === text,
  contains: (value, text) => value.includes(text),
  startsWith: (value, text) => value.startsWith(text),
  endsWith: (value, text) => value.endsWith(text),
} as const satisfies Record<TextTest, (value: string, text: string) => boolean>;

const labelOf = (labels: Labels, label: string): string | null =>
  Object.hasOwn(labels, label) ? (labels[label] ?? null) : null;

interface Cursor {
  readonly tokens: readonly Token[];
  next: number;
  depth: number;
  /** The first thing that did not fit; what is read after it means nothing. */
  fault: { readonly at: number; readonly message: string } | null;
}

const NOTHING: Selector = { kind: 'global' };

const peek = (cursor: Cursor): Token => cursor.tokens[Math.min(cursor.next, cursor.tokens.length - 1)]!;

function miss(cursor: Cursor, wanted: string): Selector {
  const { kind, text, at } = peek(cursor);
  const found = kind === 'end' ? 'the selector ends' : `there is ${JSON.stringify(text)}`;
  cursor.fault ??= { at, message: `${found} where ${wanted} is wanted` };
  cursor.next = cursor.tokens.length;
  return NOTHING;
}

function takeSign(cursor: Cursor, sign: Sign): boolean {
  const token = peek(cursor);
  if (token.kind !== 'sign' || token.text !== sign) return false;
  cursor.next++;
  return true;
}

function takeWord(cursor: Cursor, word: string): boolean {
  const token = peek(cursor);
  if (token.kind !== 'word' || token.text !== word) return false;
  cursor.next++;
  return true;
}

function readOr(cursor: Cursor): Selector {
  const parts = [readAnd(cursor)];
  while (takeSign(cursor, '||')) parts.push(readAnd(cursor));
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
}

function readAnd(cursor: Cursor): Selector {
  const parts = [readNot(cursor)];
  while (takeSign(cursor, '&&')) parts.push(readNot(cursor));
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
}

function readNot(cursor: Cursor): Selector {
  if (++cursor.depth > DEEPEST) return miss(cursor, `no more than ${DEEPEST} levels`);
  const selector: Selector = takeSign(cursor, '!')
    ? { kind: 'not', inner: readNot(cursor) }
    : readAtom(cursor);
  cursor.depth--;
  return selector;
}

function readAtom(cursor: Cursor): Selector {
  if (takeSign(cursor, '(')) return closed(cursor, readOr(cursor));
  const token = peek(cursor);
  if (token.kind !== 'word') return miss(cursor, 'a label, has(...), all() or "("');
  cursor.next++;
  const calls = peek(cursor);
  if (calls.kind === 'sign' && calls.text === '(') return readCall(cursor, token.text);
  return readTest(cursor, token.text);
}

function readCall(cursor: Cursor, name: string): Selector {
  cursor.next++;
  switch (name) {
    case 'all':
      return closed(cursor, { kind: 'all' });
    case 'global':
      return closed(cursor, { kind: 'global' });
    case 'has': {
      const label = peek(cursor);
      if (label.kind !== 'word') return miss(cursor, 'the name of a label');
      cursor.next++;
      return closed(cursor, { kind: 'has', label: label.text });
    }
    default:
      cursor.next -= 2;
      return miss(cursor, 'has(...), all() or global()');
  }
}

const closed = (cursor: Cursor, selector: Selector): Selector =>
  takeSign(cursor, ')') ? selector : miss(cursor, '")"');

function readTest(cursor: Cursor, label: string): Selector {
  if (takeSign(cursor, '==')) return readText(cursor, 'equals', label);
  if (takeSign(cursor, '!=')) return { kind: 'not', inner: readText(cursor, 'equals', label) };
  if (takeWord(cursor, 'contains')) return readText(cursor, 'contains', label);
  if (takeWord(cursor, 'starts')) return readWith(cursor, 'startsWith', label);
  if (takeWord(cursor, 'ends')) return readWith(cursor, 'endsWith', label);
  if (takeWord(cursor, 'in')) return readSet(cursor, label);
  if (!takeWord(cursor, 'not')) return miss(cursor, '==, !=, in, not in, contains, starts with or ends with');
  return takeWord(cursor, 'in') ? { kind: 'not', inner: readSet(cursor, label) } : miss(cursor, 'in');
}

const readWith = (cursor: Cursor, test: TextTest, label: string): Selector =>
  takeWord(cursor, 'with') ? readText(cursor, test, label) : miss(cursor, 'with');

function readText(cursor: Cursor, test: TextTest, label: string): Selector {
  const token = peek(cursor);
  if (token.kind !== 'text') return miss(cursor, 'a text in quotes');
  cursor.next++;
  return { kind: 'test', test, label, text: token.text };
}

function readSet(cursor: Cursor, label: string): Selector {
  if (!takeSign(cursor, '{')) return miss(cursor, '"{"');
  const texts = new Set<string>();
  if (takeSign(cursor, '}')) return { kind: 'in', label, texts };
  do {
    const token = peek(cursor);
    if (token.kind !== 'text') return miss(cursor, 'a text in quotes');
    cursor.next++;
    texts.add(token.text);
  } while (takeSign(cursor, ','));
  return takeSign(cursor, '}') ? { kind: 'in', label, texts } : miss(cursor, '"," or "}"');
}
