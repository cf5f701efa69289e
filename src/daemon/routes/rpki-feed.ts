// RPKI caches: one RTR client each, their records in one table, and the RIB told which prefixes to judge again. Of the
// caches that have data, those with the lowest preference count; without any, every route is `notFound`.

import type { CacheStatus, RpkiStatus } from '../../api/model/types.js';
import { formatIp } from '../../base/ip.js';
import type { CacheConfig, RpkiConfig } from '../../config/types.js';
import type { Clock, Timer } from '../../net/clock.js';
import { dialCache, type RtrConnection } from '../../net/rtr-connection.js';
import type { Rib } from '../../rib/core.js';
import type { Covers } from '../../rib/import/revalidation.js';
import { CacheRecords } from '../../rpki/cache-records.js';
import { CoveredPrefixes } from '../../rpki/covered-prefixes.js';
import {
  newRtrClient,
  type RtrAction,
  type RtrClient,
  type RtrEvent,
  stepRtr,
} from '../../rpki/rtr-client.js';
import { MAX_CACHES, type VrpTable } from '../../rpki/vrp-table.js';
import type { DaemonEvents } from '../events.js';

export interface RpkiFeedOptions {
  readonly table: VrpTable;
  readonly rib: Rib;
  readonly clock: Clock;
  readonly events: DaemonEvents;
  /** False: no policy asks, so nothing is judged again. */
  readonly isAsked: () => boolean;
}

/** One cache as it runs. */
interface Cache {
  readonly config: CacheConfig;
  /** Its bit in the table. */
  readonly bit: number;
  readonly records: CacheRecords;
  readonly timers: Readonly<Record<'retry' | 'refresh' | 'expire', Timer>>;
  client: RtrClient;
  connection: RtrConnection | null;
  /** Monotonic milliseconds of the last End of Data. */
  updatedAt: number | null;
}

export class RpkiFeed {
  readonly #options: RpkiFeedOptions;
  readonly #caches = new Map<string, Cache>();

  constructor(options: RpkiFeedOptions) {
    this.#options = options;
  }

  /** Makes exactly these caches the ones we ask; one that stays as it is keeps its connection. */
  configure({ caches }: RpkiConfig): void {
    const wanted = new Map(caches.map((config) => [config.name, config]));
    for (const [name, cache] of this.#caches) {
      if (JSON.stringify(wanted.get(name)) !== JSON.stringify(cache.config)) this.#remove(name, cache);
    }
    for (const [name, config] of wanted) if (!this.#caches.has(name)) this.#add(config);
    this.#recount([]);
  }

  stop(): void {
    for (const [name, cache] of this.#caches) {
      this.#disconnect(cache);
      for (const timer of Object.values(cache.timers)) timer.close();
      this.#caches.delete(name);
    }
  }

  status(): RpkiStatus {
    const { table, clock } = this.#options;
    const [ipv4, ipv6] = table.counts();
    const caches = [...this.#caches.values()].map(
      (cache): CacheStatus => ({
        name: cache.config.name,
        address: formatIp(cache.config.address),
        port: cache.config.port,
        preference: cache.config.preference,
        state: cache.client.state,
        version: cache.client.settled ? cache.client.version : null,
        session: cache.client.session,
        serial: cache.client.session === null ? null : cache.client.serial,
        records: table.countOf(cache.bit),
        counts: (table.counting & (1 << cache.bit)) !== 0,
        updatedSecondsAgo: cache.updatedAt === null ? null : (clock.now() - cache.updatedAt) / 1000,
        intervals: cache.client.intervals,
        lastError: cache.client.lastError,
      }),
    );
    return { caches, records: { 'ipv4-unicast': ipv4, 'ipv6-unicast': ipv6 } };
  }

  #add(config: CacheConfig): void {
    const { table, clock } = this.#options;
    const used = new Set([...this.#caches.values()].map(({ bit }) => bit));
    const bit = Array.from({ length: MAX_CACHES }, (_, i) => i).find((i) => !used.has(i))!;
    const { refresh, retry, expire } = config;
    const fixed = {
      ...(refresh === null ? {} : { refresh }),
      ...(retry === null ? {} : { retry }),
      ...(expire === null ? {} : { expire }),
    };
    const timer = (kind: 'retry' | 'refresh' | 'expire'): Timer =>
      clock.timer(() => this.#step(cache, { kind }));
    const cache: Cache = {
      config,
      bit,
      records: new CacheRecords(table, bit),
      timers: { retry: timer('retry'), refresh: timer('refresh'), expire: timer('expire') },
      client: newRtrClient(fixed),
      connection: null,
      updatedAt: null,
    };
    this.#caches.set(config.name, cache);
    this.#step(cache, { kind: 'start' });
  }

  #remove(name: string, cache: Cache): void {
    this.#disconnect(cache);
    for (const timer of Object.values(cache.timers)) timer.close();
    this.#caches.delete(name);
    const changed: number[] = [];
    cache.records.forget((row) => changed.push(row));
    this.#recount(changed);
  }

  #step(cache: Cache, event: RtrEvent): void {
    const before = cache.client;
    const { client, actions } = stepRtr(before, event);
    cache.client = client;
    for (const action of actions) {
      // A record that is refused ends the step: what follows is its business.
      if (!this.#perform(cache, action, event)) return;
    }
    this.#tell(cache, before);
  }

  #perform(cache: Cache, action: RtrAction, event: RtrEvent): boolean {
    switch (action.kind) {
      case 'connect':
        this.#connect(cache);
        break;
      case 'disconnect':
        this.#disconnect(cache);
        break;
      case 'send':
        cache.connection?.send(action.bytes);
        break;
      case 'begin':
        cache.records.begin(action.whole);
        break;
      case 'record':
        return this.#record(cache, action, event);
      case 'commit':
        cache.updatedAt = this.#options.clock.now();
        this.#change(cache, (changed) => cache.records.commit(changed));
        break;
      case 'rollback':
        cache.records.rollback();
        break;
      case 'forget':
        this.#change(cache, (changed) => cache.records.forget(changed));
        break;
      case 'timer':
        if (action.seconds === null) cache.timers[action.timer].stop();
        else cache.timers[action.timer].start(action.seconds * 1000);
        break;
    }
    return true;
  }

  #record(cache: Cache, { announce, vrp }: Extract<RtrAction, { kind: 'record' }>, event: RtrEvent): boolean {
    const code = cache.records.record(announce, vrp);
    if (code === null) return true;
    const bytes = event.kind === 'pdu' ? event.bytes : new Uint8Array(0);
    this.#step(cache, { kind: 'refused', code, bytes });
    return false;
  }

