// AS path conditions: the short forms and the expressions as one kind of automaton.

import type { RouteView } from '../../rib/hooks.js';
import { findAttribute, valueEnd, valueStart } from '../../wire/attributes/tlv.js';
import { ATTRIBUTE } from '../../wire/iana.js';
import type { AsPathMatch } from '../types.js';
import { buildAutomaton, type PathAutomaton } from './as-path-automaton.js';
import { type ExpressionFault, type PathExpression, parseAsPathExpression } from './as-path-expression.js';

/** So many paths share an automaton; more would make its sets of states large. */
const SHARED = 200;

const BEGIN: PathExpression = { kind: 'begin' };
const END: PathExpression = { kind: 'end' };

/** Null: it can be used. */
export function asPathFault(text: string): ExpressionFault | null {
  const expression = parseAsPathExpression(text);
  if (expression.kind === 'fault') return expression;
  if (buildAutomaton(expression) !== null) return null;
  return { kind: 'fault', message: 'is too large', remedy: 'use smaller counts in { }' };
}

/** True for paths that one of `paths` describes; an absent AS_PATH is an empty one. */
export function asPathTest(paths: readonly AsPathMatch[]): (route: RouteView) => boolean {
  const automata = automataFor(paths.map(expressionOf));
  return ({ bytes, start, end }) => {
    const at = findAttribute(bytes, start, end, ATTRIBUTE.asPath);
    const from = at < 0 ? 0 : valueStart(bytes, at);
    const to = at < 0 ? 0 : valueEnd(bytes, at);
    for (let i = 0; i < automata.length; i++) if (automata[i]!.runs(bytes, from, to)) return true;
    return false;
  };
}

function automataFor(expressions: readonly PathExpression[]): readonly PathAutomaton[] {
  const automata: PathAutomaton[] = [];
  for (let i = 0; i < expressions.length; i += SHARED) {
    const share = expressions.slice(i, i + SHARED);
    const shared = buildAutomaton({ kind: 'choice', of: share });
    automata.push(...(shared === null ? share.map(alone) : [shared]));
  }
  return automata;
}

function alone(expression: PathExpression): PathAutomaton {
  const automaton = buildAutomaton(expression);
  if (automaton === null) throw new Error('an AS path expression is too large: it was not checked');
  return automaton;
}

function expressionOf(path: AsPathMatch): PathExpression {
  if (path.kind === 'expression') {
    const expression = parseAsPathExpression(path.text);
    if (expression.kind === 'fault') throw new Error(`an AS path expression ${expression.message}`);
    return expression;
  }
  const steps = path.asns.map((asn): PathExpression => ({ kind: 'step', asns: [asn], negated: false }));
  const fixed = {
    is: [true, true],
    begins: [true, false],
    ends: [false, true],
    contains: [false, false],
  } as const;
  const [atBegin, atEnd] = fixed[path.kind];
  return { kind: 'sequence', of: [...(atBegin ? [BEGIN] : []), ...steps, ...(atEnd ? [END] : [])] };
}
