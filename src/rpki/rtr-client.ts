// The router's side of RTR (RFC 8210 8) with one cache, as a function: events in, actions out. No socket, no clock; what
// the records mean is the table's affair.

import {
  decodePdu,
  encodeError,
  encodeResetQuery,
  encodeSerialQuery,
  isErrorReport,
  NEWEST_VERSION,
} from './pdu.js';
import {
  RTR_ERROR,
  RTR_ERROR_NAMES,
  type RtrIntervals,
  type RtrPdu,
  type RtrVersion,
  type Vrp,
} from './types.js';

/** RFC 8210 6: what counts until the cache says otherwise, and what it may say. */
export const DEFAULT_INTERVALS: RtrIntervals = { refresh: 3600, retry: 600, expire: 7200 };
const BOUNDS = { refresh: [1, 86_400], retry: [1, 7_200], expire: [600, 172_800] } as const;

export type RtrState = 'down' | 'connecting' | 'querying' | 'receiving' | 'synced';

export interface RtrClient {
  readonly state: RtrState;
  /** What we ask with; lowered when the cache knows no more (RFC 8210 7). */
  readonly version: RtrVersion;
  /** The cache has answered with this version: another one is an error from now on. */
  readonly settled: boolean;
  /** What the last End of Data ended; null: there is nothing to go on from. */
  readonly session: number | null;
  readonly serial: number;
  /** Records of a complete answer are there and have not expired. */
  readonly hasData: boolean;
  readonly intervals: RtrIntervals;
  /** Set by the operator: what the cache says does not count. */
  readonly fixed: Partial<RtrIntervals>;
  /** The session of the answer that comes in, and whether it is a whole copy. */
  readonly incoming: { readonly session: number; readonly whole: boolean } | null;
  /** The query asked for everything. */
  readonly asksAll: boolean;
  readonly lastError: string | null;
}

export type RtrEvent =
  | { readonly kind: 'start' | 'connected' | 'retry' | 'refresh' | 'expire' }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'pdu'; readonly bytes: Uint8Array }
  /** What the table says of a record (RFC 8210 5.6): it is fatal. */
  | { readonly kind: 'refused'; readonly code: number; readonly bytes: Uint8Array };

export type RtrAction =
  | { readonly kind: 'connect' | 'disconnect' }
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** Records follow: `whole` ones replace all that there is. */
  | { readonly kind: 'begin'; readonly whole: boolean }
  | { readonly kind: 'record'; readonly announce: boolean; readonly vrp: Vrp }
  | { readonly kind: 'commit' | 'rollback' | 'forget' }
  /** Seconds; null stops it. */
  | {
      readonly kind: 'timer';
      readonly timer: 'retry' | 'refresh' | 'expire';
      readonly seconds: number | null;
    };

export interface RtrStep {
  readonly client: RtrClient;
  readonly actions: readonly RtrAction[];
}

export const newRtrClient = (fixed: Partial<RtrIntervals>): RtrClient => ({
  state: 'down',
  version: NEWEST_VERSION,
  settled: false,
  session: null,
  serial: 0,
  hasData: false,
  intervals: { ...DEFAULT_INTERVALS, ...fixed },
  fixed,
  incoming: null,
  asksAll: true,
  lastError: null,
});

const stay = (client: RtrClient): RtrStep => ({ client, actions: [] });

export function stepRtr(client: RtrClient, event: RtrEvent): RtrStep {
  switch (event.kind) {
    case 'start':
    case 'retry':
      return client.state === 'down' ? connect(client) : stay(client);
    case 'connected':
      return client.state === 'connecting' ? query({ ...client, settled: false }) : stay(client);
    case 'refresh':
      return client.state === 'synced' ? query(client) : stay(client);
    case 'expire':
      return { client: { ...client, session: null, hasData: false }, actions: [{ kind: 'forget' }] };
    case 'lost':
      return client.state === 'down' ? stay(client) : lost(client, event.reason);
    case 'refused':
      return fail(client, event.code, event.bytes, RTR_ERROR_NAMES[event.code] ?? 'refused');
    case 'pdu':
      return takePdu(client, event.bytes);
  }
}