  #connect(cache: Cache): void {
    const connection = dialCache(cache.config.address, cache.config.port, {
      connected: () => this.#step(cache, { kind: 'connected' }),
      pdu: (bytes) => this.#step(cache, { kind: 'pdu', bytes }),
      lost: (reason) => {
        cache.connection = null;
        this.#step(cache, { kind: 'lost', reason });
      },
    });
    cache.connection = connection;
  }

  #disconnect(cache: Cache): void {
    cache.connection?.close();
    cache.connection = null;
  }

  #change(cache: Cache, apply: (changed: (row: number) => void) => void): void {
    const rows: number[] = [];
    apply((row) => rows.push(row));
    this.#recount(rows);
    const receiving = [...this.#caches.values()].some(
      (other) => other !== cache && other.client.state === 'receiving',
    );
    if (!receiving) this.#options.table.compact();
  }

  /** Which caches count may be another matter now. */
  #recount(rows: readonly number[]): void {
    const { table, rib, isAsked } = this.#options;
    const changed = new Set(rows);
    table.setCounting(this.#countingCaches(), (row) => changed.add(row));
    if (changed.size > 0 && isAsked()) rib.revalidate(this.#covering(changed));
  }

  /** The lowest preference of those that have data. */
  #countingCaches(): number {
    const ready = [...this.#caches.values()].filter(({ client }) => client.hasData);
    const lowest = Math.min(...ready.map(({ config }) => config.preference));
    return ready
      .filter(({ config }) => config.preference === lowest)
      .reduce((mask, { bit }) => mask | (1 << bit), 0);
  }

  /** A copy: rows may be given back before the RIB has looked at all of its prefixes. */
  #covering(rows: ReadonlySet<number>): Covers {
    const covered = new CoveredPrefixes(rows.size);
    for (const row of rows) covered.add(this.#options.table.vrp(row));
    return (family, w0, w1, w2, w3, length) => covered.covers(family, w0, w1, w2, w3, length);
  }

  #tell(cache: Cache, before: RtrClient): void {
    const { client, config } = cache;
    if (client.state === before.state && client.lastError === before.lastError) return;
    if (client.state === 'synced' && before.state !== 'synced') {
      const records = this.#options.table.countOf(cache.bit);
      this.#options.events.emit('rpki', config.name, 'synced', `${records} records, serial ${client.serial}`);
    }
    if (client.state === 'down' && before.state !== 'down') {
      this.#options.events.emit('rpki', config.name, 'down', client.lastError ?? 'closed');
    }
  }
}
