// What birdc and BIRD's log say, as data. Pure.

import { byPrefix, type ReceivedRoute, type SeenNotification, type SessionState } from './types.js';

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;

/** From `show protocols all NAME`. */
export const parseBirdState = (output: string): SessionState => {
  const word = /BGP state:\s+(\S+)/.exec(output)?.[1];
  return STATES.find((state) => state === word) ?? 'Idle';
};

/** Further routes of a prefix come without it. */
const HEAD = /^(\S*)\s+\S+ \[/;
const FIELD = /^\tBGP\.(\w+): ?(.*)$/;

/** `(64512,1) (64512,2)` -> `64512:1`, `64512:2`. */
const communities = (text: string | undefined): readonly string[] =>
  [...(text ?? '').matchAll(/\(([^)]*)\)/g)]
    .map((match) => (match[1] ?? '').split(/,\s*/).join(':'))
    .toSorted();

const ORIGINS = { IGP: 'IGP', EGP: 'EGP', Incomplete: 'INCOMPLETE' } as const;

const numberOrNull = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

const toRoute = (prefix: string, fields: ReadonlyMap<string, string>): ReceivedRoute => ({
  prefix,
  nextHop: fields.get('next_hop')?.split(' ')[0] ?? '',
  origin: ORIGINS[fields.get('origin') as keyof typeof ORIGINS] ?? 'INCOMPLETE',
  asPath: fields.get('as_path') ?? '',
  localPref: numberOrNull(fields.get('local_pref')),
  med: numberOrNull(fields.get('med')),
  communities: communities(fields.get('community')),
  largeCommunities: communities(fields.get('large_community')),
  originatorId: fields.get('originator_id') ?? null,
  clusterList: (fields.get('cluster_list') ?? '').split(' ').filter((id) => id !== ''),
});

/** From `show route all protocol NAME`. */
export const parseBirdRoutes = (output: string): readonly ReceivedRoute[] => {
  const routes: { readonly prefix: string; readonly fields: Map<string, string> }[] = [];
  for (const line of output.split('\n')) {
    const head = HEAD.exec(line)?.[1];
    const prefix = head === '' ? routes.at(-1)?.prefix : head;
    if (prefix?.includes('/')) routes.push({ prefix, fields: new Map() });
    const field = FIELD.exec(line);
    if (field !== null) routes.at(-1)?.fields.set(field[1] ?? '', (field[2] ?? '').trim());
  }
  return routes.map(({ prefix, fields }) => toRoute(prefix, fields)).toSorted(byPrefix);
};

/** BIRD logs a NOTIFICATION by its words; these are the ones a test can meet. */
const NOTIFICATION_WORDS = {
  'Unsupported version number': [2, 1],
  'Bad peer AS': [2, 2],
  'Bad BGP identifier': [2, 3],
  'Unacceptable hold time': [2, 6],
  'Hold timer expired': [4, 0],
  'Finite state machine error': [5, 0],
  'Maximum number of prefixes reached': [6, 1],
  'Administrative shutdown': [6, 2],
  'Peer de-configured': [6, 3],
  'Administrative reset': [6, 4],
  'Connection rejected': [6, 5],
  'Other configuration change': [6, 6],
  'Connection collision resolution': [6, 7],
  'Out of Resources': [6, 8],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

/** From the log of the whole daemon, in order. BIRD does not log the Cease it sends. */
export const parseBirdNotifications = (log: string, protocol: string): readonly SeenNotification[] => {
  const seen: SeenNotification[] = [];
  for (const line of log.split('\n')) {
    const match = /<\w+> (\w+): (Received|Error): (.*)$/.exec(line);
    if (match?.[1] !== protocol) continue;
    const words = Object.entries(NOTIFICATION_WORDS).find(([text]) => match[3]?.startsWith(text));
    const unknown = /Unknown error (\d+)(?:\.(\d+))?/.exec(match[3] ?? '');
    const [code, subcode] = words?.[1] ?? [Number(unknown?.[1] ?? 0), Number(unknown?.[2] ?? 0)];
    seen.push({ direction: match[2] === 'Received' ? 'received' : 'sent', code, subcode });
  }
  return seen;
};
