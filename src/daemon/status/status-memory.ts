// The daemon's answer about its memory: what the RIB counts, in the words of the API. Changes nothing.

import type { MemoryReport } from '../../api/model/types.js';
import { FAMILY_NAMES } from '../../base/family.js';
import type { PeerId } from '../../base/ids.js';
import { ribMemory } from '../../rib/tables/memory.js';
import type { Speaker } from '../speaker.js';

export function memoryReport(speaker: Speaker): MemoryReport {
  const { tables, attributeSets, nextHops, work, groups, total } = ribMemory(speaker.rib);
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return {
    process: { rss, heapUsed, heapTotal, external, arrayBuffers },
    tables: { [FAMILY_NAMES[0]]: tables[0], [FAMILY_NAMES[1]]: tables[1] } as MemoryReport['tables'],
    attributeSets,
    nextHops,
    work,
    updateGroups: groups,
    ribBytes: total,
    peers: [...speaker.peers.all()].map((peer) => ({
      name: peer.name,
      paths: pathsOf(speaker, peer.ribId),
      queuedBytes: peer.driver.status().queuedBytes,
    })),
    limits: speaker.alarms.status(speaker.config.limits),
  };
}

function pathsOf({ rib }: Speaker, ribId: PeerId | null): number {
  if (ribId === null) return 0;
  const { received } = rib.sources.get(ribId);
  return received[0] + received[1];
}