const connect = (client: RtrClient): RtrStep => ({
  client: { ...client, state: 'connecting', settled: false },
  actions: [{ kind: 'connect' }, { kind: 'timer', timer: 'retry', seconds: null }],
});

/** From where the last answer ended, or for everything. */
function query(client: RtrClient): RtrStep {
  const { version, session, serial } = client;
  const bytes = session === null ? encodeResetQuery(version) : encodeSerialQuery(version, session, serial);
  return {
    client: { ...client, state: 'querying', asksAll: session === null, incoming: null },
    actions: [
      { kind: 'send', bytes },
      { kind: 'timer', timer: 'refresh', seconds: null },
    ],
  };
}

/** The connection is over; records stay until they expire. */
function giveUp(client: RtrClient, reason: string, last: readonly RtrAction[]): RtrStep {
  return {
    client: { ...client, state: 'down', incoming: null, lastError: reason },
    actions: [
      ...last,
      ...(client.state === 'receiving' ? [{ kind: 'rollback' } as const] : []),
      { kind: 'disconnect' },
      { kind: 'timer', timer: 'refresh', seconds: null },
      { kind: 'timer', timer: 'retry', seconds: client.intervals.retry },
    ],
  };
}

/** A cache may hang up on a version it does not know instead of saying so; the next try asks with an older one. */
function lost(client: RtrClient, reason: string): RtrStep {
  const unanswered = client.state === 'querying' && !client.settled;
  const older = client.version === 0 ? NEWEST_VERSION : ((client.version - 1) as RtrVersion);
  return giveUp(unanswered ? { ...client, version: older } : client, reason, []);
}

/** We object: an Error Report is never answered with another (RFC 8210 5.11). */
function fail(client: RtrClient, code: number, bytes: Uint8Array, text: string): RtrStep {
  const report = encodeError(client.version, code, bytes, text);
  return giveUp(client, text, isErrorReport(bytes) ? [] : [{ kind: 'send', bytes: report }]);
}

function takePdu(client: RtrClient, bytes: Uint8Array): RtrStep {
  const version = bytes[0]!;
  const pdu = decodePdu(bytes);
  if (pdu.kind === 'error') return takeError(client, version, pdu);
  // RFC 8210 7: a notify that comes before a version is agreed on says nothing.
  if (pdu.kind === 'serialNotify' && !client.settled) return stay(client);
  if (client.settled && version !== client.version) {
    return fail(client, RTR_ERROR.unexpectedVersion, bytes, `version ${version} after ${client.version}`);
  }
  if (version > client.version) {
    return fail(client, RTR_ERROR.unsupportedVersion, bytes, `version ${version}`);
  }
  if (pdu.kind === 'fault') return fail(client, pdu.code, bytes, pdu.text);
  return take({ ...client, version: version as RtrVersion, settled: true }, pdu, bytes);
}

function take(client: RtrClient, pdu: Exclude<RtrPdu, { kind: 'error' }>, bytes: Uint8Array): RtrStep {
  switch (pdu.kind) {
    case 'serialNotify':
      return takeNotify(client, pdu);
    case 'cacheResponse':
      return takeResponse(client, pdu.session, bytes);
    case 'prefix':
      if (client.incoming === null) return outOfPlace(client, bytes, 'a record');
      return { client, actions: [{ kind: 'record', announce: pdu.announce, vrp: pdu.vrp }] };
    case 'endOfData':
      return takeEnd(client, pdu, bytes);
    case 'cacheReset':
      if (client.state !== 'querying') return outOfPlace(client, bytes, 'a Cache Reset');
      return query({ ...client, session: null });
    case 'ignored':
      return stay(client);
    case 'serialQuery':
    case 'resetQuery':
      return fail(client, RTR_ERROR.invalidRequest, bytes, 'a query from a cache');
  }
}

