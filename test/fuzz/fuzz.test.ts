// The fuzz loop itself: it repeats, it finds what is broken, and a short run of it finds nothing in the codec.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readU16, toHex } from '../../src/base/bytes.js';
import { readAllSamples } from '../kernel/samples.js';
import { readCaseFolder } from '../wire/case-file.js';
import { caseText, readSeeds, writeCase } from './corpus.js';
import { FuzzLoop } from './loop.js';
import { Mutator } from './mutator.js';
import { NetlinkFuzzLoop, netlinkFindingText } from './netlink-loop.js';
import { parseFuzzOptions } from './options.js';
import { Random } from './random.js';
import { CONTEXTS, type Run } from './target.js';

test('a short run finds no fault', (t) => {
  const loop = new FuzzLoop(readSeeds(), new Random(1));
  loop.run(50_000);
  t.deepEqual(
    loop.findings.map(({ fault, octets }) => `${fault} ${toHex(octets)}`),
    [],
  );
  t.true(loop.messages > 50_000);
  t.true(loop.behaviours > 500, `${loop.behaviours} behaviours`);
});

test('a short run over messages of the kernel finds no fault', (t) => {
  const loop = new NetlinkFuzzLoop(
    readAllSamples().map(({ bytes }) => bytes),
    new Random(1),
  );
  loop.run(50_000);
  t.deepEqual(loop.findings.map(netlinkFindingText), []);
  t.true(loop.understood > 5000, `${loop.understood} understood`);
});

test('the same seed makes the same run', (t) => {
  const runs = [7, 7, 8].map((seed) => {
    const loop = new FuzzLoop(readSeeds().slice(0, 30), new Random(seed));
    loop.run(3000);
    return `${loop.octets} ${loop.behaviours} ${loop.cover().map(toHex).join()}`;
  });
  t.is(runs[0], runs[1]);
  t.not(runs[0], runs[2]);
});

const quiet = { fault: null, steps: [] };

test('exceptions and broken promises are found once each, with the octets', (t) => {
  const seeds = readSeeds().filter((seed) => seed[18] === 2);
  const sessions: readonly Run[] = [
    (octets) => {
      if (octets[20] === 255) throw new RangeError('planted');
      return quiet;
    },
    (octets) => (octets[20] === 254 ? { ...quiet, fault: 'a planted fault' } : quiet),
  ];
  const loop = new FuzzLoop(seeds, new Random(2), sessions);
  loop.run(40_000);
  t.deepEqual(loop.findings.map(({ fault }) => fault.replace(/ at .*/, '')).sort(), [
    'a planted fault',
    'exception: RangeError: planted',
  ]);
  for (const { octets, session } of loop.findings) t.is(octets[20], session === 0 ? 255 : 254);
});

test('a message that does what none did becomes a seed, and is in the cover', (t) => {
  const step: Run = (octets) => ({ ...quiet, steps: [octets[19] ?? 0] });
  const loop = new FuzzLoop([readSeeds()[0]!], new Random(3), [step]);
  loop.run(5000);
  const shown = loop.cover().map((octets) => octets[19] ?? 0);
  t.is(new Set(shown).size, loop.behaviours);
  t.is(shown.length, loop.behaviours);
  t.true(loop.behaviours > 20);
});

test('what is made from an UPDATE is mostly a whole UPDATE', (t) => {
  const seeds = readSeeds().filter((seed) => seed[18] === 2 && seed.length > 60);
  const random = new Random(4);
  const mutator = new Mutator(random);
  let whole = 0;
  for (let i = 0; i < 4000; i++) {
    mutator.mutate(random.pick(seeds), random.pick(seeds));
    const { bytes, length } = mutator;
    t.true(length <= 65535);
    const attributes = 23 + readU16(bytes, 19);
    const fits = attributes <= length && attributes + readU16(bytes, attributes - 2) <= length;
    if (readU16(bytes, 16) === length && fits) whole++;
  }
  t.true(whole > 2000 && whole < 4000, String(whole));
});

test('findings are cases that can be read again', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-fuzz-'));
  try {
    const octets = Uint8Array.from({ length: 70 }, (_, i) => i);
    const path = writeCase(folder, 'seed-1-1', caseText('a fault', CONTEXTS[6]!, octets));
    t.true(path.endsWith('seed-1-1.case'));
    const [found] = readCaseFolder(folder);
    t.is(toHex(found!.frame), toHex(octets));
    t.like(found!.context, CONTEXTS[6]!);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('command lines', (t) => {
  const plain = {
    help: false,
    seconds: 10,
    messages: null,
    seed: null,
    save: '.build/fuzz',
    grow: null,
    netlink: false,
  };
  const cases = [
    [[], plain],
    [['--seconds', '60', '--seed', '0'], { ...plain, seconds: 60, seed: 0 }],
    [['--messages', '10000000'], { ...plain, seconds: 3600, messages: 10_000_000 }],
    [['--save', 'here', '--grow', 'there', '--help'], { ...plain, save: 'here', grow: 'there', help: true }],
  ] as const;
  for (const [args, options] of cases) t.deepEqual(parseFuzzOptions(args), { ok: true, options });
  for (const args of [['--seconds', '0'], ['--messages', 'many'], ['--seed', '-1'], ['--fast'], ['more']]) {
    t.false(parseFuzzOptions(args).ok, args.join(' '));
  }
});
