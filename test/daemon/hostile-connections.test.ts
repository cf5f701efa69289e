// Connections that misbehave: strangers, floods, silence, noise, peers that do not read. A bystander keeps its session and
// its routes through all of it, and no socket is left behind.

import test, { type ExecutionContext } from 'ava';
import { KEEPALIVE } from '../../src/wire/message.js';
import { encodeOpen } from '../../src/wire/open.js';
import { fakeClock } from '../support/fake-clock.js';
import { openSockets } from '../support/open-sockets.js';
import { dialScripted, type ScriptedPeer } from '../support/scripted-peer.js';
import { openOf, type SpeakerIdentity, TestSpeaker } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';
import { type BgpdProcess, freePort, withProcess } from './bgpd-process.js';
import { BASE, OPEN_EBGP, passive, type TestDaemon, withDaemons } from './daemon-rig.js';

const BYSTANDER = '127.0.0.2';
const KNOWN = '127.0.0.3';
const STRANGER = '127.0.0.66';

const REFUSED: readonly (readonly [what: string, from: string, identity: SpeakerIdentity, answer: string])[] =
  [
    ['nobody knows', STRANGER, { asn: 65001 }, '6/5'],
    ['has another AS', KNOWN, { asn: 65002 }, '2/2 0000fdea'],
    ['has another AS, in the old form', KNOWN, { asn: 65002, capabilities: [] }, '2/2 fdea'],
    ['claims to be internal', KNOWN, { asn: 64512 }, '2/2 0000fc00'],
    ['has our BGP identifier', '127.0.0.4', { asn: 64512, routerId: 0x0a000001 }, '2/3 0a000001'],
    [
      'shares no family',
      KNOWN,
      { asn: 65001, capabilities: [{ kind: 'multiprotocol', afi: 25, safi: 70 }] },
      '2/7 010400010001010400020001',
    ],
  ];

const WORDS = /^(wrong AS: the peer says AS \d+|the peer has our own router id|no family in common: )/;

for (const [what, from, identity, answer] of REFUSED) {
  test(`a peer that ${what} gets NOTIFICATION ${answer}`, (t) =>
    withDaemons(async (rig) => {
      const daemon = await rig.start({
        ...BASE,
        peers: [passive('known', KNOWN, 65001), passive('internal', '127.0.0.4', 64512)],
      });
      const peer = await rig.dial(daemon, from);
      peer.say(encodeOpen(openOf(identity)));
      t.is(await peer.hearsNotification(), answer);
      await peer.isClosed();
      if (from === STRANGER) {
        t.is(daemon.status.peer(STRANGER), null);
        t.like(daemon.logged(STRANGER)[0], {
          level: 'warn',
          msg: 'incoming connection refused',
          reason: 'no such peer',
        });
      } else {
        await daemon.until('the reason', () => WORDS.test(daemon.peer(from).reason ?? ''));
        t.is(daemon.logged('session not established').length, 1);
        const { local, peer: theirs, inForce } = daemon.peer(from).capabilities;
        t.true(local.includes('multiprotocol ipv4-unicast'));
        t.is(theirs.length, openOf(identity).capabilities.length, 'what was refused is shown');
        t.deepEqual(inForce, []);
      }
    }));
}

/** A daemon on a clock of its own and a bystander who needs no keepalives. */
const SILENT: readonly (readonly [what: string, octets: Uint8Array, wait: number])[] = [
  ['says nothing', new Uint8Array(0), 240_000],
  ['says half an OPEN', encodeOpen(openOf({ asn: 65001 })).subarray(0, 25), 240_000],
  ['says OPEN and no KEEPALIVE', encodeOpen(openOf({ asn: 65001, holdTime: 30 })), 30_000],
  [
    'falls silent in the middle of an UPDATE',
    Buffer.concat([
      encodeOpen(openOf({ asn: 65001 })),
      KEEPALIVE,
      Buffer.from(`${'ff'.repeat(16)}004002`, 'hex'),
    ]),
    90_000,
  ],
];

