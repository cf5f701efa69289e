// Peers that misbehave, one after the other, towards one daemon: each costs a bounded amount and leaves nothing behind, and
// a witness, whose keepalives are a second apart, keeps its session and gets them.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { MESSAGE } from '../../src/wire/iana.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { encodeOpen } from '../../src/wire/open.js';
import { encodeRouteRefresh } from '../../src/wire/route-refresh.js';
import { largestGap } from '../bench/statistics.js';
import { parseExposition, sampleValue } from '../support/exposition.js';
import { openSockets, unacknowledged } from '../support/open-sockets.js';
import type { ScriptedPeer } from '../support/scripted-peer.js';
import { openOf } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';
import { withProcess } from './bgpd-process.js';
import { OPEN_EBGP, passive } from './daemon-rig.js';
import { established, hasAll, IDENTITY, Scene } from './hostile-scene.js';

const WITNESS = '127.0.0.2';
const SOURCE = '127.0.0.5';
const HOLD = 9;
/** Seconds: so late, a keepalive comes in less than half of the hold time of the witness. */
const MOST_LATE = 3;
/** MiB that the process may grow by; garbage of a case included. */
const MOST_GROWTH = 150;
const MOST_QUEUED = 2 * 1024 * 1024;
/** Octets: what may be unsent and a segment; the kernel's own buffer grows to 4 MiB. */
const MOST_IN_KERNEL = 400 * 1024;
const BULKY_ROUTES = 2000;
const FLOOD = 60_000;
const REQUESTS = 20_000;

const openMessage = encodeOpen(openOf(IDENTITY));
/** The beginning of an UPDATE of 64 octets. */
const HALF_AN_UPDATE = Buffer.from(`${'ff'.repeat(16)}00400200000000`, 'hex');
const NOT_BGP = Buffer.from(`${'00'.repeat(16)}001304`, 'hex');
const CEASE = Buffer.from(`${'ff'.repeat(16)}0015030602`, 'hex');

type Case = readonly [what: string, misbehave: (scene: Scene) => Promise<void>];

async function neverReads(scene: Scene, peer: ScriptedPeer): Promise<void> {
  await established(peer);
  peer.socket.pause();
  for (const edition of [1, 2, 3]) {
    scene.announceBulky(BULKY_ROUTES, edition);
    await scene.passedOn(BULKY_ROUTES, edition);
  }
  const { queuedBytes, state } = await scene.peer();
  if (queuedBytes === 0 || queuedBytes > MOST_QUEUED) throw new Error(`${queuedBytes} octets are queued`);
  const inKernel = unacknowledged(peer.socket.remotePort!, peer.socket.localPort!);
  if (inKernel === 0 || inKernel > MOST_IN_KERNEL) throw new Error(`${inKernel} octets are in the kernel`);
  if (state !== 'Established') throw new Error(`${state}: it has eight minutes to read`);
}

async function readsSlowly(scene: Scene): Promise<void> {
  const peer = await scene.dialTight();
  const speaker = await established(peer);
  peer.socket.on('data', () => {
    peer.socket.pause();
    setImmediate(() => peer.socket.resume());
  });
  scene.source.withdraw([...scene.witness.told.keys()]);
  for (const edition of [7, 8]) scene.announceBulky(50, edition);
  await scene.passedOn(50, 8);
  await peer.watch.until(
    () => speaker.told.size === 50 && hasAll(speaker, 50, 8),
    () => `the latest 50 routes; has ${speaker.told.size}`,
  );
}

async function floods(scene: Scene): Promise<void> {
  const speaker = await scene.join();
  const { socket } = speaker.peer;
  for (let count = 0; count < FLOOD; count++) {
    speaker.announce(['10.80.0.0/24'], { nextHop: '10.0.0.7', med: count });
    if (socket.writableNeedDrain) await once(socket, 'drain');
  }
  await scene.until('all UPDATEs', ({ counters }) => counters.received.update === FLOOD);
  const latest = (): boolean => scene.witness.told.get('10.80.0.0/24')?.med === FLOOD - 1;
  await scene.witness.peer.watch.until(latest, 'the latest of its route');
}

