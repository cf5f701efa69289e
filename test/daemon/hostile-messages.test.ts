// Every malformed message of fixtures/malformed, said to a whole daemon by a peer of its own while a bystander keeps its
// session and its routes: the peer gets what RFC 4271 and RFC 7606 want for it, and nobody else notices.

import test, { type ExecutionContext } from 'ava';
import type { Capability } from '../../src/wire/types.js';
import { type SpeakerIdentity, TestSpeaker } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';
import { type Case, readCases } from '../wire/case-file.js';
import { BASE, type DaemonRig, OPEN_EBGP, passive, type TestDaemon, withDaemons } from './daemon-rig.js';

const BYSTANDER = '127.0.0.2';
const OPEN = 1;

interface Expected {
  readonly reset?: string;
  readonly verdicts?: readonly string[];
  readonly runs?: readonly { readonly kind: 'reach' | 'unreach'; readonly prefixes: readonly string[] }[];
}

/** ADD-PATH and extended messages are never agreed on by this daemon, so these cases can't come up. */
const possible = readCases('malformed').filter(
  ({ context, maxMessage }) => maxMessage === 4096 && !context.addPath.some(Boolean),
);

function identityOf({ context }: Case): SpeakerIdentity {
  const asn = context.sessionType === 'ibgp' ? 64512 : 65001;
  const capabilities: readonly (Capability | null)[] = [
    context.families[0] ? { kind: 'multiprotocol', afi: 1, safi: 1 } : null,
    context.families[1] ? { kind: 'multiprotocol', afi: 2, safi: 1 } : null,
    { kind: 'routeRefresh' },
    context.asn4 ? { kind: 'fourOctetAs', asn } : null,
  ];
  return { asn, capabilities: capabilities.filter((capability) => capability !== null) };
}

const GROUPS = {
  external: { asn: 65001, ...OPEN_EBGP },
  internal: { asn: 64512 },
};
const RANGES = [
  { range: '127.0.2.0/24', group: 'external' },
  { range: '127.0.3.0/24', group: 'internal' },
];

test('malformed messages end no session but the one they came from', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peerGroups: GROUPS,
      dynamicPeers: RANGES,
      peers: [passive('bystander', BYSTANDER, 64512)],
    });
    const bystander = await rig.join(daemon, BYSTANDER, { asn: 64512, routerId: 0x0a090901 });
    bystander.announce(['10.65.0.0/26'], { nextHop: '10.0.0.9' });
    await daemon.until('the route', () => daemon.routes({ prefix: '10.65.0.0/26' }).length === 1);
    const sockets = openSockets();
    for (const [index, hostile] of possible.entries()) {
      const range = hostile.context.sessionType === 'ibgp' ? '127.0.3' : '127.0.2';
      await t.notThrowsAsync(play(t, rig, daemon, hostile, `${range}.${index + 1}`), hostile.name);
    }
    await waitFor('every socket to be closed', () => openSockets() === sockets);
    t.like(daemon.peer('bystander'), { state: 'Established', lastDown: null });
    t.is(daemon.peer('bystander').counters.flaps, 0);
    t.is(daemon.route('10.65.0.0/26').source, 'bystander');
    t.deepEqual(bystander.faults, []);
    t.is(bystander.peer.count(3), 0);
    t.is(daemon.status.summary().rib['ipv4-unicast'].prefixes, 1, 'nothing of the others is left');
    t.is(daemon.status.summary().rib['ipv6-unicast'].prefixes, 0);
    t.true(possible.length > 90);
  }));

/** Both ends of each connection are in this process. */
const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

async function play(
  t: ExecutionContext,
  rig: DaemonRig,
  daemon: TestDaemon,
  hostile: Case,
  address: string,
): Promise<void> {
  const expected = hostile.expected as Expected;
  const type = hostile.frame[18];
  const speaker = new TestSpeaker(await rig.dial(daemon, address), identityOf(hostile));
  if (type !== OPEN) {
    await speaker.establish();
    await daemon.until('the session', () => daemon.isUp(address));
    await prepare(daemon, speaker, address, expected);
  }
  speaker.peer.say(hostile.frame);
  if (expected.reset === undefined) await survives(t, daemon, speaker, address, hostile);
  else {
    t.is(await speaker.peer.hearsNotification(), expected.reset, hostile.name);
    await speaker.peer.isClosed();
    t.regex(daemon.peer(address).reason ?? '', /^we ended it: /, hostile.name);
    t.is(daemon.peer(address).queuedBytes, 0);
    const { reset = 0 } = daemon.peer(address).verdicts;
    t.is(reset, countOf(expected, 'reset'), hostile.name);
  }
  speaker.peer.socket.destroy();
  await daemon.until('the end of the session', () => !daemon.isUp(address));
}

const countOf = ({ verdicts = [] }: Expected, action: string): number =>
  verdicts.filter((verdict) => verdict.startsWith(action)).length;

/** What is to be withdrawn must be there first. */
async function prepare(
  daemon: TestDaemon,
  speaker: TestSpeaker,
  address: string,
  { runs }: Expected,
): Promise<void> {
  const prefixes = (runs ?? []).filter(({ kind }) => kind === 'unreach').flatMap((run) => run.prefixes);
  for (const prefix of prefixes) {
    speaker.announce([prefix], { nextHop: prefix.includes(':') ? 'fd00::9' : '10.0.0.9' });
    await daemon.until(prefix, () => daemon.routes({ prefix, peer: address }).length === 1);
  }
}

async function survives(
  t: ExecutionContext,
  daemon: TestDaemon,
  speaker: TestSpeaker,
  address: string,
  { name, expected }: Case,
): Promise<void> {
  const { runs = [], verdicts = [] } = expected as Expected;
  for (const { kind, prefixes } of runs) {
    for (const prefix of prefixes) {
      const wanted = kind === 'reach' ? 1 : 0;
      await daemon.until(
        `${kind} ${prefix} of ${name}`,
        () => daemon.routes({ prefix, peer: address }).length === wanted,
      );
    }
  }
  await daemon.until(`the verdicts of ${name}`, () => {
    const told = daemon.peer(address).verdicts;
    return ['discard', 'withdraw', 'disable'].every(
      (action) => (told[action] ?? 0) === countOf(expected as Expected, action),
    );
  });
  t.true(daemon.isUp(address), name);
  t.is(speaker.peer.notification, null, name);
  if (verdicts.length > 0)
    t.true(daemon.logged(address).some(({ msg }) => msg === 'malformed path attribute'));
}
