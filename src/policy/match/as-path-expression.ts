// AS path expressions: text -> tree. The alphabet is whole AS numbers, not digits:
//   65001   [65001 65010-65020]   [^65001]   .   ( | )   * + ? {2} {1,3} {2,}   ^ begin   $ end   _ or blank: nothing
// Without ^ and $ an expression may begin and end anywhere in the path.

import type { NumberRange } from '../types.js';

export type PathExpression =
  | { readonly kind: 'step'; readonly asns: readonly NumberRange[]; readonly negated: boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly PathExpression[] }
  | {
      readonly kind: 'repeat';
      readonly of: PathExpression;
      readonly min: number;
      readonly max: number | null;
    }
  | { readonly kind: 'begin' | 'end' };

export interface ExpressionFault {
  readonly kind: 'fault';
  readonly message: string;
  readonly remedy: string;
}

/** Copies that `{n,m}` may ask for, nesting included: they become states. */
const MAX_REPEAT = 255;
const MAX_DEPTH = 32;
const LAST_ASN = 4294967295;

export const ANY_ASN: readonly NumberRange[] = [{ min: 0, max: LAST_ASN }];

export function parseAsPathExpression(text: string): PathExpression | ExpressionFault {
  const parser = new Parser(text);
  const tree = parser.choice(0);
  if (parser.fault !== null) return parser.fault;
  return parser.atEnd ? tree : { kind: 'fault', ...parser.unexpected() };
}

/** Goes on after a fault with something harmless; the first one is kept. */
class Parser {
  fault: ExpressionFault | null = null;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    this.#skipSeparators();
    return this.#at >= this.#text.length;
  }

  unexpected(): Omit<ExpressionFault, 'kind'> {
    const found = this.#text[this.#at];
    return {
      message:
        found === undefined
          ? 'ends too early'
          : `has ${JSON.stringify(found)} where it makes no sense, at character ${this.#at + 1}`,
      remedy: 'an expression is made of AS numbers, [ ], . ( | ) * + ? {n,m} ^ $ and _',
    };
  }

  choice(depth: number): PathExpression {
    if (depth > MAX_DEPTH) this.#fail('is nested too deeply', `use at most ${MAX_DEPTH} levels of ( )`);
    const of = [this.#sequence(depth)];
    while (this.#take('|')) of.push(this.#sequence(depth));
    return of.length === 1 ? of[0]! : { kind: 'choice', of };
  }

  #sequence(depth: number): PathExpression {
    const of: PathExpression[] = [];
    while (this.fault === null && !this.atEnd && !'|)'.includes(this.#peek())) of.push(this.#repeated(depth));
    return of.length === 1 ? of[0]! : { kind: 'sequence', of };
  }

  #repeated(depth: number): PathExpression {
    let tree = this.#atom(depth);
    for (;;) {
      if (this.#take('*')) tree = { kind: 'repeat', of: tree, min: 0, max: null };
      else if (this.#take('+')) tree = { kind: 'repeat', of: tree, min: 1, max: null };
      else if (this.#take('?')) tree = { kind: 'repeat', of: tree, min: 0, max: 1 };
      else if (this.#take('{')) tree = this.#counted(tree);
      else return tree;
      if (this.fault !== null) return tree;
    }
  }

  #counted(of: PathExpression): PathExpression {
    const form = /^(\d{1,4})(?:\s*(,)\s*(\d{1,4})?)?\s*\}/.exec(this.#text.slice(this.#at));
    if (form === null) return this.#fail('has a { without a count', 'write {2}, {1,3} or {2,}');
    this.#at += form[0].length;
    const min = Number(form[1]);
    const max = form[2] === undefined ? min : form[3] === undefined ? null : Number(form[3]);
    if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT || (max !== null && max < min)) {
      return this.#fail(`repeats ${form[0].slice(0, -1)} times`, `counts go up, to at most ${MAX_REPEAT}`);
    }
    return { kind: 'repeat', of, min, max };
  }

  #atom(depth: number): PathExpression {
    if (this.#take('^')) return { kind: 'begin' };
    if (this.#take('$')) return { kind: 'end' };
    if (this.#take('.')) return { kind: 'step', asns: ANY_ASN, negated: false };
    if (this.#take('[')) return this.#class();
    if (this.#take('(')) {
      const tree = this.choice(depth + 1);
      return this.#take(')') ? tree : this.#fail('has a ( without its )', 'close it');
    }
    return { kind: 'step', asns: [this.#range()], negated: false };
  }

  #class(): PathExpression {
    const negated = this.#take('^');
    const asns: NumberRange[] = [];
    while (this.fault === null && !this.#take(']')) asns.push(this.#range());
    if (asns.length === 0) return this.#fail('has an empty [ ]', 'put AS numbers in');
    return { kind: 'step', asns, negated };
  }

  #range(): NumberRange {
    const min = this.#asn();
    if (this.#text[this.#at] !== '-') return { min, max: min };
    this.#at++;
    const max = this.#asn();
    if (max < min) this.#fail(`has the range ${min}-${max}`, 'put the lower number first');
    return { min, max };
  }

  #asn(): number {
    this.#skipSeparators();
    const digits = /^\d{1,10}/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) {
      this.fault ??= { kind: 'fault', ...this.unexpected() };
      return 1;
    }
    this.#at += digits.length;
    const asn = Number(digits);
    if (asn === 0) this.#fail('has AS 0', 'an expression works on whole AS numbers, not on digits; . is any');
    if (asn > LAST_ASN) this.#fail(`has AS ${asn}`, `AS numbers end at ${LAST_ASN}`);
    return asn;
  }

  #fail(message: string, remedy: string): PathExpression {
    this.fault ??= { kind: 'fault', message, remedy };
    return { kind: 'sequence', of: [] };
  }

  #take(character: string): boolean {
    this.#skipSeparators();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #skipSeparators(): void {
    while (' \t_'.includes(this.#text[this.#at] ?? '?')) this.#at++;
  }
}
