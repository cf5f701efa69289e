// The runner as continuous integration calls it: a folder in, an exit code out; packed files, and files it cannot know.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { KEEPALIVE } from '../../src/wire/message.js';
import { findProgram } from '../support/command.js';
import { pcapOf } from '../wire/pcap.js';

const MAIN = join(import.meta.dirname, 'main.js');
const LINE = '{"id":"empty","hex":"ffffffffffffffffffffffffffffffff001304","expect":"accept"}\n';

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
}

/** Runs over a folder that `fill` makes; the folder is removed again. */
function runOver(fill: (folder: string) => void): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-corpora-'));
  try {
    for (const name of ['mrt', 'pcap']) mkdirSync(join(folder, name, 'deeper'), { recursive: true });
    fill(folder);
    const { status, stdout } = spawnSync(process.execPath, [MAIN, folder], { encoding: 'utf8' });
    return { status, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('messages and packed captures in folders of any depth; texts beside them are left alone', (t) => {
  const { status, stdout } = runOver((folder) => {
    writeFileSync(join(folder, 'messages.jsonl'), LINE);
    writeFileSync(join(folder, 'pcap', 'deeper', 'a.pcap.gz'), gzipSync(pcapOf([KEEPALIVE])));
    writeFileSync(join(folder, 'pcap', 'README.md'), 'where it comes from');
  });
  t.regex(stdout, /good messages\.jsonl: 1 messages\ngood pcap\/deeper\/a\.pcap\.gz: 1 messages, 1 packets/);
  t.regex(stdout, /2 recordings good, 0 bad\n$/);
  t.is(status, 0);
});

test('bzip2 where the system has it, a clear text where not', (t) => {
  const packed = spawnSync('bzip2', ['-c'], { input: pcapOf([KEEPALIVE]) }).stdout ?? Buffer.alloc(1);
  const { status, stdout } = runOver((folder) => writeFileSync(join(folder, 'pcap', 'a.pcap.bz2'), packed));
  if (findProgram('bzip2') === null) t.regex(stdout, /BAD {2}pcap\/a\.pcap\.bz2: nothing\n {7}bzip2: /);
  else t.regex(stdout, /good pcap\/a\.pcap\.bz2: 1 messages/);
  t.is(status, findProgram('bzip2') === null ? 1 : 0);
});

test('an unknown file, a damaged one and an unknown record fail the run, each by name', (t) => {
  const { status, stdout } = runOver((folder) => {
    writeFileSync(join(folder, 'messages.jsonl'), `${LINE}{"name":"x"}\n`);
    writeFileSync(join(folder, 'mrt', 'rib.mrt'), Buffer.alloc(20, 1));
    writeFileSync(join(folder, 'pcap', 'x.zip'), Buffer.alloc(50, 2));
    writeFileSync(join(folder, 'pcap', 'y.gz'), Buffer.from([0x1f, 0x8b, 8, 0]));
  });
  t.is(status, 1);
  for (const text of [
    /BAD {2}messages\.jsonl: 2 messages, 1 records of unknown shape\n.*line 2: not a record that is known/,
    /BAD {2}mrt\/rib\.mrt: 0 records\n.*the file ends inside the record at octet 0/,
    /BAD {2}pcap\/x\.zip: nothing\n.*neither pcap nor pcapng/,
    /BAD {2}pcap\/y\.gz: nothing\n.*unexpected end of file/,
    /0 recordings good, 4 bad\n$/,
  ]) {
    t.regex(stdout, text);
  }
});

test('a folder with nothing in it is no success', (t) => {
  t.is(runOver(() => undefined).status, 1);
});
