// What `gobgp -j` and gobgpd's log say, as data. Pure.

import { byPrefix, type ReceivedRoute, type SeenNotification, type SessionState } from './types.js';

/** In the order of GoBGP's session_state numbers, which begin with 1. */
const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;

/** From `gobgp neighbor ADDRESS -j`. */
export const parseGobgpState = (text: string): SessionState => {
  const neighbor = JSON.parse(text) as { readonly state?: { readonly session_state?: number } };
  return STATES[(neighbor.state?.session_state ?? 1) - 1] ?? 'Idle';
};

interface GobgpAttribute {
  readonly type: number;
  readonly value?: unknown;
  readonly metric?: number;
  readonly nexthop?: string;
  readonly communities?: readonly number[];
  readonly as_paths?: readonly { readonly segment_type: number; readonly asns: readonly number[] }[] | null;
}

interface GobgpPath {
  readonly attrs: readonly GobgpAttribute[];
}

const AS_SET = 1;
const CONFED_SEQUENCE = 3;

const segmentText = (type: number, asns: readonly number[]): string => {
  if (type === AS_SET) return `{${asns.join(',')}}`;
  return type === CONFED_SEQUENCE ? `(${asns.join(' ')})` : asns.join(' ');
};

const asPathText = (attribute: GobgpAttribute | undefined): string =>
  (attribute?.as_paths ?? []).map(({ segment_type, asns }) => segmentText(segment_type, asns)).join(' ');

const communityText = (value: number): string => `${value >>> 16}:${value & 0xffff}`;

const largeCommunities = (value: unknown): readonly string[] => {
  const list = (value ?? []) as readonly Readonly<Record<'ASN' | 'LocalData1' | 'LocalData2', number>>[];
  return list.map(({ ASN, LocalData1, LocalData2 }) => `${ASN}:${LocalData1}:${LocalData2}`).toSorted();
};

const ORIGINS = ['IGP', 'EGP', 'INCOMPLETE'] as const;

/** Attribute codes: RFC 4271 section 5, RFC 4456, RFC 4760, RFC 1997, RFC 8092. */
const toRoute = (prefix: string, path: GobgpPath): ReceivedRoute => {
  const of = (type: number): GobgpAttribute | undefined => path.attrs.find((item) => item.type === type);
  return {
    prefix,
    nextHop: of(3)?.nexthop ?? of(14)?.nexthop ?? '',
    origin: ORIGINS[of(1)?.value as number] ?? 'INCOMPLETE',
    asPath: asPathText(of(2)),
    localPref: (of(5)?.value as number | undefined) ?? null,
    med: of(4)?.metric ?? null,
    communities: (of(8)?.communities ?? []).map(communityText).toSorted(),
    largeCommunities: largeCommunities(of(32)?.value),
    originatorId: (of(9)?.value as string | undefined) ?? null,
    clusterList: (of(10)?.value as readonly string[] | undefined) ?? [],
  };
};

/** From `gobgp neighbor ADDRESS adj-in -j`. */
export const parseGobgpRoutes = (text: string): readonly ReceivedRoute[] => {
  const table = (text.trim() === '' ? {} : JSON.parse(text)) as Readonly<
    Record<string, readonly GobgpPath[]>
  >;
  const routes = Object.entries(table).flatMap(([prefix, paths]) =>
    paths.map((path) => toRoute(prefix, path)),
  );
  return routes.toSorted(byPrefix);
};

interface GobgpLogLine {
  readonly msg?: string;
  readonly Key?: string;
  readonly Code?: number;
  readonly Subcode?: number;
  readonly Data?: { readonly Body?: { readonly ErrorCode?: number; readonly ErrorSubcode?: number } } | null;
}

const toNotification = (line: GobgpLogLine): SeenNotification | null => {
  if (line.msg === 'received notification') {
    return { direction: 'received', code: line.Code ?? 0, subcode: line.Subcode ?? 0 };
  }
  if (line.msg !== 'sent notification') return null;
  const body = line.Data?.Body;
  return {
    direction: 'sent',
    code: line.Code ?? body?.ErrorCode ?? 0,
    subcode: line.Subcode ?? body?.ErrorSubcode ?? 0,
  };
};

/** From the log, in order. GoBGP logs a notification twice; equal neighbours are one. */
export const parseGobgpNotifications = (log: string, neighbor: string): readonly SeenNotification[] => {
  const lines = log.split('\n').filter((line) => line.includes('notification"') && line.startsWith('{'));
  const distinct = lines.filter((line, index) => line !== lines[index - 1]);
  return distinct
    .map((line) => JSON.parse(line) as GobgpLogLine)
    .filter((line) => line.Key === neighbor)
    .map(toNotification)
    .filter((notification) => notification !== null);
};