/** Requests that come while an answer waits are one request. */
async function asksForEverything(scene: Scene): Promise<void> {
  const { peer } = await scene.join();
  const request = encodeRouteRefresh({ afi: 1, safi: 1, subtype: 0 });
  const requests = Buffer.concat(Array.from({ length: REQUESTS }, () => request));
  peer.say(requests);
  const { counters } = await scene.until(
    'all requests',
    (shown) => shown.counters.received.routeRefresh === REQUESTS,
  );
  if (counters.bytesSent > MOST_QUEUED)
    throw new Error(`${counters.bytesSent} octets for ${REQUESTS} requests`);
}

async function flaps(scene: Scene): Promise<void> {
  for (let round = 1; round <= 15; round++) {
    const { peer } = await scene.join();
    peer.socket.resetAndDestroy();
    await scene.until('the end', ({ counters }) => counters.flaps === round);
  }
}

async function saysHalf(scene: Scene): Promise<void> {
  const { peer } = await scene.join();
  peer.say(HALF_AN_UPDATE);
  peer.socket.end();
  await scene.until('the end', ({ counters }) => counters.flaps === 1);
}

async function ignoresOurNotification(scene: Scene): Promise<void> {
  const peer = await scene.dialStubborn();
  peer.say(NOT_BGP);
  await peer.hearsNotification();
  const babble = setInterval(() => peer.say(NOT_BGP), 50);
  await peer.isClosed();
  clearInterval(babble);
  await scene.until('the end of the hold', ({ state }) => state === 'Active');
  await scene.join();
}

async function staysAfterItsOwn(scene: Scene): Promise<void> {
  const peer = await scene.dialStubborn();
  await established(peer);
  await scene.until('Established', ({ state }) => state === 'Established');
  peer.say(CEASE);
  const { lastDown } = await scene.until('the end', ({ counters }) => counters.flaps === 1);
  if (!/shutdown/i.test(lastDown?.reason ?? '')) throw new Error(`says ${lastDown?.reason}`);
  if (peer.closed) throw new Error('it should have kept its end open');
}

async function usesStrangePorts(scene: Scene): Promise<void> {
  for (const [index, localPort] of [65_535, 1025].entries()) {
    const peer = await scene.dialFrom(localPort);
    await established(peer);
    await scene.until('Established', ({ counters }) => counters.established === index + 1);
    peer.socket.resetAndDestroy();
    await scene.until('the end', ({ counters }) => counters.flaps === index + 1);
  }
}

async function spoken(scene: Scene, say: readonly Uint8Array[], hears: number): Promise<ScriptedPeer> {
  const peer = await scene.dial();
  peer.say(...say);
  await peer.hears(hears);
  return peer;
}

/** Up to where it comes, and the words that the operator finds for it afterwards. */
const RESETS: readonly (readonly [
  where: string,
  prepare: (scene: Scene) => Promise<ScriptedPeer>,
  says: RegExp,
])[] = [
  ['in OpenSent', (scene) => spoken(scene, [], 1), /in OpenSent: the peer reset/],
  ['in OpenConfirm', (scene) => spoken(scene, [openMessage], 4), /in OpenConfirm: the peer reset/],
  ['in Established', async (scene) => (await scene.join()).peer, /in Established: the peer reset/],
  [
    'in the middle of an UPDATE',
    async (scene) => {
      const { peer } = await scene.join();
      const { counters } = await scene.peer();
      peer.say(KEEPALIVE, HALF_AN_UPDATE);
      await scene.until(
        'the KEEPALIVE',
        (shown) => shown.counters.received.keepalive > counters.received.keepalive,
      );
      return peer;
    },
    /in Established: the peer reset/,
  ],
];

async function resets(
  scene: Scene,
  prepare: (scene: Scene) => Promise<ScriptedPeer>,
  says: RegExp,
): Promise<void> {
  const peer = await prepare(scene);
  peer.socket.resetAndDestroy();
  const { reason } = await scene.until(
    'the reason',
    (shown) => shown.state === 'Active' && shown.lastDown !== null,
  );
  if (!says.test(reason ?? '')) throw new Error(`says ${reason}`);
  await scene.join();
}

