// `npm run fuzz`: the fuzz loop with a clock and an end. Prints how far it came and what it found.

import { writeFileSync } from 'node:fs';
import { readAllSamples } from '../kernel/samples.js';
import { caseText, messagesText, readSeeds, writeCase } from './corpus.js';
import { FuzzLoop } from './loop.js';
import { NetlinkFuzzLoop, netlinkFindingText } from './netlink-loop.js';
import { FUZZ_HELP, type FuzzOptions, parseFuzzOptions } from './options.js';
import { Random } from './random.js';
import { CONTEXTS } from './target.js';

/** Messages between two looks at the clock. */
const SLICE = 2000;
const REPORT_MS = 10_000;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const report = (loop: FuzzLoop, startedAt: number): void => {
  const seconds = (Date.now() - startedAt) / 1000;
  const rate = Math.round(loop.messages / Math.max(seconds, 0.001));
  const octets = (loop.octets / 2 ** 20).toFixed(0);
  print(
    `${loop.messages} messages (${octets} MiB) in ${seconds.toFixed(1)} s, ${rate}/s; ` +
      `${loop.behaviours} behaviours, ${loop.findings.length} faults`,
  );
};

const loopUntilDone = (loop: FuzzLoop, options: FuzzOptions): void => {
  const startedAt = Date.now();
  let reportAt = startedAt + REPORT_MS;
  const endAt = startedAt + options.seconds * 1000;
  const limit = options.messages ?? Number.POSITIVE_INFINITY;
  while (Date.now() < endAt && loop.messages < limit && !loop.exhausted) {
    loop.run(Math.min(SLICE, limit - loop.messages));
    if (Date.now() < reportAt) continue;
    report(loop, startedAt);
    reportAt += REPORT_MS;
  }
  report(loop, startedAt);
};

const saveFindings = (loop: FuzzLoop, folder: string, seed: number): void => {
  for (const [i, { fault, session, octets }] of loop.findings.entries()) {
    const context = CONTEXTS[session] ?? CONTEXTS[0]!;
    print(`${fault}: ${writeCase(folder, `seed-${seed}-${i + 1}`, caseText(fault, context, octets))}`);
  }
};

const saveCover = (loop: FuzzLoop, file: string): void => {
  const messages = loop.cover();
  writeFileSync(file, messagesText(messages));
  print(`${messages.length} messages in ${file}`);
};

const fuzzNetlink = ({ seconds, messages }: FuzzOptions, seed: number): number => {
  const loop = new NetlinkFuzzLoop(
    readAllSamples().map(({ bytes }) => bytes),
    new Random(seed),
  );
  const endAt = Date.now() + seconds * 1000;
  const limit = messages ?? Number.POSITIVE_INFINITY;
  while (Date.now() < endAt && loop.messages < limit) loop.run(Math.min(SLICE, limit - loop.messages));
  print(
    `seed ${seed}: ${loop.messages} kernel messages, ${loop.understood} understood, ${loop.findings.length} faults`,
  );
  for (const finding of loop.findings) print(netlinkFindingText(finding));
  return loop.findings.length === 0 ? 0 : 1;
};

const main = (): number => {
  const parsed = parseFuzzOptions(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problem}\n\n${FUZZ_HELP}\n`);
    return 2;
  }
  const { options } = parsed;
  if (options.help) {
    print(FUZZ_HELP);
    return 0;
  }
  const seed = options.seed ?? Date.now() % 2 ** 32;
  if (options.netlink) return fuzzNetlink(options, seed);
  const seeds = readSeeds();
  print(`seed ${seed}, ${seeds.length} messages to begin with`);
  const loop = new FuzzLoop(seeds, new Random(seed));
  loopUntilDone(loop, options);
  if (options.grow !== null) saveCover(loop, options.grow);
  saveFindings(loop, options.save, seed);
  return loop.findings.length === 0 ? 0 : 1;
};

process.exitCode = main();
