// The benchmark's BGP speaker, a process in the peer's namespace: accepts sessions, sends feeds, tells what came when.

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './clock.js';
import { encodeFeed, type Feed } from './feed.js';
import type { SessionPlan } from './plan.js';
import { serve } from './remote.js';
import { type Arrival, SpeakerSession } from './speaker-session.js';

const BGP_PORT = 179;

/** By the address that the daemon connected to: its latest session. */
const sessions = new Map<string, SpeakerSession>();
const watchers = new Set<() => void>();

const notifyAll = (): void => {
  for (const watcher of watchers) watcher();
};

/** The first answer of `probe` that is not null; looked at whenever something arrived. */
const until = async <T>(what: string, timeoutMs: number, probe: () => T | null): Promise<T> => {
  const early = probe();
  if (early !== null) return early;
  const stop = new AbortController();
  const answer = new Promise<T>((resolve) => {
    const look = (): void => {
      const found = probe();
      if (found !== null) resolve(found);
    };
    watchers.add(look);
    stop.signal.addEventListener('abort', () => watchers.delete(look));
  });
  const late = sleep(timeoutMs, null, { signal: stop.signal }).catch(() => null);
  const found = await Promise.race([answer, late]);
  stop.abort();
  if (found === null) throw new Error(`${what}: not within ${timeoutMs} ms`);
  return found;
};

const listen = (plan: SessionPlan): Promise<null> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      sessions.set(plan.address, new SpeakerSession(socket, plan, notifyAll));
    });
    server.once('error', reject);
    server.listen(BGP_PORT, plan.address, () => resolve(null));
  });

const established = (address: string): SpeakerSession => {
  const session = sessions.get(address);
  if (session === undefined || session.establishedAt === null) throw new Error(`no session of ${address}`);
  return session;
};

interface Wait {
  readonly address: string;
  readonly timeoutMs: number;
}

const calls = {
  listen,
  /** Forgets all sessions and what came over them; the next daemon begins anew. */
  forget: (_: null): null => {
    sessions.clear();
    return null;
  },
  /** The moment at which the session became Established. */
  awaitEstablished: ({ address, timeoutMs }: Wait): Promise<number> =>
    until(`session of ${address}`, timeoutMs, () => sessions.get(address)?.establishedAt ?? null),
  /** The arrivals so far, once there are `count` of them. */
  awaitArrivals: ({
    address,
    timeoutMs,
    count,
  }: Wait & { readonly count: number }): Promise<readonly Arrival[]> =>
    until(`${count} prefixes at ${address}`, timeoutMs, () => {
      const arrivals = sessions.get(address)?.arrivals ?? [];
      return arrivals.length >= count ? arrivals : null;
    }),
  /** Sends a feed; the moment at which the first octet was handed to the socket. */
  feed: ({ address, feed }: { readonly address: string; readonly feed: Feed }): number => {
    const session = established(address);
    const bytes = encodeFeed(feed);
    const at = monotonicMs();
    session.send(bytes);
    return at;
  },
  keepalives: (address: string): readonly number[] => established(address).keepalives,
};

export type SpeakerCalls = typeof calls;

serve(calls);
