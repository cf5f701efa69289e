// A process of its own for the figures of the wire: decodes and interns, or packs, a table made from a seed; prints what
// that took as JSON. Run as `node wire-process.js JOB-AS-JSON`.

import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { NextHops } from '../../src/rib/tables/next-hops.js';
import { Framer } from '../../src/wire/framer.js';
import { MAX_MESSAGE } from '../../src/wire/message.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import type { DecodeContext } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { makeTable, packGroups, type Table } from './full-table.js';

export interface WireJob {
  readonly work: 'decode' | 'encode';
  readonly prefixes: number;
  readonly perUpdate: number;
  /** Rounds through the whole table; the first ones warm up and are not in `seconds`. */
  readonly rounds: number;
}

export interface WireFigures {
  /** Processor time of each round after the warm-up, all threads, seconds. */
  readonly seconds: readonly number[];
  /** Octets of heap objects that one more round makes, collected or not, by sampling. */
  readonly heapOctets: number;
  /** Octets of the attribute tables after a round; 0 when packing. */
  readonly tableOctets: number;
  readonly streamOctets: number;
}

const WARM_UP = 3;
const HEAP_ROUNDS = 4;
/** One sample for so many octets that are made. */
const SAMPLE_OCTETS = 512;
/** Octets of a read from a socket. */
const READ = 65_536;
const CONTEXT: DecodeContext = {
  asn4: true,
  sessionType: 'ibgp',
  families: [true, true],
  addPath: [false, false],
  refuseAsSets: true,
};

/** Packs the whole table, a read's worth at a time, into `target` if there is one; returns the octets. */
function packTable(table: Table, packer: UpdatePacker, target: Uint8Array | null): number {
  let octets = 0;
  for (let group = 0; group < table.groups.length; ) {
    group = packGroups(packer, table, group, READ);
    const chunk = packer.take();
    target?.set(chunk, octets);
    octets += chunk.length;
  }
  return octets;
}

interface Received {
  readonly prefixes: number;
  /** Of addresses and lengths, so that reading them is not left out. */
  readonly sum: number;
}

const emptySets = (): AttrSets => new AttrSets(new NextHops(null), 1);

/** What a session does with a stream, up to the tables: frames, messages, attribute sets, prefixes. */
function receive(stream: Uint8Array, sets: AttrSets): Received {
  const framer = new Framer(MAX_MESSAGE);
  const decoder = new UpdateDecoder(CONTEXT);
  const cursor = new NlriCursor();
  let prefixes = 0;
  let sum = 0;
  const onFrame = (_type: number, frame: Uint8Array): boolean => {
    const view = decoder.decode(frame);
    for (const run of view.runs) {
      sets.ref(sets.intern(view.scratch, run.blockStart, run.blockEnd));
      cursor.open(frame, run);
      while (cursor.next()) {
        prefixes += 1;
        sum = (sum + cursor.w0 + cursor.length) | 0;
      }
    }
    return view.reset === null;
  };
  for (let at = 0; at < stream.length; at += READ) {
    framer.push(stream.subarray(at, Math.min(at + READ, stream.length)), onFrame);
  }
  return { prefixes, sum };
}

const sumOf = ({ words, lengths }: Table): number =>
  words.reduce((sum, word, i) => (sum + word + lengths[i]!) | 0, 0);

/** One round of the job, with the proof that it was done. */
type Work = (sets: AttrSets) => void;

function workOf(job: WireJob, table: Table, stream: Uint8Array): Work {
  const expected = sumOf(table);
  const packer = new UpdatePacker({ maxMessage: MAX_MESSAGE, asn4: true });
  if (job.work === 'encode') {
    return () => {
      if (packTable(table, packer, null) !== stream.length) throw new Error('packed otherwise than before');
    };
  }
  return (sets) => {
    const { prefixes, sum } = receive(stream, sets);
    const complete = prefixes === job.prefixes && sum === expected && sets.size <= table.groups.length;
    if (!complete) throw new Error(`received ${prefixes} prefixes in ${sets.size} attribute sets`);
  };
}

type ProfileNode = HeapProfiler.SamplingHeapProfileNode;

const sizeOf = ({ selfSize, children }: ProfileNode): number =>
  children.reduce((sum, child) => sum + sizeOf(child), selfSize);

/** Of rounds that find all their attribute sets known: what is made besides the tables. */
async function heapOctetsOf(work: Work): Promise<number> {
  const sets = emptySets();
  work(sets);
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.enable');
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLE_OCTETS,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  for (let round = 0; round < HEAP_ROUNDS; round += 1) work(sets);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  return sizeOf(profile.head) / HEAP_ROUNDS;
}

async function measure(job: WireJob): Promise<WireFigures> {
  const table = makeTable({ prefixes: job.prefixes, perUpdate: job.perUpdate, seed: 1 });
  const packer = new UpdatePacker({ maxMessage: MAX_MESSAGE, asn4: true });
  const stream = new Uint8Array(packTable(table, packer, null));
  packTable(table, packer, stream);
  const work = workOf(job, table, stream);
  const seconds: number[] = [];
  let tableOctets = 0;
  for (let round = 0; round < job.rounds; round += 1) {
    const sets = emptySets();
    const before = process.cpuUsage();
    work(sets);
    const { user, system } = process.cpuUsage(before);
    tableOctets = sets.columnBytes + sets.arenaBytes;
    if (round >= WARM_UP) seconds.push((user + system) / 1e6);
  }
  return { seconds, heapOctets: await heapOctetsOf(work), tableOctets, streamOctets: stream.length };
}

const job = JSON.parse(process.argv[2] ?? '{}') as WireJob;
process.stdout.write(`${JSON.stringify(await measure(job))}\n`);