const outOfPlace = (client: RtrClient, bytes: Uint8Array, what: string): RtrStep =>
  fail(client, RTR_ERROR.corruptData, bytes, `${what} that no answer is open for`);

function takeNotify(
  client: RtrClient,
  { session, serial }: Extract<RtrPdu, { kind: 'serialNotify' }>,
): RtrStep {
  if (client.state !== 'synced') return stay(client);
  if (session === client.session && serial === client.serial) return stay(client);
  return query(session === client.session ? client : { ...client, session: null });
}

function takeResponse(client: RtrClient, session: number, bytes: Uint8Array): RtrStep {
  if (client.state !== 'querying') return outOfPlace(client, bytes, 'a Cache Response');
  if (!client.asksAll && session !== client.session) return otherSession(client, bytes);
  return {
    client: { ...client, state: 'receiving', incoming: { session, whole: client.asksAll } },
    actions: [{ kind: 'begin', whole: client.asksAll }],
  };
}

/** RFC 8210 5.1: what was learned from the cache is worth nothing. */
function otherSession(client: RtrClient, bytes: Uint8Array): RtrStep {
  const { client: ended, actions } = fail(client, RTR_ERROR.corruptData, bytes, 'another session id');
  return { client: { ...ended, session: null, hasData: false }, actions: [...actions, { kind: 'forget' }] };
}

function takeEnd(
  client: RtrClient,
  { session, serial, intervals }: Extract<RtrPdu, { kind: 'endOfData' }>,
  bytes: Uint8Array,
): RtrStep {
  if (client.incoming === null) return outOfPlace(client, bytes, 'an End of Data');
  if (session !== client.incoming.session) return otherSession(client, bytes);
  const done = { state: 'synced', hasData: true, incoming: null, lastError: null } as const;
  const times = { ...client.intervals, ...(intervals === null ? {} : bounded(intervals)), ...client.fixed };
  return {
    client: { ...client, ...done, session, serial, intervals: times },
    actions: [
      { kind: 'commit' },
      { kind: 'timer', timer: 'refresh', seconds: times.refresh },
      { kind: 'timer', timer: 'expire', seconds: times.expire },
    ],
  };
}

/** RFC 8210 6: what is out of bounds counts as the bound; records live longer than it takes to ask for new ones. */
function bounded(given: RtrIntervals): RtrIntervals {
  const within = (key: keyof RtrIntervals): number =>
    Math.min(Math.max(given[key], BOUNDS[key][0]), BOUNDS[key][1]);
  const [refresh, retry] = [within('refresh'), within('retry')];
  return { refresh, retry, expire: Math.max(within('expire'), refresh + 1, retry + 1) };
}

function takeError(
  client: RtrClient,
  version: number,
  { code, text }: Extract<RtrPdu, { kind: 'error' }>,
): RtrStep {
  const reason = `the cache says: ${RTR_ERROR_NAMES[code] ?? `error ${code}`}${text === '' ? '' : `: ${text}`}`;
  const lower = lowerVersion(client, version, code);
  if (lower === null) return giveUp(client, reason, []);
  // Asked anew at once: nothing is wrong.
  const ended = giveUp(client, reason, []);
  const again = connect({ ...ended.client, version: lower });
  return { client: again.client, actions: [...ended.actions, ...again.actions] };
}

/** RFC 8210 7: the version to ask with after an Error Report; null: it is not about the version. */
function lowerVersion(client: RtrClient, version: number, code: number): RtrVersion | null {
  if (code !== RTR_ERROR.unsupportedVersion || client.settled || client.version === 0) return null;
  const offered = version < client.version ? version : client.version - 1;
  return offered as RtrVersion;
}
