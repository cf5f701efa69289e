// Writes the list of peers for nobody a few times where it is long, so that the first who asks a busy daemon about thousands
// of them meets compiled code. Reads only.

import { jsonListStream } from '../../api/json-stream.js';
import type { StatusSource } from '../../api/model/types.js';

/** Peers that are looked at: the same ones again. */
const LOOKS = 10_000;
/** A shorter list is written soon, however slow its code. */
const LONG = 200;

export type WarmUpSource = Pick<StatusSource, 'summary' | 'peerSummaries'>;

/** A slice a turn, as for somebody who asks, then `done`; returns what stops it early. */
export function warmUpStatus(status: WarmUpSource, done: () => void = () => undefined): () => void {
  const run = { stopped: false };
  void lookOften(status, run).then(() => {
    if (!run.stopped) done();
  });
  return () => {
    run.stopped = true;
  };
}

async function lookOften(status: WarmUpSource, run: { readonly stopped: boolean }): Promise<void> {
  let looks = 0;
  const counted = function* (): Generator<unknown> {
    for (const peer of status.peerSummaries()) {
      if (run.stopped) return;
      looks++;
      yield peer;
    }
  };
  for (let before = 0; looks < LOOKS && !run.stopped; before = looks) {
    for await (const _ of jsonListStream({ ...status.summary() }, 'peers', counted()));
    if (looks - before < LONG) return;
  }
}
