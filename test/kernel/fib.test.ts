// The FIB's parts that the contract cannot see: back-off, batches, interned sets, listings asked for.

import test from 'ava';
import { ipv4 } from '../../src/base/ip.js';
import { makePrefix } from '../../src/base/prefix.js';
import { Retries, retryDelay } from '../../src/kernel/fib/fib-retries.js';
import { NextHopSets, NO_SET } from '../../src/kernel/fib/next-hop-sets.js';
import { KernelView } from '../../src/kernel/loop/kernel-view.js';
import { Listings } from '../../src/kernel/loop/listings.js';
import type { KernelNextHop } from '../../src/kernel/types.js';
import { prefix, settings, via } from './bench.js';

test('delays double up to a minute', (t) => {
  t.deepEqual(
    [1, 2, 3, 4, 8, 9, 10, 100].map(retryDelay),
    [250, 500, 1000, 2000, 32_000, 60_000, 60_000, 60_000],
  );
});

test('rows fall due in order, and only while they still fail', (t) => {
  const retries = new Retries();
  retries.fail(1, 'EINVAL', 0);
  retries.fail(2, 'EINVAL', 10);
  t.is(retries.fail(2, 'EINVAL', 20), 2);
  retries.fail(3, 'ENETUNREACH', 30);
  retries.forget(3);
  t.is(retries.nextDue(), 250);
  const due: number[] = [];
  retries.takeDue(249, (key) => due.push(key));
  t.deepEqual(due, []);
  retries.takeDue(600, (key) => due.push(key));
  t.deepEqual(due, [1, 2]);
  t.is(retries.size, 2);
  t.is(retries.nextDue(), null);
});

test('the first losses are made good at once, later ones ever later, old ones are forgotten', (t) => {
  const retries = new Retries();
  t.deepEqual([retries.lose(7, 0), retries.lose(7, 10), retries.lose(7, 20)], [0, 0, 0]);
  t.is(retries.lose(7, 1000), 4);
  t.is(retries.get(7)?.dueAt, 1250);
  t.is(retries.lose(7, 2000), 5);
  t.is(retries.get(7)?.dueAt, 2500);
  t.is(retries.lose(7, 100_000), 0);
});

const hop = (ifindex: number, last: number): KernelNextHop => ({
  gateway: ipv4(0x0a0a0000 + last),
  ifindex,
  onlink: false,
  weight: 1,
});

test('equal sets of next hops have equal ids, whatever their order', (t) => {
  const sets = new NextHopSets();
  const a = sets.intern([hop(1, 1), hop(2, 2)]);
  t.is(sets.intern([hop(2, 2), hop(1, 1), hop(2, 2)]), a);
  t.not(sets.intern([{ ...hop(1, 1), onlink: true }, hop(2, 2)]), a);
  t.deepEqual(sets.get(NO_SET), []);
  t.deepEqual([...sets.through(1)].length, 2);
  sets.sweep(new Set([a]));
  t.is(sets.size, 1);
  t.is(sets.intern([hop(1, 1), hop(2, 2)]), a);
});

test('many interfaces at once become one listing of everything', (t) => {
  const listings = new Listings();
  for (let ifindex = 1; ifindex <= 3; ifindex++) {
    listings.want({ kind: 'interface', family: 'ipv4', ifindex });
    listings.want({ kind: 'interface', family: 'ipv4', ifindex });
  }
  const first = listings.next();
  t.deepEqual(first?.scope, { kind: 'interface', family: 'ipv4', ifindex: 1 });
  t.is(listings.next(), null);
  for (let ifindex = 1; ifindex <= 100; ifindex++)
    listings.want({ kind: 'interface', family: 'ipv6', ifindex });
  t.is(listings.scopeOf(first?.id ?? 0)?.kind, 'interface');
  listings.outdate();
  t.is(listings.scopeOf(first?.id ?? 0), null);
  listings.finish();
  t.deepEqual(listings.next()?.scope, { kind: 'everything' });
  listings.finish();
  t.is(listings.next(), null);
});

/** A view with one link and one connected subnet, 10.10.0.0/16. */
function view(): KernelView {
  const made = new KernelView(settings(), 1);
  const link = { ifindex: 3, name: 'eth0', up: true, running: true, loopback: false };
  made.apply({ kind: 'link', present: true, link });
  const nextHops = [{ gateway: null, ifindex: 3, onlink: false, weight: 1 }];
  const connected = { table: 254, protocol: 2, scope: 253, type: 'unicast', metric: 0, nextHops } as const;
  const route = { prefix: prefix('10.10.0.0/16'), ...connected };
  made.apply({ kind: 'route', present: true, arrival: 'new', route });
  made.settle(0);
  return made;
}

const rows = (count: number) => Array.from({ length: count }, (_, i) => makePrefix(ipv4(0x14000000 + i), 32));

test('batches are cut to size and never hold a prefix twice', (t) => {
  const { fib } = view();
  const intent = via('10.10.0.2');
  for (const target of rows(1000)) fib.install(target, intent);
  const batches = [fib.take(400), fib.take(400), fib.take(400), fib.take(400)];
  t.deepEqual(
    batches.map((batch) => batch?.writes.length ?? 0),
    [400, 400, 200, 0],
  );
  const words = new Set(
    batches.flatMap((batch) => batch?.writes.map((write) => ('w0' in write ? write.w0 : -1)) ?? []),
  );
  t.is(words.size, 1000);
  // Changed while in flight: written again only after the answer.
  for (const target of rows(1000)) fib.install(target, via('10.10.0.3'));
  t.is(fib.take(4000), null);
  fib.written(batches[0]!.id, [], 0);
  const again = fib.take(4000);
  t.is(again?.writes.length, 400);
  t.true(again?.writes.every((write) => write.kind === 'replace'));
});

