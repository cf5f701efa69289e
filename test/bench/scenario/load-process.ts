// The load generator, a process in a namespace of its own: plays all speakers of a scenario, takes the times, checks what
// arrives. One scenario at a time.

import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../remote.js';
import { announceOne, endOfRib, withdrawOne } from './changes.js';
import { Histogram } from './histogram.js';
import { Ledger, type Tallies } from './ledger.js';
import { buildFeed, type LoadFeed } from './load-feed.js';
import { changesRoutes, type ScenarioPlan, type Speaker, speakersOf } from './plan.js';
import { SessionPool } from './session-pool.js';

/** Fewer than the shortest listen queue among the daemons. */
const HANDSHAKES_AT_ONCE = 6;
const WARM_UP_ROUTES = 200_000;

interface Load {
  readonly plan: ScenarioPlan;
  readonly speakers: readonly Speaker[];
  readonly feed: LoadFeed;
  readonly ledger: Ledger;
  readonly pool: SessionPool;
  /** Routes withdrawn at the moment. */
  readonly gone: Set<number>;
  /** A session that comes up announces its routes at once. */
  announceOnOpen: boolean;
}

let load: Load | null = null;

const current = (): Load => {
  if (load === null) throw new Error('no scenario was prepared');
  return load;
};

const indexesOf = (speakers: readonly Speaker[]): number[] => [...speakers.keys()];

/** Each receiver reads what the others announce, so that the code that is timed has run before. */
const warmUp = (feed: LoadFeed): void => {
  const ledger = new Ledger(feed, [{ first: 0, end: 0 }]);
  let routes = 0;
  for (const chunk of feed.chunks) {
    for (let at = 0; at < chunk.length && routes < WARM_UP_ROUTES; routes += 10) {
      const length = chunk[at + 16]! * 256 + chunk[at + 17]!;
      ledger.take(0, chunk.subarray(at, at + length), 0);
      at += length;
    }
  }
};

const prepare = (plan: ScenarioPlan): Load => {
  const speakers = speakersOf(plan);
  const feed = buildFeed(plan, speakers);
  warmUp(feed);
  const ledger = new Ledger(feed, speakers);
  const made: Load = {
    plan,
    speakers,
    feed,
    ledger,
    gone: new Set(),
    announceOnOpen: false,
    pool: new SessionPool(plan, speakers, {
      update: (index, frame, at) => ledger.take(index, frame, at),
      established: (session, index) => {
        if (made.announceOnOpen) session.send(feed.chunks[index] ?? new Uint8Array(0));
        session.send(endOfRib(plan.family));
      },
      lost: (index) => ledger.forget(index),
    }),
  };
  return made;
};

const within = async <T>(timeoutMs: number, what: string, job: Promise<T>): Promise<T> => {
  const stop = new AbortController();
  const late = sleep(timeoutMs, null, { signal: stop.signal }).then(
    () => Promise.reject(new Error(`${what}: not within ${timeoutMs} ms`)),
    () => Promise.reject(new Error('stopped')),
  );
  try {
    return await Promise.race([job, late]);
  } finally {
    late.catch(() => {});
    stop.abort();
  }
};

/** Looks every 5 ms: the time itself is the ledger's. */
const untilComplete = async (ledger: Ledger, timeoutMs: number): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  while (ledger.incomplete > 0) {
    if (performance.now() > deadline) throw new Error(incompleteText(ledger));
    await sleep(5);
  }
};

const incompleteText = (ledger: Ledger): string =>
  `${ledger.incomplete} receivers lack ${ledger.missing} routes; ${JSON.stringify(ledger.tallies)}`;

