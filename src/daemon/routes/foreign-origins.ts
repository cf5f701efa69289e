// The alarm for addresses that live here and are announced from elsewhere as well: two hosts think that they have the
// workload or the block, and traffic goes astray. Watches what the decision meets; changes no route.

import type { AlarmStatus } from '../../api/model/types.js';
import { type FamilyIndex, familyOfAddress } from '../../base/family.js';
import {
  AGGREGATE_SOURCE,
  type AttrSetId,
  FIRST_PEER,
  KERNEL_SOURCE,
  NONE,
  type PeerId,
  type PrefixId,
} from '../../base/ids.js';
import { formatIp, formatIpv4 } from '../../base/ip.js';
import { formatPrefix, type Prefix } from '../../base/prefix.js';
import type { PoolConfig } from '../../config/types.js';
import type { Rib } from '../../rib/core.js';
import { findPrefix, prefixOf } from '../../rib/views.js';
import { decodeBlock } from '../../wire/block.js';
import type { DaemonEvents } from '../events.js';
import { poolOf } from './overlay.js';

/** Milliseconds that it has to last: a workload that moves is on both hosts for a moment. */
const RAISE_AFTER = 10_000;
const MOST = 10_000;

interface Contest {
  readonly prefix: Prefix;
  /** Milliseconds of the clock. */
  readonly since: number;
  raised: boolean;
  detail: string;
}

export interface ForeignOriginOptions {
  readonly rib: Rib;
  readonly events: DaemonEvents;
  readonly peerName: (peer: PeerId) => string;
  readonly now: () => number;
}

export class ForeignOrigins {
  readonly #options: ForeignOriginOptions;
  readonly #contests = new Map<string, Contest>();
  /** Called when there is something to check from now on. */
  onContest: () => void = () => undefined;

  constructor(options: ForeignOriginOptions) {
    this.#options = options;
  }

  /** The decision chose a route of ours. */
  localChosen(family: FamilyIndex, id: PrefixId): void {
    const { prefixes, paths } = this.#options.rib;
    if (paths[family].next[prefixes[family].head[id]!] === NONE) return;
    if (this.#contests.size >= MOST || !this.#isOurs(family, id)) return;
    const prefix = prefixOf(this.#options.rib, family, id);
    const key = formatPrefix(prefix);
    if (this.#contests.has(key) || this.#foreign(family, id) === NONE) return;
    this.#contests.set(key, { prefix, since: this.#options.now(), raised: false, detail: '' });
    this.onContest();
  }

  /** Whether there is anything to check. */
  get contested(): boolean {
    return this.#contests.size > 0;
  }

  /** Called now and then while `contested`: raises what lasts, takes back what is over. */
  check(pools: readonly PoolConfig[]): void {
    for (const [key, contest] of this.#contests) {
      const detail = poolOf(pools, contest.prefix)?.anycast === true ? null : this.#describe(contest.prefix);
      if (detail === null) {
        this.#contests.delete(key);
        if (contest.raised) this.#emit(contest, false);
        continue;
      }
      contest.detail = detail;
      if (contest.raised || this.#options.now() - contest.since < RAISE_AFTER) continue;
      contest.raised = true;
      this.#emit(contest, true);
    }
  }

  status(): readonly AlarmStatus[] {
    return [...this.#contests.values()]
      .filter(({ raised }) => raised)
      .map((contest) => this.#statusOf(contest));
  }

  #emit(contest: Contest, raised: boolean): void {
    this.#options.events.emit('alarm', this.#statusOf(contest), raised);
  }

  #statusOf({ prefix, since, detail }: Contest): AlarmStatus {
    const sinceSeconds = (this.#options.now() - since) / 1000;
    return { name: 'foreignOrigin', subject: formatPrefix(prefix), detail, sinceSeconds };
  }

  #isOurs(family: FamilyIndex, id: PrefixId): boolean {
    const source = this.#options.rib.prefixes[family].bestSource[id];
    return source === KERNEL_SOURCE || source === AGGREGATE_SOURCE;
  }

  /** The first path of a peer that import took, or NONE. */
  #foreign(family: FamilyIndex, id: PrefixId): number {
    const { prefixes, paths } = this.#options.rib;
    let path = prefixes[family].head[id]!;
    while (path !== NONE && (paths[family].peer[path]! < FIRST_PEER || paths[family].accepted[path] === NONE))
      path = paths[family].next[path]!;
    return path;
  }

  /** Who else announces it; null when nobody does or it is not ours any more. */
  #describe(prefix: Prefix): string | null {
    const { rib, peerName } = this.#options;
    const family = familyOfAddress(prefix.address.family);
    const id = findPrefix(rib, prefix) as PrefixId;
    if (id === NONE || !this.#isOurs(family, id)) return null;
    const path = this.#foreign(family, id);
    if (path === NONE) return null;
    const attributes = decodeBlock(rib.attrSets.block(rib.paths[family].accepted[path]! as AttrSetId));
    const { nextHop, originatorId } = attributes;
    const from = peerName(rib.paths[family].peer[path]! as PeerId);
    const originator = originatorId === null ? '' : `, originator ${formatIpv4(originatorId)}`;
    return `announced by ${from} with next hop ${nextHop === null ? 'none' : formatIp(nextHop)}${originator}`;
  }
}
