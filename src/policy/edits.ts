// The edits of terms -> edits of an attribute block. A chain of edits is exact: what one leaves, the next one changes.

import { ipToBytes } from '../base/ip.js';
import type { PeerView, RouteView } from '../rib/hooks.js';
import type { AttributeEdits, CommunityEdit } from '../wire/types.js';
import { PRIORITY_SUM } from './match/conditions.js';
import type { CommunityType, PolicyEdit } from './types.js';

type Step = { -readonly [K in keyof AttributeEdits]: AttributeEdits[K] };
type NextHopEdit = Extract<PolicyEdit, { kind: 'nextHop' }>;

const ORIGINS = { igp: 0, egp: 1, incomplete: 2 } as const;

const COMMUNITY_FIELDS = {
  standard: 'communities',
  extended: 'extendedCommunities',
  large: 'largeCommunities',
} as const satisfies Record<CommunityType, keyof AttributeEdits>;

/** Stands for "no next hop to set", where an object is needed. */
export const NO_HOP = new Uint8Array(0);

/** `hop` is what `nextHopFor` says; `own` our AS. Null: nothing to do. */
export function attributeEdits(
  edits: readonly PolicyEdit[],
  hop: Uint8Array,
  own: number,
): AttributeEdits | null {
  const steps: Step[] = [];
  for (const edit of edits) addTo(steps, stepOf(edit, own));
  if (hop !== NO_HOP) addTo(steps, { nextHop: hop });
  const chain = steps.reduceRight<AttributeEdits | null>(
    (more, step) => (more === null ? step : { ...step, more }),
    null,
  );
  return chain;
}

/** A step takes every field once; adding comes after setting. */
function addTo(steps: Step[], added: AttributeEdits): void {
  const last = steps.at(-1);
  const clashes =
    last === undefined ||
    Object.keys(added).some((key) => key in last) ||
    ('med' in added && 'addMed' in last) ||
    ('localPref' in added && 'addLocalPref' in last);
  if (clashes) steps.push({ ...added });
  else Object.assign(last, added);
}

function stepOf(edit: PolicyEdit, own: number): AttributeEdits {
  switch (edit.kind) {
    case 'communities':
      return { [COMMUNITY_FIELDS[edit.type]]: communityEdit(edit) };
    case 'localPref':
      return { localPref: edit.value };
    case 'med':
      return { med: edit.value };
    case 'addLocalPref':
      return { addLocalPref: edit.by };
    case 'addMed':
      return { addMed: edit.by };
    case 'origin':
      return { origin: ORIGINS[edit.origin] };
    case 'prepend':
      return { prependAs: edit.asns.map((asn) => (asn === 'own' ? own : asn)) };
    case 'metric':
      return { metric: edit.value };
    case 'priority':
      return { metric: edit.value, localPref: PRIORITY_SUM - edit.value };
    case 'weight':
      return { weight: edit.value };
    case 'nextHop':
      return {};
  }
}

const communityEdit = (edit: Extract<PolicyEdit, { kind: 'communities' }>): CommunityEdit => ({
  remove: edit.remove,
  add: Uint8Array.from(edit.add.flat()),
});

/**
 * The next hop that the edits set, the last one that fits the route's family: one object for equal ones. `NO_HOP` where
 * none is set, or we have no address.
 */
export function nextHopFor(edits: readonly PolicyEdit[], route: RouteView): Uint8Array {
  for (let i = edits.length - 1; i >= 0; i--) {
    const edit = edits[i]!;
    if (edit.kind !== 'nextHop') continue;
    const octets = hopOctets(edit, route);
    if (octets !== null) return octets;
  }
  return NO_HOP;
}

const addresses = new WeakMap<object, Uint8Array>();

function hopOctets({ to }: NextHopEdit, route: RouteView): Uint8Array | null {
  if (to === 'self') return route.self;
  if (to === 'peer') return route.peer === null ? route.self : octetsIn(route.peer.address, route);
  return octetsIn(to, route);
}

/** Null: not of the route's family. */
function octetsIn(address: PeerView['address'], { family }: RouteView): Uint8Array | null {
  if ((address.family === 'ipv4') !== (family === 0)) return null;
  const octets = addresses.get(address) ?? ipToBytes(address);
  addresses.set(address, octets);
  return octets;
}
