// Whether the node may be counted on, with the reasons when not: the rule Calico's own probe has (all peers while the
// node is young, at least one later), and whose fault it is.

import type { Health } from '../../api/model/types.js';
import type { Speaker } from '../speaker.js';
import { blameOf, peerAddress } from './status-peers.js';
import { poolNotes } from './status-pools.js';

/** Milliseconds after the start in which every peer must be up: a rolling update waits for it. */
const YOUNG = 30_000;

export function readiness(speaker: Speaker, age: number): Health {
  const reasons = [...kernelReasons(speaker), ...peerReasons(speaker, age < YOUNG)];
  const notes = [...poolNotes(speaker), ...alarmNotes(speaker)];
  return { ok: reasons.length === 0, reasons, ...(notes.length === 0 ? {} : { notes }) };
}

const alarmNotes = ({ foreignOrigins }: Speaker): readonly string[] =>
  foreignOrigins.status().map(({ name, subject, detail }) => `alarm ${name}: ${subject} ${detail}`);

export function health(speaker: Speaker): Health {
  const status = speaker.kernel?.status();
  if (status?.state !== 'failed') return { ok: true, reasons: [] };
  return { ok: false, reasons: ['kernel: the worker failed, routes are neither read nor written'] };
}

function kernelReasons({ kernel }: Speaker): readonly string[] {
  const state = kernel?.status().state ?? 'synced';
  return state === 'synced'
    ? []
    : [`kernel: ${state === 'starting' ? 'routes are still being read' : 'failed'}`];
}

function peerReasons(speaker: Speaker, all: boolean): readonly string[] {
  const expected = [...speaker.peers.all()].filter(({ config }) => config.enabled && !config.dynamic);
  const down = expected.filter(({ driver }) => driver.status().state !== 'Established');
  if (down.length === 0 || (!all && down.length < expected.length)) return [];
  return down.map((peer) => {
    const { state } = peer.driver.status();
    const { text, fault, evidence } = blameOf(peer);
    const proof = [...(fault === 'unknown' ? [] : [`fault: ${fault}`]), ...evidence].join('; ');
    const head = `peer ${peer.name} (${peerAddress(peer)}) is ${state}: ${text}`;
    return proof === '' ? head : `${head} (${proof})`;
  });
}