for (const [what, octets, wait] of SILENT) {
  test(`a peer that ${what} is dropped when the hold time is over`, (t) =>
    withDaemons(async (rig) => {
      const clock = fakeClock();
      const daemon = await rig.start(
        { ...BASE, peers: [passive('known', KNOWN, 65001), passive('bystander', BYSTANDER, 64512)] },
        { clock },
      );
      const bystander = await rig.join(daemon, BYSTANDER, { asn: 64512, holdTime: 0 });
      bystander.announce(['10.65.0.0/26'], { nextHop: '10.0.0.9' });
      const peer = await rig.dial(daemon, KNOWN);
      peer.say(octets);
      await peer.hears(1);
      const { received } = daemon.peer('known').counters;
      const openSaid = octets.length > 29 ? 1 : 0;
      await daemon.until('what it says', () => daemon.peer('known').counters.received.open === openSaid);
      await daemon.until('the state', () => daemon.peer('known').state !== 'Active');
      if (wait === 90_000) await daemon.until('the session', () => daemon.isUp('known'));
      clock.advance(wait - 1000);
      t.is(peer.notification, null, `too early, after ${received.open}`);
      clock.advance(1100);
      t.is(await peer.hearsNotification(), '4/0', 'Hold Timer Expired');
      await peer.isClosed();
      t.regex(daemon.peer('known').lastDown?.reason ?? '', /hold timer expired/i);
      t.true(daemon.isUp('bystander'));
      t.is(daemon.route('10.65.0.0/26').source, 'bystander');
    }));
}

/** The connection of the speaker with the higher BGP identifier stays (RFC 4271 6.8). */
for (const [whose, routerId] of [
  ['ours', 0x0a000000],
  ['theirs', 0x0a000002],
] as const) {
  test(`both sides connect at once: ${whose} stays`, (t) =>
    withDaemons(async (rig) => {
      const { port, next } = await rig.await(KNOWN);
      const peers = [{ name: 'known', address: KNOWN, asn: 64512, port, localAddress: '127.0.0.1' }];
      const daemon = await rig.start({ ...BASE, originate: [{ prefix: '10.65.1.0/24' }], peers });
      const dialled = await next();
      const accepted = await rig.dial(daemon, KNOWN);
      const identity = { asn: 64512, routerId };
      const speakers = [dialled, accepted].map((peer) => new TestSpeaker(peer, identity));
      await Promise.all([dialled.hears(1), accepted.hears(1)]);
      for (const peer of [dialled, accepted]) peer.say(encodeOpen(openOf(identity)));
      const [stays, goes] = whose === 'ours' ? [dialled, accepted] : [accepted, dialled];
      t.is(await goes.hearsNotification(), '6/7', 'Connection Collision Resolution');
      stays.say(KEEPALIVE);
      await daemon.until('the session', () => daemon.isUp('known'));
      await speakers.find(({ peer }) => peer === stays)?.hasRoutes('10.65.1.0/24');
      t.false(stays.closed);
      t.is(daemon.peer('known').counters.established, 1);
    }));
}

test('two daemons that dial each other end up with one session', (t) =>
  withDaemons(async (rig) => {
    const [portA, portB] = [await freePort(), await freePort()];
    const config = (self: string, port: number, other: string, otherPort: number, id: string) => ({
      ...BASE,
      routerId: id,
      listen: [{ address: self, port }],
      originate: [{ prefix: `${id}/32` }],
      peers: [{ name: 'other', address: other, asn: 64512, port: otherPort, localAddress: self }],
    });
    const a = await rig.start(config('127.0.0.7', portA, '127.0.0.8', portB, '10.0.0.7'));
    const b = await rig.start(config('127.0.0.8', portB, '127.0.0.7', portA, '10.0.0.8'));
    const hasBoth = (daemon: TestDaemon): boolean =>
      daemon.isUp('other') &&
      ['10.0.0.7/32', '10.0.0.8/32'].every((prefix) => daemon.routes({ prefix }).length === 1);
    await a.until('both routes', () => hasBoth(a) && hasBoth(b));
    for (const daemon of [a, b]) {
      t.is(daemon.peer('other').counters.established, 1);
      t.is(daemon.peer('other').counters.flaps, 0);
    }
  }));

/** Attributes that no other route shares: 60 large communities, 720 octets. */
const bulky = (index: number) => ({
  nextHop: '10.0.0.9',
  largeCommunities: Array.from({ length: 60 }, (_, i) => [index, i, 1] as const),
});

const hostRoute = (index: number): string => `10.70.${index >> 8}.${index & 255}/32`;

