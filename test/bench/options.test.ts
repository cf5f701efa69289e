// Command lines of the benchmark suite: understood and refused.

import test from 'ava';
import { parseBenchOptions } from './options.js';

const KNOWN = ['fib', 'start'];
const NONE = {
  help: false,
  urgent: false,
  names: [],
  repetitions: null,
  jsonFile: null,
  program: null,
  family: 0,
  grow: false,
  sizes: {},
};

test('what is understood', (t) => {
  const cases = [
    [[], NONE],
    [['fib'], { ...NONE, names: ['fib'] }],
    [['--reps', '5', 'start', 'fib'], { ...NONE, names: ['start', 'fib'], repetitions: 5 }],
    [['--json', 'out.json', '--program', 'bird'], { ...NONE, jsonFile: 'out.json', program: 'bird' }],
    [['--family', '6', '--grow', 'fib'], { ...NONE, names: ['fib'], family: 1, grow: true }],
    [['--clients', '30', '--per-client', '4'], { ...NONE, sizes: { clients: 30, perClient: 4 } }],
    [
      ['--routes', '9', '--rate', '5', '--seconds', '2'],
      { ...NONE, sizes: { routes: 9, rate: 5, seconds: 2 } },
    ],
    [['--program', 'frr'], { ...NONE, program: 'frr' }],
    [['--urgent'], { ...NONE, urgent: true }],
    [['--help'], { ...NONE, help: true }],
  ] as const;
  for (const [args, options] of cases) {
    t.deepEqual(parseBenchOptions(args, KNOWN), { ok: true, options }, args.join(' '));
  }
});

test('what is refused names the word', (t) => {
  const cases = [
    [['fob'], /no benchmark fob; there are fib, start/],
    [['--reps', '0'], /not 0/],
    [['--reps', 'many'], /not many/],
    [['--program', 'exabgp'], /not exabgp/],
    [['--family', '5'], /not 5/],
    [['--clients', '-1'], /--clients/],
    [['--routes', '1.5'], /not 1.5/],
    [['--repetitions', '3'], /--repetitions/],
  ] as const;
  for (const [args, problem] of cases) {
    const parsed = parseBenchOptions(args, KNOWN);
    t.false(parsed.ok, args.join(' '));
    t.regex(parsed.ok ? '' : parsed.problem, problem);
  }
});
