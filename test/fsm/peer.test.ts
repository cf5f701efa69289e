// What holds for a peer with two machines, whatever happens; and that two such peers agree on one connection.

import test from 'ava';
import fc from 'fast-check';
import { localOpen } from '../../src/fsm/capabilities.js';
import type { FsmEvent, Role } from '../../src/fsm/events.js';
import {
  admission,
  establishedRole,
  hasConnection,
  newPeer,
  otherRole,
  type Peer,
  peerStep,
} from '../../src/fsm/peer.js';
import type { SessionConfig } from '../../src/fsm/types.js';
import { ALL_EVENTS, CONFIG, EVENTS, HIGHER_ID, LOWER_ID } from './samples.js';

test('any sequence of events leaves at most one agreed connection, and a peer that can come back', (t) => {
  const steps = fc.array(
    fc.record({
      role: fc.constantFrom<Role>('active', 'passive'),
      event: fc.constantFrom(...ALL_EVENTS),
      after: fc.nat(20_000),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, fc.boolean(), (sequence, passive) => {
      let peer = newPeer({ ...CONFIG, passive });
      let now = 0;
      for (const { role, event, after } of sequence) {
        now += after;
        peer = peerStep(peer, role, event, now).peer;
        const states = [peer.active.state, peer.passive.state];
        const agreed = states.filter((state) => state === 'OpenConfirm' || state === 'Established');
        if (agreed.length > 1) throw new Error(`two agreed connections: ${states.join(' and ')}`);
        if (establishedRole(peer) !== null && peer.upSince === null) throw new Error('up since when?');
        if (peer.running && !peer.held && states.every((state) => state === 'Idle')) {
          throw new Error(`a running peer that waits for nothing after ${event.kind} of ${role}`);
        }
      }
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('the idle hold grows to half a minute and no further', (t) => {
  let peer = peerStep(newPeer(CONFIG), 'active', EVENTS.manualStart, 0).peer;
  const holds: number[] = [];
  for (let i = 0; i < 8; i++) {
    peer = peerStep(peer, 'active', EVENTS.tcpConnectionConfirmed, 0).peer;
    const next = peerStep(peer, 'active', EVENTS.headerError, 0);
    const timers = next.batches
      .flatMap(({ actions }) => actions)
      .filter((action) => action.kind === 'startTimer');
    holds.push(...timers.filter(({ timer }) => timer === 'idleHold').map(({ milliseconds }) => milliseconds));
    peer = peerStep(next.peer, 'passive', EVENTS.idleHoldTimerExpires, 0).peer;
  }
  t.deepEqual(holds, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a stopped peer refuses, a running one admits', (t) => {
  const stopped = newPeer(CONFIG);
  t.is(admission(stopped).kind, 'refuse');
  t.is(admission(peerStep(stopped, 'active', EVENTS.manualStart, 0).peer).kind, 'accept');
});

/** A model of two speakers: two connections, each a pair of message queues, delivered in any order. */
interface Side {
  peer: Peer;
}
type Delivery = { readonly to: 0 | 1; readonly role: Role; readonly event: FsmEvent };

class Wire {
  readonly sides: readonly [Side, Side];
  /** By connection (0: opened by side 0) and direction, in order, as TCP does. */
  readonly queues = new Map<string, Delivery[]>();

  constructor(configs: readonly [SessionConfig, SessionConfig]) {
    this.sides = [{ peer: newPeer(configs[0]) }, { peer: newPeer(configs[1]) }];
  }

  happen(side: 0 | 1, role: Role, event: FsmEvent): void {
    if (event.kind === 'tcpConnectionConfirmed' && role === 'passive') {
      const admitted = admission(this.sides[side].peer);
      if (admitted.kind === 'refuse') {
        this.#say(side, role, { kind: 'notificationReceived', notification: admitted.notification });
        return;
      }
    }
    const next = peerStep(this.sides[side].peer, role, event, 0);
    this.sides[side].peer = next.peer;
    for (const { role: acting, actions } of next.batches) {
      for (const action of actions) {
        if (action.kind === 'sendOpen')
          this.#say(side, acting, { kind: 'openReceived', open: localOpen(next.peer.config) });
        else if (action.kind === 'sendKeepalive') this.#say(side, acting, EVENTS.keepaliveReceived);
        else if (action.kind === 'notifyAndClose') {
          this.#say(side, acting, { kind: 'notificationReceived', notification: action.notification });
        }
      }
    }
  }

  /** The connection that we call active is the other side's passive one. */
  #say(from: 0 | 1, role: Role, event: FsmEvent): void {
    const to = from === 0 ? 1 : 0;
    const key = `${to} ${otherRole(role)}`;
    const queue = this.queues.get(key) ?? [];
    queue.push({ to, role: otherRole(role), event });
    this.queues.set(key, queue);
  }

  deliver(choice: number): boolean {
    const ready = [...this.queues.values()].filter((queue) => queue.length > 0);
    const delivery = ready[choice % ready.length]?.shift();
    if (delivery === undefined) return false;
    if (hasConnection(this.sides[delivery.to].peer[delivery.role])) {
      this.happen(delivery.to, delivery.role, delivery.event);
    }
    return true;
  }
}

const pairs: readonly (readonly [string, Partial<SessionConfig>, Partial<SessionConfig>])[] = [
  ['different identifiers', { routerId: LOWER_ID }, { routerId: HIGHER_ID }],
  ['equal identifiers', { routerId: LOWER_ID }, { routerId: LOWER_ID }],
];

for (const [name, left, right] of pairs) {
  test(`both dial, messages cross in any order: both sides keep the same connection (${name})`, (t) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(11), { maxLength: 40 }),
        fc.array(fc.nat(3), { maxLength: 4 }),
        (order, connects) => {
          const wire = new Wire([
            { ...CONFIG, ...left, peerAsn: 65001 },
            { ...CONFIG, ...right, localAsn: 65001, peerAsn: 64512 },
          ]);
          for (const side of [0, 1] as const) wire.happen(side, 'active', EVENTS.manualStart);
          // The two ends of the two connections come up in a random order, then the messages in a random order.
          const ends: readonly (readonly [0 | 1, Role])[] = [
            [0, 'active'],
            [1, 'passive'],
            [1, 'active'],
            [0, 'passive'],
          ];
          const shuffled = ends
            .map((end, i) => ({ end, rank: connects[i] ?? i }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ end }) => end);
          for (const [side, role] of shuffled) wire.happen(side, role, EVENTS.tcpConnectionConfirmed);
          for (const choice of order) wire.deliver(choice);
          while (wire.deliver(0));
          const [a, b] = wire.sides.map(({ peer }) => establishedRole(peer));
          if (a == null || b == null || a === b) throw new Error(`${a} here, ${b} there`);
          if (a !== otherRole(b)) throw new Error('not the same connection');
        },
      ),
      { numRuns: 2000 },
    );
    t.pass();
  });
}
