// The selector language: what each form means for labels, what is no selector, and that forms agree with each other.

import test from 'ava';
import fc from 'fast-check';
import { type Labels, matchesSelector, parseSelector } from '../../src/calico/selector/selector.js';

const LABELS: Labels = { rack: 'r1', 'kubernetes.io/os': 'linux', role: 'rr-edge', empty: '' };

const CASES: readonly [selector: string, matches: boolean][] = [
  ['', true],
  ['all()', true],
  ['all( )', true],
  ['global()', false],
  ['rack == "r1"', true],
  ["rack=='r1'", true],
  ['rack == "r2"', false],
  ['missing == ""', false],
  ['empty == ""', true],
  ['rack != "r2"', true],
  ['rack != "r1"', false],
  ['missing != "r1"', true],
  ['rack in {"r0", "r1"}', true],
  ['rack in { }', false],
  ['rack in {"r2"}', false],
  ['missing in {"r1"}', false],
  ['rack not in {"r2"}', true],
  ['rack not in {"r1"}', false],
  ['missing not in {"r1"}', true],
  ['has(rack)', true],
  ['has( rack )', true],
  ['has(missing)', false],
  ['!has(missing)', true],
  ['! has(rack)', false],
  ['!!has(rack)', true],
  ['role contains "edge"', true],
  ['role contains "core"', false],
  ['missing contains ""', false],
  ['role starts with "rr-"', true],
  ['role starts  with "edge"', false],
  ['role ends with "edge"', true],
  ['missing ends with "e"', false],
  ['kubernetes.io/os == "linux"', true],
  ['rack == "r1" && role == "x"', false],
  ['rack == "r1" || role == "x"', true],
  ['rack == "r2" && role == "x" || has(rack)', true],
  ['rack == "r2" && (role == "x" || has(rack))', false],
  ['!(rack == "r1" && has(role))', false],
  ['!(rack == "r2") && !has(missing)', true],
  ['has(toString)', false],
  ['in == "x" || starts == "y" || rack == "r1"', true],
];

for (const [text, matches] of CASES) {
  test(`${text || '(nothing)'} is ${matches}`, (t) => {
    const parsed = parseSelector(text);
    t.is(parsed.ok ? matchesSelector(parsed.selector, LABELS) : parsed.message, matches);
  });
}

const FAULTS: readonly [selector: string, message: RegExp][] = [
  ['rack', /the selector ends where ==, !=, in.* is wanted \(character 5\)/],
  ['rack = "r1"', /"=" has no meaning in a selector \(character 6\)/],
  ['rack == r1', /there is "r1" where a text in quotes is wanted/],
  ['rack == "r1', /a quoted text has no end \(character 9\)/],
  ['has()', /there is "\)" where the name of a label is wanted/],
  ['any()', /there is "any" where has\(\.\.\.\), all\(\) or global\(\) is wanted/],
  ['(rack == "r1"', /the selector ends where "\)" is wanted/],
  ['rack == "r1")', /there is "\)" where an operator/],
  ['rack == "r1" role == "x"', /there is "role" where an operator/],
  ['rack in "r1"', /where "\{" is wanted/],
  ['rack in {"r1" "r2"}', /where "," or "}" is wanted/],
  ['rack in {"r1",}', /where a text in quotes is wanted/],
  ['rack not "r1"', /where in is wanted/],
  ['rack starts "r"', /where with is wanted/],
  ['&& has(rack)', /where a label, has/],
  ['has(rack) &&', /the selector ends where a label/],
  [`${'('.repeat(200)}all()${')'.repeat(200)}`, /no more than 100 levels/],
];

for (const [text, message] of FAULTS) {
  test(`no selector: ${text.slice(0, 40)}`, (t) => {
    const parsed = parseSelector(text);
    t.false(parsed.ok);
    if (!parsed.ok) t.regex(parsed.message, message);
  });
}

interface Form {
  readonly text: string;
  readonly holds: (labels: Labels) => boolean;
}

const label = fc.constantFrom('a', 'b/c', 'd-e');
const value = fc.constantFrom<string>('', 'x', 'xy', 'y z');

const forms = fc.letrec<{ form: Form; leaf: Form }>((tie) => ({
  leaf: fc.oneof(
    fc.constant<Form>({ text: 'all()', holds: () => true }),
    label.map((name): Form => ({ text: `has(${name})`, holds: (labels) => name in labels })),
    fc.tuple(label, value).map(
      ([name, text]): Form => ({
        text: `${name} == "${text}"`,
        holds: (labels) => labels[name] === text,
      }),
    ),
    fc.tuple(label, value).map(
      ([name, text]): Form => ({
        text: `${name} != '${text}'`,
        holds: (labels) => labels[name] !== text,
      }),
    ),
    fc.tuple(label, fc.array(value)).map(
      ([name, texts]): Form => ({
        text: `${name} not in {${texts.map((text) => `"${text}"`).join(', ')}}`,
        holds: (labels) => !texts.includes(labels[name] ?? 'none of them'),
      }),
    ),
    fc.tuple(label, value).map(
      ([name, text]): Form => ({
        text: `${name} starts with "${text}"`,
        holds: (labels) => labels[name]?.startsWith(text) ?? false,
      }),
    ),
  ),
  form: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    tie('form').map((inner): Form => ({ text: `!(${inner.text})`, holds: (labels) => !inner.holds(labels) })),
    fc.tuple(tie('form'), tie('form')).map(
      ([left, right]): Form => ({
        text: `(${left.text}) && (${right.text})`,
        holds: (labels) => left.holds(labels) && right.holds(labels),
      }),
    ),
    fc.tuple(tie('form'), tie('form')).map(
      ([left, right]): Form => ({
        text: `(${left.text})||(${right.text})`,
        holds: (labels) => left.holds(labels) || right.holds(labels),
      }),
    ),
  ),
}));

test('a selector means what its parts mean together', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(forms.form, fc.dictionary(label, value), (form, labels) => {
        const parsed = parseSelector(form.text);
        return parsed.ok && matchesSelector(parsed.selector, labels) === form.holds({ ...labels });
      }),
    ),
  );
});

test('any text is a selector or says why not', (t) => {
  const word = fc.constantFrom(
    'all()',
    'has(',
    'a',
    '==',
    '"x"',
    '&&',
    '||',
    '!',
    '(',
    ')',
    '{',
    '}',
    'in',
    'not',
    ',',
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          const parsed = parseSelector(text);
          return parsed.ok || /\(character \d+\)$/.test(parsed.message);
        },
      ),
    ),
  );
});