test('a peer that never reads costs a bounded queue, and once it reads it gets the latest state only', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peers: [
        passive('source', '127.0.0.5', 65001, OPEN_EBGP),
        passive('stuck', KNOWN, 64512),
        passive('bystander', BYSTANDER, 64512),
      ],
    });
    const bystander = await rig.join(daemon, BYSTANDER, { asn: 64512, routerId: 0x0a090901 });
    const stuck = await rig.join(daemon, KNOWN, { asn: 64512, routerId: 0x0a090902 });
    const source = await rig.join(daemon, '127.0.0.5', { asn: 65001 });
    stuck.peer.socket.pause();
    const count = 20_000;
    for (let index = 0; index < count; index++) source.announce([hostRoute(index)], bulky(index));
    await bystander.peer.watch.until(
      () => bystander.told.size === count,
      () => `${bystander.told.size} routes`,
    );
    const { queuedBytes } = daemon.peer('stuck');
    t.true(queuedBytes > 0, 'the kernel takes no more');
    t.true(queuedBytes < 2 * 1024 * 1024, `${queuedBytes} octets`);
    t.true(daemon.isUp('stuck'));
    const gone = Array.from({ length: count / 2 }, (_, index) => hostRoute(index));
    source.withdraw(gone);
    await bystander.peer.watch.until(
      () => bystander.told.size === count / 2,
      () => `${bystander.told.size} routes`,
    );
    stuck.peer.socket.resume();
    await stuck.peer.watch.until(
      () => stuck.told.size === count / 2,
      () => `${stuck.told.size} routes`,
    );
    t.deepEqual(stuck.routes, bystander.routes);
    t.deepEqual(stuck.faults, []);
    await daemon.until('an empty queue', () => daemon.peer('stuck').queuedBytes === 0);
    t.is(daemon.peer('stuck').counters.established, 1);
  }));

const SIEGE: readonly (readonly [
  what: string,
  lay: (bgpd: BgpdProcess) => Promise<readonly ScriptedPeer[]>,
])[] = [
  ['300 connections from an unknown address', (bgpd) => flood(bgpd, STRANGER, 300, [])],
  ['300 connections from a known address', (bgpd) => flood(bgpd, KNOWN, 300, [])],
  [
    '100 connections from a known address that say OPEN',
    (bgpd) => flood(bgpd, KNOWN, 100, encodeOpen(openOf({ asn: 65001 }))),
  ],
  ['noise from a known address', (bgpd) => noise(bgpd, KNOWN)],
  ['noise from an unknown address', (bgpd) => noise(bgpd, STRANGER)],
];

const flood = (
  bgpd: BgpdProcess,
  from: string,
  count: number,
  octets: ArrayLike<number>,
): Promise<readonly ScriptedPeer[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const peer = await dialScripted('127.0.0.1', bgpd.port, from);
      if (octets.length > 0) peer.say(Uint8Array.from(octets));
      return peer;
    }),
  );

async function noise(bgpd: BgpdProcess, from: string): Promise<readonly ScriptedPeer[]> {
  let state = 1;
  const octet = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  };
  const peers: ScriptedPeer[] = [];
  for (let round = 0; round < 20; round++) {
    const peer = await dialScripted('127.0.0.1', bgpd.port, from);
    const octets = Uint8Array.from({ length: 1 + octet() * 8 }, octet);
    // Every other one gets past the marker.
    if (round % 2 === 0) octets.fill(255, 0, 16);
    peer.say(octets);
    peers.push(peer);
  }
  return peers;
}

test('a siege: whatever comes, the bystander stays and every socket is given back', (t) =>
  withProcess(async (bgpd) => {
    const peers = [passive('known', KNOWN, 65001, OPEN_EBGP), passive('bystander', BYSTANDER, 64512)];
    const running = await bgpd.start({ peers, originate: [{ prefix: '10.65.1.0/24' }] });
    const bystander = await bgpd.join(BYSTANDER, { asn: 64512, routerId: 0x0a090901 });
    await bystander.hasRoutes('10.65.1.0/24');
    const sockets = openSockets(running.pid);
    t.true(sockets >= 3, 'the listener, the API and the bystander');
    for (const [what, lay] of SIEGE) {
      const besiegers = await lay(bgpd);
      for (const { socket } of besiegers) socket.destroy();
      await waitFor(`sockets after ${what}`, () => openSockets(running.pid) === sockets, {
        evidence: () => `${openSockets(running.pid)}, not ${sockets}`,
      });
      await stillWell(t, bgpd, bystander);
    }
    t.true(bgpd.log().split('\n').length < 1000, 'the log does not flood');
    t.regex(bgpd.log(), /"reason":"no such peer"/);
    t.deepEqual(await running.stop(), { code: 0, signal: null });
  }));

async function stillWell(t: ExecutionContext, bgpd: BgpdProcess, bystander: TestSpeaker): Promise<void> {
  const { body } = await bgpd.ask('/v1/neighbors/bystander');
  t.like(JSON.parse(body), { state: 'Established', lastDown: null });
  t.deepEqual(bystander.routes, ['10.65.1.0/24']);
  t.false(bystander.peer.closed);
}
