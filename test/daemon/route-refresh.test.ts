// Route refresh both ways, plain and enhanced (RFC 2918, RFC 7313), with a whole daemon.

import test from 'ava';
import { encodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { Capability } from '../../src/wire/types.js';
import { fakeClock } from '../support/fake-clock.js';
import type { TestSpeaker } from '../support/test-speaker.js';
import { BASE, type DaemonRig, OPEN_EBGP, passive, type StartOptions, withDaemons } from './daemon-rig.js';

const TOR = '127.0.0.2';
const OURS = ['10.65.0.0/26', '10.65.0.64/26'];

const PLAIN: readonly Capability[] = [
  { kind: 'multiprotocol', afi: 1, safi: 1 },
  { kind: 'multiprotocol', afi: 2, safi: 1 },
  { kind: 'routeRefresh' },
  { kind: 'fourOctetAs', asn: 65001 },
];
const ENHANCED: readonly Capability[] = [...PLAIN, { kind: 'enhancedRouteRefresh' }];

async function bed(rig: DaemonRig, capabilities: readonly Capability[], options: StartOptions = {}) {
  const daemon = await rig.start(
    {
      ...BASE,
      originate: [...OURS, 'fd00:65::/64'].map((prefix) => ({ prefix })),
      peers: [passive('tor', TOR, 65001, OPEN_EBGP)],
    },
    options,
  );
  const tor = await rig.join(daemon, TOR, { asn: 65001, routerId: 0x0a090901, capabilities, holdTime: 0 });
  await tor.peer.watch.until(() => tor.endOfRib.length === 2, 'End-of-RIB of both families');
  return { daemon, tor };
}

const say = (tor: TestSpeaker, afi: number, subtype: number): void =>
  tor.peer.say(encodeRouteRefresh({ afi, safi: 1, subtype }));

const FAMILIES = [
  [1, OURS],
  [2, ['fd00:65::/64']],
] as const;

for (const [afi, prefixes] of FAMILIES) {
  test(`asked for AFI ${afi}, its routes come again between BoRR and EoRR, and no others`, (t) =>
    withDaemons(async (rig) => {
      const { daemon, tor } = await bed(rig, ENHANCED);
      tor.told.clear();
      say(tor, afi, 0);
      await tor.peer.watch.until(() => tor.refreshMarks.length === 2, 'BoRR and EoRR');
      t.is(tor.refreshMarks[0]?.slice(0, 3), `${afi}/1`);
      t.is(tor.refreshMarks[1], `${afi}/2 after ${prefixes.length}`);
      t.deepEqual(tor.routes, [...prefixes].sort());
      t.deepEqual(tor.faults, []);
      t.is(tor.endOfRib.length, 2, 'End-of-RIB is for new sessions');
      t.true(daemon.peer('tor').capabilities.inForce.includes('enhanced route refresh'));
      t.is(daemon.peer('tor').counters.sent.routeRefresh, 2);
    }));
}

test('a peer that does not know the marks gets none', (t) =>
  withDaemons(async (rig) => {
    const { daemon, tor } = await bed(rig, PLAIN);
    tor.told.clear();
    say(tor, 1, 0);
    await tor.hasRoutes(...OURS);
    t.deepEqual(tor.refreshMarks, []);
    t.is(daemon.peer('tor').counters.sent.routeRefresh, 0);
  }));

test('between BoRR and EoRR the routes stay in use; what was not told again goes with EoRR', (t) =>
  withDaemons(async (rig) => {
    const { daemon, tor } = await bed(rig, ENHANCED);
    tor.announce(['10.66.0.0/26', '10.66.0.64/26'], { nextHop: '10.0.0.11' });
    tor.announce(['fd00:66::/64'], { nextHop: 'fd00::11' });
    const best = () => daemon.routes({ peer: 'tor', direction: 'in' }).map(({ prefix }) => prefix);
    await daemon.until('three routes', () => best().length === 3);
    say(tor, 1, 1);
    tor.announce(['10.66.0.0/26', '10.66.0.128/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the new one', () => best().length === 4);
    say(tor, 1, 2);
    await daemon.until('the stale one gone', () => best().length === 3);
    t.deepEqual([...best()].sort(), ['10.66.0.0/26', '10.66.0.128/26', 'fd00:66::/64']);
    t.is(daemon.peer('tor').counters.flaps, 0);
  }));

test('without an EoRR what is stale goes after six minutes, and not before', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const { daemon, tor } = await bed(rig, ENHANCED, { clock });
    tor.announce(['10.66.0.0/26', '10.66.0.64/26'], { nextHop: '10.0.0.11' });
    const best = () => daemon.routes({ peer: 'tor', direction: 'in' }).map(({ prefix }) => prefix);
    await daemon.until('two routes', () => best().length === 2);
    say(tor, 1, 1);
    tor.announce(['10.66.0.128/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the new one', () => best().length === 3);
    clock.advance(359_000);
    tor.announce(['10.66.1.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('one more', () => best().length === 4);
    clock.advance(2000);
    await daemon.until('the stale ones gone', () => best().length === 2);
    t.deepEqual([...best()].sort(), ['10.66.0.128/26', '10.66.1.0/26']);
    t.is(daemon.peer('tor').state, 'Established');
  }));

test('marks of a peer that did not announce them are ignored', (t) =>
  withDaemons(async (rig) => {
    const { daemon, tor } = await bed(rig, PLAIN);
    tor.announce(['10.66.0.0/26'], { nextHop: '10.0.0.11' });
    say(tor, 1, 1);
    say(tor, 1, 2);
    tor.announce(['10.66.0.64/26'], { nextHop: '10.0.0.11' });
    await daemon.until('both', () => daemon.routes({ peer: 'tor', direction: 'in' }).length === 2);
    t.is(daemon.peer('tor').state, 'Established');
  }));