test('a refused write waits, and a new intent tries at once', (t) => {
  const { fib } = view();
  fib.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
  const batch = fib.take(10);
  t.deepEqual(fib.written(batch?.id ?? 0, [{ index: 0, errno: 'EINVAL' }], 1000), [
    { prefix: prefix('10.66.0.0/26'), errno: 'EINVAL', attempt: 1 },
  ]);
  t.is(fib.take(10), null);
  t.is(fib.nextDue(), 1250);
  t.deepEqual(fib.counters.errors, { EINVAL: 1 });
  fib.releaseDue(1249);
  t.is(fib.take(10), null);
  fib.releaseDue(1250);
  const retry = fib.take(10);
  t.is(retry?.writes.length, 1);
  fib.written(retry?.id ?? 0, [{ index: 0, errno: 'EINVAL' }], 1300);
  t.is(fib.status().problems[0]?.attempts, 2);
  fib.install(prefix('10.66.0.0/26'), via('10.10.0.3'));
  const other = fib.take(10);
  t.is(other?.writes.length, 1);
  fib.written(other?.id ?? 0, [], 1400);
  t.is(fib.status().problemCount, 0);
  t.is(fib.status().installed, 1);
});

test('the answers ENOENT and ESRCH only say that the route was gone', (t) => {
  const { fib } = view();
  const target = prefix('10.66.0.0/26');
  const answer = (errno: string | null, kind: string) => {
    const batch = fib.take(10);
    t.is(batch?.writes[0]?.kind, kind as 'add');
    fib.written(batch?.id ?? 0, errno === null ? [] : [{ index: 0, errno }], 0);
  };
  fib.install(target, via('10.10.0.2'));
  answer(null, 'add');
  fib.install(target, via('10.10.0.3'));
  answer('ENOENT', 'replace');
  answer(null, 'add');
  fib.uninstall(target);
  answer('ESRCH', 'remove');
  t.is(fib.take(10), null);
  t.deepEqual(fib.counters.errors, {});
  t.is(fib.status().installed, 0);
});

test('a kernel without resilient groups: sticky routes share as others do', (t) => {
  const { fib } = view();
  fib.useObjects(true);
  const sticky = { ...via('10.10.0.2', '10.10.0.3'), sticky: 'a' };
  fib.install(prefix('10.65.0.9/32'), sticky);
  const first = fib.take(10);
  const kinds = (batch: typeof first): readonly unknown[] =>
    batch?.writes.map((write) => (write.kind === 'setGroup' ? write.resilient : write.kind)) ?? [];
  t.deepEqual(kinds(first), ['setHop', 'setHop', true, 'add']);
  const refused = [2, 3].map((index) => ({ index, errno: 'EINVAL' }));
  fib.written(first?.id ?? 0, refused, 0);
  const again = fib.take(10);
  t.true(kinds(again).includes(false));
  t.false(kinds(again).includes(true));
  fib.written(again?.id ?? 0, [], 0);
  fib.releaseDue(1000);
  fib.written(fib.take(10)?.id ?? 0, [], 1000);
  t.is(fib.status().installed, 1);
  fib.install(prefix('10.65.0.10/32'), { ...sticky, sticky: 'b' });
  t.false(kinds(fib.take(10)).includes(true), 'it is not asked again');
});

test('EEXIST without a known owner puts our knowledge in doubt, with one it does not', (t) => {
  const made = view();
  const { fib } = made;
  const target = prefix('10.66.0.0/26');
  fib.install(target, via('10.10.0.2'));
  fib.written(fib.take(10)?.id ?? 0, [{ index: 0, errno: 'EEXIST' }], 0);
  t.true(fib.takeDoubt());
  t.false(fib.takeDoubt());
  const nextHops = [hop(3, 9)];
  const theirs = { table: 254, protocol: 4, scope: 0, type: 'unicast', metric: 1024, nextHops } as const;
  made.apply({ kind: 'route', present: true, arrival: 'new', route: { prefix: target, ...theirs } });
  made.settle(0);
  fib.releaseDue(1e9);
  fib.written(fib.take(10)?.id ?? 0, [{ index: 0, errno: 'EEXIST' }], 0);
  t.false(fib.takeDoubt());
});

test('problems are listed up to a hundred and counted in full', (t) => {
  const { fib } = view();
  for (const target of rows(250)) fib.install(target, via('10.99.0.1'));
  t.is(fib.take(10), null);
  const { problems, problemCount, wanted } = fib.status();
  t.deepEqual([problems.length, problemCount, wanted], [100, 250, 250]);
  t.is(problems[0]?.reason, 'unresolved');
});

test('rows and sets are freed with their last user', (t) => {
  const { fib, nextHops } = view();
  for (const target of rows(100)) fib.install(target, via('10.10.0.2'));
  fib.written(fib.take(1000)?.id ?? 0, [], 0);
  for (const target of rows(100)) fib.uninstall(target);
  fib.written(fib.take(1000)?.id ?? 0, [], 0);
  t.is([...fib.installed()].length, 0);
  t.deepEqual(fib.status(), {
    wanted: 0,
    installed: 0,
    pending: 0,
    adoptedStale: 0,
    problems: [],
    problemCount: 0,
  });
  t.is(nextHops.size, 0);
});
