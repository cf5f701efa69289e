// What other daemons wrote and sent, through the codec: everything is read, nothing stays unexplained.

import { join, resolve } from 'node:path';
import test from 'ava';
import { replayMrt } from './mrt/replay.js';
import { replayCapture } from './pcap/replay.js';
import { filesBelow, readRecording } from './recording.js';
import { Report } from './report.js';

const FIXTURES = resolve(import.meta.dirname, '..', '..', '..', 'fixtures');

/** By recording: what must be found in it, so that a reader which skips something is noticed. */
const COUNTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'bird-master4.mrt.gz': {
    records: 178,
    routes: 162,
    'of them without a next hop': 141,
    'attributes without flags': 247,
  },
  'bird-master6.mrt.gz': {
    records: 113,
    routes: 97,
    'of them without a next hop': 48,
    'attributes without flags': 145,
  },
  'bird-messages.mrt.gz': { records: 88, messages: 67, 'state changes': 21 },
  'frr-messages.mrt.gz': { records: 1885, messages: 1859, 'state changes': 26 },
  'frr-table.mrt.gz': { records: 18, routes: 26, 'of them without a next hop': 11 },
  'gobgp-messages.mrt.gz': { records: 29, messages: 29 },
  'gobgp-table.mrt.gz': {
    records: 22,
    routes: 26,
    'of them without a next hop': 1,
    'records of RIB_GENERIC_ADDPATH, not unicast': 4,
  },
  'narrow-messages.mrt.gz': { records: 34, messages: 29, 'state changes': 5 },
  'bird-frr-gobgp.pcapng.gz': { packets: 2159, connections: 8, messages: 2011 },
};

const replays = { mrt: replayMrt, pcap: replayCapture } as const;

for (const kind of ['mrt', 'pcap'] as const) {
  for (const file of filesBelow(join(FIXTURES, kind))) {
    test(`${kind} ${file}`, (t) => {
      const report = new Report(file);
      const recording = readRecording(join(FIXTURES, kind, file));
      if (!recording.ok) return t.fail(recording.problem);
      replays[kind](recording.octets, report);
      t.deepEqual(report.failures, []);
      t.deepEqual(Object.fromEntries(report.counts), COUNTS[file] ?? {});
    });
  }
}