async function resetsTheHandshake(scene: Scene): Promise<void> {
  for (let round = 0; round < 10; round++) (await scene.dial()).socket.resetAndDestroy();
  await scene.until('a peer that waits again', ({ state }) => state === 'Active');
  await scene.join();
}

const CASES: readonly Case[] = [
  ['has a zero window', async (scene) => neverReads(scene, await scene.dialTight())],
  ['never reads', async (scene) => neverReads(scene, await scene.dial())],
  ['reads slowly, and gets the latest state in the end', readsSlowly],
  ['floods UPDATEs', floods],
  ['asks for all routes again and again', asksForEverything],
  ['comes and goes all the time', flaps],
  ['says half a message and hangs up', saysHalf],
  ['goes on talking after our NOTIFICATION and closes nothing', ignoresOurNotification],
  ['closes nothing after its own NOTIFICATION', staysAfterItsOwn],
  ['comes from strange ports', usesStrangePorts],
  ['resets right behind the handshake of TCP', resetsTheHandshake],
  ...RESETS.map(
    ([where, prepare, says]): Case => [`resets ${where}`, (scene) => resets(scene, prepare, says)],
  ),
];

const addressOf = (index: number): string => `127.0.0.${10 + index}`;

/** Milliseconds between the KEEPALIVEs that arrive from now on. */
function keepalivePauses(peer: ScriptedPeer): { readonly longest: () => number } {
  const times = [performance.now()];
  const { onMessage } = peer;
  peer.onMessage = (type, frame) => {
    if (type === MESSAGE.keepalive) times.push(performance.now());
    onMessage(type, frame);
  };
  return { longest: () => largestGap(times, times[0]!, performance.now()) };
}

const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

test('peers that misbehave: each is bounded, nothing is left, the witness hears its keepalives in time', (t) =>
  withProcess(async (bgpd) => {
    const running = await bgpd.start({
      peers: [
        { ...passive('witness', WITNESS, 64512), timers: { hold: HOLD, keepalive: 1 } },
        passive('source', SOURCE, 65002, OPEN_EBGP),
        ...CASES.map((_, index) => passive(addressOf(index), addressOf(index), 65001, OPEN_EBGP)),
      ],
    });
    const witness = await bgpd.join(WITNESS, { asn: 64512, routerId: 0x0a090901, holdTime: HOLD });
    const alive = setInterval(() => witness.peer.say(KEEPALIVE), 1000);
    witness.peer.socket.once('close', () => clearInterval(alive));
    const pauses = keepalivePauses(witness.peer);
    const source = await bgpd.join(SOURCE, { asn: 65002, routerId: 0x0a090902, holdTime: 0 });
    const sockets = openSockets(running.pid);
    const memory = residentMiB(running.pid);
    for (const [index, [what, misbehave]] of CASES.entries()) {
      const scene = new Scene(bgpd, source, witness, addressOf(index));
      await misbehave(scene);
      await scene.hangUp();
      await waitFor(`the sockets of a peer that ${what}`, () => openSockets(running.pid) === sockets, {
        evidence: () => `${openSockets(running.pid)}, not ${sockets}`,
      });
      const { state, counters } = await scene.peer('witness');
      t.is(state, 'Established', what);
      t.true(counters.keepaliveLateSeconds < MOST_LATE, `${what}: ${counters.keepaliveLateSeconds} s late`);
      const growth = residentMiB(running.pid) - memory;
      t.true(growth < MOST_GROWTH, `${what}: ${growth} MiB more than before`);
      scene.end();
    }
    t.true(pauses.longest() < HOLD * 1000, `${pauses.longest()} ms without a KEEPALIVE`);
    const { body } = await bgpd.ask('/metrics');
    const metrics = parseExposition(body);
    t.is(sampleValue(metrics, 'bgpd_peer_flaps_total', { peer: 'witness' }), 0);
    t.true(sampleValue(metrics, 'bgpd_timer_slack_seconds')! < MOST_LATE);
    t.deepEqual(await running.stop(), { code: 0, signal: null });
  }));
