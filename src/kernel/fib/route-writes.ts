// Rows, strays and routes of others as writes for the port. Decides nothing.

import { prefixWords } from '../../base/prefix.js';
import type { RouteIdentity, RouteWrite } from '../port.js';
import type { KernelNextHop, KernelRoute } from '../types.js';
import { type FibState, identityIn, type Stray } from './fib-state.js';
import { type FibTable, REWRITE } from './fib-table.js';
import { isObjectRef, objectIndex, setOfRef } from './held.js';

const NO_HOPS: readonly KernelNextHop[] = [];

/** A route that still has the old protocol can be removed under that one only. */
const rowIdentity = (fib: FibState, table: FibTable, row: number, kind: RouteWrite['kind']): RouteIdentity =>
  kind === 'remove' && table.has(row, REWRITE) ? fib.previous : fib.identity;

export function rowWrite(
  fib: FibState,
  table: FibTable,
  row: number,
  kind: RouteWrite['kind'],
  ref: number,
  metric: number,
): RouteWrite {
  const identity = rowIdentity(fib, table, row, kind);
  return {
    kind,
    family: table.family,
    w0: table.rows.word(row, 0),
    w1: table.rows.word(row, 1),
    w2: table.rows.word(row, 2),
    w3: table.rows.word(row, 3),
    length: table.rows.length(row),
    identity: identity.metric === metric ? identity : { ...identity, metric },
    nextHops: kind === 'remove' ? NO_HOPS : fib.sets.get(setOfRef(fib, ref)),
    object: isObjectRef(ref) ? fib.objects.get(objectIndex(ref)).id : 0,
    source: kind === 'remove' ? null : fib.sources[table.index],
  };
}

/** The removal of a route of ours that no row stands for. */
export function strayWrite({ prefix, identity }: Stray, table: FibTable): RouteWrite {
  const [w0, w1, w2, w3] = prefixWords(prefix);
  const { length } = prefix;
  const { family } = table;
  return {
    kind: 'remove',
    family,
    w0,
    w1,
    w2,
    w3,
    length,
    identity: identityIn(identity, table),
    nextHops: NO_HOPS,
    object: 0,
    source: null,
  };
}

/** A route that is not ours: as it was, where nothing stands now; or the removal of this one and no other. */
export function theirWrite(kind: 'add' | 'remove', route: KernelRoute): RouteWrite {
  const { prefix, table, protocol, metric, scope, type, nextHops, object = 0, source = null } = route;
  const [w0, w1, w2, w3] = prefixWords(prefix);
  return {
    kind,
    family: prefix.address.family,
    w0,
    w1,
    w2,
    w3,
    length: prefix.length,
    identity: { table, protocol, metric },
    nextHops,
    object,
    source,
    form: { scope, type },
  };
}
