// Calico selector text -> tokens. Knows words and signs, not what they mean together.

export type Token =
  | { readonly kind: 'sign'; readonly text: Sign; readonly at: number }
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

/** Longest first: `!=` is no `!`. */
const SIGNS = ['==', '!=', '&&', '||', '!', '(', ')', '{', '}', ','] as const;

export type Sign = (typeof SIGNS)[number];

/** Label names as Kubernetes has them: letters, digits, and `_ . / -`. */
const WORD = /[A-Za-z0-9_./-]+/y;
const QUOTED = /"[^"]*"|'[^']*'/y;
const BLANK = /\s+/y;

export type Tokens =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly at: number; readonly message: string };

/** `at` counts characters from 0. */
export function readTokens(text: string): Tokens {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const blank = take(BLANK, text, at);
    if (blank !== null) {
      at += blank.length;
      continue;
    }
    const token = readToken(text, at);
    if (typeof token === 'string') return { ok: false, at, message: token };
    tokens.push(token);
    at += token.text.length + (token.kind === 'text' ? 2 : 0);
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return { ok: true, tokens };
}

/** Text says why there is none. */
function readToken(text: string, at: number): Token | string {
  const sign = SIGNS.find((candidate) => text.startsWith(candidate, at));
  if (sign !== undefined) return { kind: 'sign', text: sign, at };
  const quoted = take(QUOTED, text, at);
  if (quoted !== null) return { kind: 'text', text: quoted.slice(1, -1), at };
  const word = take(WORD, text, at);
  if (word !== null) return { kind: 'word', text: word, at };
  return text[at] === '"' || text[at] === "'"
    ? 'a quoted text has no end'
    : `${JSON.stringify(text[at])} has no meaning in a selector`;
}

function take(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