export interface Converged {
  /** From the first octet, or from the close, to the last route at the last receiver. */
  readonly seconds: number;
  /** Processor time of the generator meanwhile. */
  readonly busySeconds: number;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const timed = async (ledger: Ledger, timeoutMs: number, act: () => void): Promise<Converged> => {
  const busy = cpuSeconds();
  const begin = performance.now();
  act();
  await untilComplete(ledger, timeoutMs);
  return { seconds: (ledger.completedAt - begin) / 1000, busySeconds: cpuSeconds() - busy };
};

interface Timed {
  readonly timeoutMs: number;
}

const announce = ({ timeoutMs }: Timed): Promise<Converged> => {
  const { ledger, pool, feed } = current();
  return timed(ledger, timeoutMs, () => {
    for (const [index, chunk] of feed.chunks.entries()) {
      if (chunk.length > 0) pool.sessions[index]?.send(chunk);
    }
  });
};

const reconnect = async ({ timeoutMs }: Timed): Promise<Converged> => {
  const made = current();
  const { ledger, pool, speakers } = made;
  const all = indexesOf(speakers);
  made.announceOnOpen = true;
  pool.reopens = true;
  return timed(ledger, timeoutMs, () => {
    pool.drop(all);
    ledger.clear();
    void pool.open(all, all.length);
  });
};

export interface ChurnTimes {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** Pairs of a change and a receiver that heard of it, of those that should. */
  readonly heard: number;
  readonly expected: number;
  readonly busySeconds: number;
}

/** A client withdraws a route, comes to it again after all the others had their turn, and announces it. */
const change = ({ plan, speakers, pool, gone, feed }: Load, event: number, sentAt: Float64Array): void => {
  const index = event % plan.clients;
  const round = Math.floor(event / plan.clients);
  const speaker = speakers[index]!;
  const id = speaker.first + ((round >> 1) % plan.perClient);
  const leaves = round % 2 === 0;
  const bytes = leaves ? withdrawOne(feed.catalogue, id) : announceOne(feed.catalogue, speaker, id);
  if (leaves) gone.add(id);
  else gone.delete(id);
  sentAt[id] = performance.now();
  pool.sessions[index]?.send(bytes);
};

const churn = async ({ timeoutMs }: Timed): Promise<ChurnTimes> => {
  const made = current();
  const { plan, ledger } = made;
  const times = new Histogram();
  const sentAt = new Float64Array(made.feed.catalogue.count);
  ledger.onChange = (id, at) => times.add(at - sentAt[id]!);
  const events = plan.rate * plan.seconds;
  const expected = events * (plan.clients - 1);
  const busy = cpuSeconds();
  const begin = performance.now();
  for (let sent = 0; sent < events; ) {
    const due = Math.min(events, Math.floor(((performance.now() - begin) / 1000) * plan.rate) + 1);
    for (; sent < due; sent += 1) change(made, sent, sentAt);
    await sleep(1);
  }
  const deadline = performance.now() + timeoutMs;
  while (times.count < expected && performance.now() < deadline) await sleep(5);
  const busySeconds = cpuSeconds() - busy;
  ledger.onChange = null;
  const [median, p99] = [times.percentile(50), times.percentile(99)];
  return { median, p99, max: times.max, heard: times.count, expected, busySeconds };
};

export interface Verdict {
  readonly tallies: Tallies;
  readonly incomplete: number;
  /** After churn: routes held that should not be, or the other way round. */
  readonly differences: number;
  readonly lost: readonly string[];
  readonly refused: number;
  /** Milliseconds, of all sessions. */
  readonly longestSilence: number;
  readonly evidence: string | null;
}

const verdict = (): Verdict => {
  const { ledger, pool, gone, plan } = current();
  return {
    tallies: ledger.tallies,
    incomplete: changesRoutes(plan) ? 0 : ledger.incomplete,
    differences: changesRoutes(plan) ? ledger.differences(gone) : 0,
    lost: pool.lost,
    refused: pool.refused,
    longestSilence: pool.longestSilence,
    evidence: ledger.evidence,
  };
};

const calls = {
  prepare: (plan: ScenarioPlan): null => {
    load?.pool.close();
    load = prepare(plan);
    return null;
  },
  open: async ({ timeoutMs }: Timed): Promise<null> => {
    const { pool, speakers } = current();
    await within(timeoutMs, 'sessions', pool.open(indexesOf(speakers), HANDSHAKES_AT_ONCE));
    return null;
  },
  /** May be called before the daemon is there: one speaker finds out when it is, then the others come. */
  arrive: async ({ timeoutMs }: Timed): Promise<null> => {
    const { pool, speakers } = current();
    const arrival = async (): Promise<void> => {
      await pool.open([0], 1);
      await pool.open(indexesOf(speakers).slice(1), HANDSHAKES_AT_ONCE);
    };
    await within(timeoutMs, 'sessions', arrival());
    return null;
  },
  announce,
  reconnect,
  churn,
  verdict: (_: null): Verdict => verdict(),
  close: (_: null): null => {
    load?.pool.close();
    load = null;
    return null;
  },
};

export type LoadCalls = typeof calls;

serve(calls);
