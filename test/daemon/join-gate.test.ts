import test from 'ava';
import type { PeerId } from '../../src/base/ids.js';
import { JoinGate } from '../../src/daemon/peers/join-gate.js';
import { fakeClock } from '../support/fake-clock.js';

const peer = (id: number): PeerId => id as PeerId;

function gateOf() {
  const clock = fakeClock();
  const opened: number[] = [];
  return { clock, opened, gate: new JoinGate(clock, (id) => opened.push(id)) };
}

test('a session that comes up alone is served at once', (t) => {
  const { clock, opened, gate } = gateOf();
  gate.enter(peer(2));
  t.false(gate.holds(peer(2)));
  clock.advance(5000);
  gate.enter(peer(3));
  t.false(gate.holds(peer(3)));
  t.deepEqual(opened, []);
});

test('those that come up together wait for the last of them, and are told once', (t) => {
  const { clock, opened, gate } = gateOf();
  for (let id = 2; id < 6; id++) {
    gate.enter(peer(id));
    clock.advance(30);
  }
  t.deepEqual(
    [2, 3, 4, 5].map((id) => gate.holds(peer(id))),
    [false, true, true, true],
  );
  clock.advance(20);
  t.deepEqual(opened, [3, 4, 5]);
  t.false(gate.holds(peer(3)));
  clock.advance(5000);
  t.deepEqual(opened, [3, 4, 5]);
});

test('a stream of sessions holds nobody up for long', (t) => {
  const { clock, opened, gate } = gateOf();
  let longest = 0;
  const since = new Map<number, number>();
  for (let id = 2; id < 102; id++) {
    gate.enter(peer(id));
    if (gate.holds(peer(id))) since.set(id, clock.now());
    clock.advance(20);
    for (const served of opened.splice(0))
      longest = Math.max(longest, clock.now() - (since.get(served) ?? 0));
  }
  t.true(longest > 40);
  t.true(longest <= 340, `${longest} ms`);
});

test('a session that ends while it waits is not told', (t) => {
  const { clock, opened, gate } = gateOf();
  for (const id of [2, 3, 4]) gate.enter(peer(id));
  gate.leave(peer(3));
  clock.advance(100);
  t.deepEqual(opened, [4]);
});
