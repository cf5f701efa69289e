// Watches the folders of the Calico resources and asks for a reading soon after something changed there, whatever the
// change: an edit, an atomic rename, a swapped link of a mounted volume. Reads nothing itself.

import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../net/clock.js';

/** Milliseconds without further changes until the files are read: who writes several writes them together. */
const SETTLE = 200;
/** Milliseconds after which they are read while changes go on. */
const LONGEST = 2000;
/** Milliseconds between readings that nothing asked for: events can be lost, folders come and go. */
const ROUND = 30_000;

export interface CalicoWatch {
  readonly folders: () => readonly string[];
  readonly refresh: () => Promise<unknown>;
  readonly clock: Clock;
}

/** Returns what ends it. */
export function watchCalico({ folders, refresh, clock }: CalicoWatch): () => void {
  const watchers = new Map<string, FSWatcher>();
  let since: number | null = null;
  let closed = false;

  const settled = clock.timer(() => read());
  const round = clock.timer(() => read());
  const changed = (): void => {
    const now = clock.now();
    since ??= now;
    settled.start(Math.max(0, Math.min(SETTLE, since + LONGEST - now)));
  };
  const read = (): void => {
    since = null;
    void refresh().finally(() => {
      if (closed) return;
      follow(watchers, folders(), changed);
      round.start(ROUND);
    });
  };

  follow(watchers, folders(), changed);
  // What changed between the first reading and now.
  changed();
  return () => {
    closed = true;
    settled.close();
    round.close();
    follow(watchers, [], changed);
  };
}

/** A watcher for each of these folders and no other. One that is not there is tried again with the next reading. */
function follow(watchers: Map<string, FSWatcher>, wanted: readonly string[], changed: () => void): void {
  for (const [folder, watcher] of watchers) {
    if (wanted.includes(folder)) continue;
    watcher.close();
    watchers.delete(folder);
  }
  for (const folder of wanted) {
    if (watchers.has(folder)) continue;
    const watcher = watchFolder(folder, changed);
    if (watcher === null) continue;
    watchers.set(folder, watcher);
    watcher.on('error', () => {
      watcher.close();
      watchers.delete(folder);
    });
  }
}

function watchFolder(folder: string, changed: () => void): FSWatcher | null {
  try {
    return watch(folder, { persistent: false }, changed);
  } catch {
    return null;
  }
}
