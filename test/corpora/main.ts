// `node dist/test/corpora/main.js FOLDER`: recorded traffic that lies beside the repository through the codec.
// FOLDER/messages.jsonl, FOLDER/mrt/ and FOLDER/pcap/, each if it is there. Exit code 1 when something is not explained.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { replayMessages } from './messages.js';
import { replayMrt } from './mrt/replay.js';
import { replayCapture } from './pcap/replay.js';
import { filesBelow, readRecording } from './recording.js';
import { Report } from './report.js';

/** From this file as compiled, dist/test/corpora/. */
const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const NOTES = join(ROOT, 'docs', 'rfc-notes.md');

const replays = {
  mrt: replayMrt,
  pcap: replayCapture,
} as const;

function* reports(folder: string): Generator<Report> {
  const messages = join(folder, 'messages.jsonl');
  if (existsSync(messages)) {
    const report = new Report('messages.jsonl');
    replayMessages(readFileSync(messages, 'utf8'), readFileSync(NOTES, 'utf8'), report);
    yield report;
  }
  for (const kind of ['mrt', 'pcap'] as const) {
    for (const file of filesBelow(join(folder, kind))) {
      const report = new Report(join(kind, file));
      const recording = readRecording(join(folder, kind, file));
      if (recording.ok) replays[kind](recording.octets, report);
      else report.fail(recording.problem);
      yield report;
    }
  }
}

function main(): number {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    process.stderr.write('usage: main.js FOLDER\n');
    return 2;
  }
  let [good, bad] = [0, 0];
  for (const report of reports(folder)) {
    if (report.failed === 0) good++;
    else bad++;
    process.stdout.write(`${report.lines().join('\n')}\n`);
  }
  process.stdout.write(`${good} recordings good, ${bad} bad\n`);
  return bad === 0 && good > 0 ? 0 : 1;
}

process.exitCode = main();
