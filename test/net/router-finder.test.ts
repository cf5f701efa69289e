// Two finders on one invented link, and one among strange things.

import test from 'ava';
import { formatIp, type IpAddress, parseIp } from '../../src/base/ip.js';
import type { LinkMessage, LinkSocket } from '../../src/net/discovery/link-socket.js';
import { createRouterFinder, type RouterFinder } from '../../src/net/discovery/router-finder.js';
import {
  ADVERTISEMENT,
  kindOfMessage,
  ROUTER_ADVERTISEMENT,
  ROUTER_SOLICITATION,
} from '../../src/net/discovery/router-messages.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';

const ip = (text: string): IpAddress => {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(text);
  return parsed;
};

/** A link with two ends; an end that is down sends nothing. */
class Link {
  readonly inbox: readonly [LinkMessage[], LinkMessage[]] = [[], []];
  readonly sent: [number, number] = [0, 0];
  readonly up: [boolean, boolean] = [true, true];
  open = 0;

  end(side: 0 | 1, address: IpAddress): LinkSocket {
    this.open++;
    return {
      send: (name, _to, bytes) => {
        if (!this.up[side]) return false;
        this.sent[side]++;
        const kind = bytes[0] === ADVERTISEMENT ? 'advertisement' : 'solicitation';
        this.inbox[side === 0 ? 1 : 0].push({ kind, interface: name, from: address });
        return true;
      },
      receive: () => this.inbox[side].shift() ?? null,
      close: () => this.open--,
    };
  }
}

const finderAt = (link: Link, side: 0 | 1, clock: FakeClock, found: string[]): RouterFinder =>
  createRouterFinder({
    clock,
    open: () => ({ ok: true, socket: link.end(side, ip(side === 0 ? 'fe80::a' : 'fe80::b')) }),
    found: (name, address) => found.push(`${formatIp(address)}%${name}`),
  });

test('two that come at different times find each other within a second', (t) => {
  const clock = fakeClock();
  const link = new Link();
  const [heardByA, heardByB]: [string[], string[]] = [[], []];
  const a = finderAt(link, 0, clock, heardByA);
  a.watch(['eth1']);
  clock.advance(30_000);
  t.deepEqual(heardByA, []);
  const b = finderAt(link, 1, clock, heardByB);
  b.watch(['eth1']);
  clock.advance(1000);
  t.is(heardByA[0], 'fe80::b%eth1');
  t.is(heardByB[0], 'fe80::a%eth1');
  a.stop();
  b.stop();
  t.is(link.open, 0);
});

test('an interface that comes later is used once it is there', (t) => {
  const clock = fakeClock();
  const link = new Link();
  const found: string[] = [];
  const a = finderAt(link, 0, clock, []);
  const b = finderAt(link, 1, clock, found);
  link.up[0] = false;
  a.watch(['eth1']);
  b.watch(['eth1']);
  clock.advance(60_000);
  t.deepEqual(found, []);
  link.up[0] = true;
  clock.advance(2000);
  t.is(found[0], 'fe80::a%eth1');
  a.stop();
  b.stop();
});

test('when all is found, advertisements are rare; solicitations cannot make them many', (t) => {
  const clock = fakeClock();
  const link = new Link();
  const a = finderAt(link, 0, clock, []);
  const b = finderAt(link, 1, clock, []);
  a.watch(['eth1']);
  b.watch(['eth1']);
  clock.advance(20_000);
  const before = link.sent[0];
  clock.advance(60_000);
  t.true(link.sent[0] - before <= 7);
  const calm = link.sent[0];
  for (let i = 0; i < 1000; i++) {
    link.inbox[0].push({ kind: 'solicitation', interface: 'eth1', from: ip('fe80::c') });
  }
  clock.advance(5000);
  t.true(link.sent[0] - calm <= 11);
  a.stop();
  b.stop();
});

test('only link-local routers on watched interfaces are reported', (t) => {
  const clock = fakeClock();
  const link = new Link();
  const found: string[] = [];
  const a = finderAt(link, 0, clock, found);
  a.watch(['eth1']);
  link.inbox[0].push({ kind: 'advertisement', interface: 'eth1', from: ip('2001:db8::1') });
  link.inbox[0].push({ kind: 'advertisement', interface: 'eth2', from: ip('fe80::c') });
  link.inbox[0].push({ kind: 'solicitation', interface: 'eth1', from: ip('fe80::d') });
  clock.advance(1000);
  t.deepEqual(found, []);
  a.watch([]);
  t.is(link.open, 0);
  a.stop();
});

test('without a socket the reason is kept, and the next watch tries again', (t) => {
  let works = false;
  const link = new Link();
  const finder = createRouterFinder({
    clock: fakeClock(),
    open: () => (works ? { ok: true, socket: link.end(0, ip('fe80::a')) } : { ok: false, errno: 'EPERM' }),
    found: () => t.fail(),
  });
  finder.watch(['eth1']);
  t.is(finder.obstacle, 'EPERM');
  works = true;
  finder.watch(['eth1']);
  t.is(finder.obstacle, null);
  finder.stop();
});

test('messages are known by type, code and length', (t) => {
  t.is(kindOfMessage(ROUTER_ADVERTISEMENT, 16), 'advertisement');
  t.is(kindOfMessage(ROUTER_ADVERTISEMENT, 15), null);
  t.is(kindOfMessage(ROUTER_SOLICITATION, 8), 'solicitation');
  t.is(kindOfMessage(ROUTER_SOLICITATION, 7), null);
  t.is(kindOfMessage(Uint8Array.of(134, 1, ...new Array(14).fill(0)), 16), null);
  // Nobody's default router.
  t.deepEqual([...ROUTER_ADVERTISEMENT.subarray(6, 8)], [0, 0]);
});
