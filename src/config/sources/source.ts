// YAML text -> plain values, and back from a path in them to line and column. Knows YAML, not what the keys mean.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type ScalarTag,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Issue, issue, type Path, pathText } from '../problem.js';
import type { ConfigProblem } from '../types.js';

export interface Source {
  /** Plain maps, lists and scalars. Decimals such as `1.10` stay text: no key takes a fraction, AS numbers have a dot. */
  readonly value: unknown;
  /** What YAML itself objects to. */
  readonly problems: readonly ConfigProblem[];
  /** False: the text is so broken that `value` says nothing. */
  readonly readable: boolean;
  /** Puts an issue at its place in the text. */
  readonly locate: (issue: Issue) => ConfigProblem;
}

const SYNTAX_REMEDIES: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  TAB_AS_INDENT: ['a tab is used to indent', 'YAML wants spaces'],
  DUPLICATE_KEY: ['the key is there twice', 'keep one of them'],
  MULTIPLE_DOCS: ['a second document begins', 'a configuration is one document: remove the line ---'],
};

/** Errors that leave the rest of the document as it was meant. */
const HARMLESS = ['DUPLICATE_KEY'];
const MAX_ALIASES = 1000;

/** What YAML 1.1 took for yes and no, as kubectl and calicoctl still do. A single letter is none. */
const YES_AND_NO: readonly ScalarTag[] = (
  [
    [/^(yes|Yes|YES|on|On|ON)$/, true],
    [/^(no|No|NO|off|Off|OFF)$/, false],
  ] as const
).map(([test, value]) => ({ tag: 'tag:yaml.org,2002:bool', default: true, test, resolve: () => value }));

export type Dialect = 'yaml' | 'kubernetes';

export function parseSource(text: string, file: string, dialect: Dialect = 'yaml'): Source {
  const lines = new LineCounter();
  const customTags = dialect === 'kubernetes' ? [...YES_AND_NO] : [];
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, customTags });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const [plain, remedy] = SYNTAX_REMEDIES[code] ?? [message, 'correct the YAML here or above'];
    const key = code === 'DUPLICATE_KEY' ? (/^[\w-]+/.exec(text.slice(pos[0]))?.[0] ?? '') : '';
    return { file, ...place(pos[0]), key, message: plain, remedy };
  });
  const locate = (found: Issue): ConfigProblem => ({
    file,
    ...place(offsetOf(document, found)),
    key: pathText(found.path),
    message: found.message,
    remedy: found.remedy,
  });
  const { value, issues } = plainValue(document);
  return {
    value,
    problems: [...syntax, ...issues.map(locate)],
    readable: document.errors.every(({ code }) => HARMLESS.includes(code)),
    locate,
  };
}

/** The state of one walk from nodes to plain values. */
interface Walk {
  readonly document: Document;
  readonly issues: Issue[];
  /** The maps and lists that the walk is inside of: an alias to one of them would never end. */
  readonly open: Set<Node>;
  aliases: number;
}

function plainValue(document: Document): { readonly value: unknown; readonly issues: readonly Issue[] } {
  const walk: Walk = { document, issues: [], open: new Set(), aliases: 0 };
  return { value: readNode(walk, document.contents, []), issues: walk.issues };
}

function readNode(walk: Walk, node: unknown, path: Path): unknown {
  if (!isNode(node)) return null;
  if (isAlias(node)) return readAlias(walk, node, path);
  if (isScalar(node)) return scalarValue(node);
  walk.open.add(node);
  const value = isMap(node) ? readMap(walk, node, path) : isSeq(node) ? readList(walk, node, path) : null;
  walk.open.delete(node);
  return value;
}

function readAlias(walk: Walk, alias: Alias, path: Path): unknown {
  const target = alias.resolve(walk.document);
  if (target !== undefined && !walk.open.has(target) && ++walk.aliases <= MAX_ALIASES) {
    return readNode(walk, target, path);
  }
  const message = walk.aliases > MAX_ALIASES ? 'there are too many aliases' : 'the alias leads nowhere';
  walk.issues.push(issue(path, message, 'repeat the value, or set its anchor (&) above'));
  return undefined;
}

const readList = (walk: Walk, list: YAMLSeq, path: Path): unknown =>
  list.items.map((item, index) => readNode(walk, item, [...path, index]));

function readMap(walk: Walk, map: YAMLMap, path: Path): unknown {
  const entries = map.items.flatMap((pair) => {
    const key = keyText(pair);
    if (key !== null) return [[key, readNode(walk, pair.value, [...path, key])]];
    walk.issues.push(issue(path, 'a key is not a plain word', 'use a name as key'));
    return [];
  });
  return Object.fromEntries(entries);
}

function keyText({ key }: Pair): string | null {
  if (!isScalar(key)) return null;
  // A key is a name, whatever its text would mean as a value.
  if (typeof key.value === 'boolean') return key.source ?? null;
  return ['string', 'number'].includes(typeof key.value) ? String(key.value) : null;
}

function scalarValue(scalar: Scalar): unknown {
  const { value, source } = scalar;
  const isDecimal = typeof value === 'number' && source !== undefined && /^\d+\.\d+$/.test(source);
  return isDecimal ? source : value;
}

/** The offset of what the issue points at; of the nearest thing around it when there is no such place. */
function offsetOf(document: Document, { path, at }: Issue): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const inner: unknown = isAlias(node) ? node.resolve(document) : node;
    const isLast = depth === path.length - 1;
    if (isMap(inner)) {
      const pair: Pair | undefined = inner.items.find((item) => keyText(item) === String(step));
      if (pair === undefined) return offset;
      offset = (isLast && at === 'value' ? startOf(pair.value) : null) ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(inner)) {
      node = inner.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

const startOf = (node: unknown): number | null => (isNode(node) ? (node.range?.[0] ?? null) : null);
