// The YAML shape of what a term makes of a route (`set`). The order is fixed: what is taken out comes before what is added.

import { z } from 'zod';
import type { IpAddress } from '../../base/ip.js';
import { parseIp } from '../../base/ip.js';
import { COMMUNITY_FORMS, COMMUNITY_OCTETS, exactOctets } from '../../policy/community-text.js';
import { PRIORITY_SUM } from '../../policy/match/conditions.js';
import type { CommunityPattern, OriginName, PolicyEdit } from '../../policy/types.js';
import { describe } from '../problem.js';
import {
  asnField,
  choiceField,
  type Fault,
  fault,
  field,
  integerField,
  textField,
} from '../schema/fields.js';
import {
  COMMUNITY_KEYS,
  communityField,
  type Listed,
  type LocatedReference,
  listOf,
  membersOf,
  type NamedSets,
  referencesIn,
} from './schema-sets.js';

/** Edits whose sets are not known yet. */
export interface EditsDraft {
  readonly references: readonly LocatedReference[];
  readonly make: (sets: NamedSets) => readonly PolicyEdit[];
}

type CommunityKey = keyof typeof COMMUNITY_KEYS;

const LARGEST = 4294967295;
const LONGEST_PREPEND = 64;

/** A number, or null to take the attribute away. */
const numberField = (what: string) => {
  const want = `${what} up to ${LARGEST}, or none`;
  return field<number | null>(want, (value) => {
    if (value === 'none') return null;
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST;
    return fits ? value : fault(`is ${describe(value)}`, `give ${want}`);
  });
};

/** A key of its own: YAML reads +10 as 10. */
const changeField = integerField('a number to add, such as 10 or -10,', -LARGEST, LARGEST);

const NEXT_HOP = 'self, peer, or an address';
const nextHopField = textField<IpAddress | 'self' | 'peer'>(NEXT_HOP, (text) => {
  if (text === 'self' || text === 'peer') return text;
  return parseIp(text) ?? fault(`${describe(text)} is no next hop`, `give ${NEXT_HOP}`);
});

const PREPEND = `how often to put our AS in front, 1 to ${LONGEST_PREPEND}, or a list of AS numbers and own`;
const prependField = field<readonly (number | 'own')[]>(PREPEND, (value) => {
  if (Array.isArray(value)) return prependList(value);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > LONGEST_PREPEND) {
    return fault(`is ${describe(value)}`, `give ${PREPEND}`);
  }
  return Array.from({ length: value }, () => 'own' as const);
});

function prependList(values: readonly unknown[]): readonly (number | 'own')[] | Fault {
  const asns = values.map((value) => {
    const asn = asnField.safeParse(value);
    return value === 'own' ? value : asn.success ? asn.data : null;
  });
  const wrong = asns.indexOf(null);
  if (wrong >= 0) return fault(`${describe(values[wrong])} is no AS number`, `give ${PREPEND}`);
  if (asns.length === 0 || asns.length > LONGEST_PREPEND)
    return fault(`has ${asns.length} AS numbers`, `give ${PREPEND}`);
  return asns.flatMap((asn) => asn ?? []);
}

/** A community that stands for itself alone. */
const oneCommunity = (key: CommunityKey) =>
  communityField(COMMUNITY_KEYS[key]).transform((pattern, context): readonly number[] => {
    const octets = exactOctets(pattern, COMMUNITY_OCTETS[COMMUNITY_KEYS[key]]);
    if (octets !== null) return octets;
    context.issues.push({
      code: 'custom',
      message: 'stands for many communities',
      input: pattern,
      params: { remedy: `write one: ${COMMUNITY_FORMS[COMMUNITY_KEYS[key]].split(', and')[0]}` },
    });
    return z.NEVER;
  });

const communitiesSchema = (key: CommunityKey) =>
  z.strictObject({
    set: z.array(oneCommunity(key)).optional(),
    remove: listOf(key).optional(),
    add: z.array(oneCommunity(key)).optional(),
  });

export const setActionsSchema = z.strictObject({
  localPref: numberField('a LOCAL_PREF').optional(),
  addLocalPref: changeField.optional(),
  med: numberField('a MED').optional(),
  addMed: changeField.optional(),
  origin: choiceField<OriginName>(['igp', 'egp', 'incomplete']).optional(),
  nextHop: nextHopField.optional(),
  prepend: prependField.optional(),
  metric: integerField('a metric', 0, LARGEST).optional(),
  priority: integerField('a priority', 0, PRIORITY_SUM).optional(),
  weight: integerField('a weight', 0, LARGEST).optional(),
  communities: communitiesSchema('communities').optional(),
  extendedCommunities: communitiesSchema('extendedCommunities').optional(),
  largeCommunities: communitiesSchema('largeCommunities').optional(),
});

type SetActions = z.output<typeof setActionsSchema>;

export function editsDraft(actions: SetActions): EditsDraft {
  const keys = Object.keys(COMMUNITY_KEYS) as CommunityKey[];
  return {
    references: keys.flatMap((key) => referencesIn(actions[key]?.remove ?? [], key, ['set', key, 'remove'])),
    make: (sets) => [...plainEdits(actions), ...keys.flatMap((key) => communityEdits(actions, key, sets))],
  };
}

function plainEdits(actions: SetActions): readonly PolicyEdit[] {
  const { localPref, addLocalPref, med, addMed, origin, nextHop, prepend, metric, priority, weight } =
    actions;
  return [
    ...(priority === undefined ? [] : [{ kind: 'priority', value: priority } as const]),
    ...(localPref === undefined ? [] : [{ kind: 'localPref', value: localPref } as const]),
    ...(addLocalPref === undefined ? [] : [{ kind: 'addLocalPref', by: addLocalPref } as const]),
    ...(med === undefined ? [] : [{ kind: 'med', value: med } as const]),
    ...(addMed === undefined ? [] : [{ kind: 'addMed', by: addMed } as const]),
    ...(origin === undefined ? [] : [{ kind: 'origin', origin } as const]),
    ...(nextHop === undefined ? [] : [{ kind: 'nextHop', to: nextHop } as const]),
    ...(prepend === undefined ? [] : [{ kind: 'prepend', asns: prepend } as const]),
    ...(metric === undefined ? [] : [{ kind: 'metric', value: metric } as const]),
    ...(weight === undefined ? [] : [{ kind: 'weight', value: weight } as const]),
  ];
}

/** Matches every community. */
const EVERY: CommunityPattern = [];

function communityEdits(actions: SetActions, key: CommunityKey, sets: NamedSets): readonly PolicyEdit[] {
  const edit = actions[key];
  if (edit === undefined) return [];
  const removed = membersOf((edit.remove ?? []) as Listed<'communities'>, key as 'communities', sets);
  return [
    {
      kind: 'communities',
      type: COMMUNITY_KEYS[key],
      remove: edit.set === undefined ? removed : [EVERY],
      add: [...(edit.set ?? []), ...(edit.add ?? [])],
    },
  ];
}
