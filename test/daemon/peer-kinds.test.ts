// Peers of uncommon kinds, seen from the neighbours: what AS_PATH, next hop, MED and ONLY_TO_CUSTOMER become on the way.

import test, { type ExecutionContext } from 'ava';
import { formatIp, ipv4 } from '../../src/base/ip.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { badPeerAs, encodeNotification } from '../../src/wire/notification.js';
import { encodeOpen } from '../../src/wire/open.js';
import type { AsPathSegment, Capability, PathAttributes } from '../../src/wire/types.js';
import { fakeClock } from '../support/fake-clock.js';
import type { ScriptedPeer } from '../support/scripted-peer.js';
import { type Attributes, openOf, type SpeakerIdentity, type TestSpeaker } from '../support/test-speaker.js';
import { BASE, OPEN_EBGP, passive, type TestDaemon, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const ROUTE = '192.0.2.0/24';
const OURS = 64512;
const NOBODY = ipv4(0);

const pathText = ({ asPath }: PathAttributes): string => asPath.map(segmentText).join(' ');

/** Of the OPEN: version, then the AS in two octets. */
const asnIn = ({ heard }: ScriptedPeer): number =>
  Number.parseInt(heard.find((message) => message.startsWith('1: '))?.slice(5, 9) ?? '', 16);

const segmentText = ({ kind, asns }: AsPathSegment): string => {
  const text = asns.join(' ');
  return { sequence: text, set: `{${text}}`, confedSequence: `(${text})`, confedSet: `[${text}]` }[kind];
};

const sequence = (...asns: readonly number[]): Attributes => ({
  asPath: [{ kind: 'sequence', asns }],
  nextHop: '10.0.0.9',
});

interface Story {
  readonly title: string;
  readonly node?: Yaml;
  /** Who tells, and how it is configured here. */
  readonly a: SpeakerIdentity;
  readonly fromA?: Yaml;
  readonly says: Attributes;
  readonly b: SpeakerIdentity;
  readonly toB?: Yaml;
  /** AS_PATH as B hears it; null: it hears nothing. */
  readonly hears: string | null;
  readonly check?: (t: ExecutionContext, heard: PathAttributes) => void;
  readonly daemon?: (t: ExecutionContext, daemon: TestDaemon) => void;
}

const ebgp = (asn: number, n = 2): SpeakerIdentity => ({ asn, routerId: 0x0a090900 + n });
const ibgp = (n: number): SpeakerIdentity => ({ asn: OURS, routerId: 0x0a090900 + n });
const member = (asn: number, n: number): SpeakerIdentity => ({ ...ebgp(asn, n), sessionType: 'confed' });

const CONFED: Yaml = { confederation: { identifier: 64600, members: [64513, 64514] } };
const role = (code: number): Capability => ({ kind: 'role', role: code });
const withRole = (identity: SpeakerIdentity, code: number): SpeakerIdentity => ({
  ...identity,
  capabilities: [...openOf(identity).capabilities, role(code)],
});

const STORIES: readonly Story[] = [
  {
    title: 'local AS: a peer that knows us by another AS sees both, and its routes have passed it',
    a: { ...ebgp(65001), peerAsn: 64999 },
    fromA: { localAs: { asn: 64999 } },
    says: sequence(65001, 65010),
    b: { ...ebgp(65002, 3), peerAsn: 64999 },
    toB: { localAs: { asn: 64999 } },
    hears: '64999 64512 64999 65001 65010',
  },
  {
    title: 'local AS with noPrepend and replaceAs: our real AS is not to be seen, the other one once',
    a: { ...ebgp(65001), peerAsn: 64999 },
    fromA: { localAs: { asn: 64999, noPrepend: true } },
    says: sequence(65001, 65010),
    b: { ...ebgp(65002, 3), peerAsn: 64999 },
    toB: { localAs: { asn: 64999, replaceAs: true } },
    hears: '64999 65001 65010',
  },
  {
    title: 'local AS: a path that has it is a loop',
    a: { ...ebgp(65001), peerAsn: 64999 },
    fromA: { localAs: { asn: 64999 } },
    says: sequence(65001, 64999),
    b: ibgp(3),
    hears: null,
    daemon: (t, daemon) => t.is(daemon.peer('a').loops.asPath, 1),
  },
  {
    title: 'allowOwnAs: our AS once is no loop',
    a: ebgp(65001),
    fromA: { allowOwnAs: 1 },
    says: sequence(65001, OURS),
    b: ibgp(3),
    hears: '65001 64512',
  },
  {
    title: 'allowOwnAs: our AS twice is one',
    a: ebgp(65001),
    fromA: { allowOwnAs: 1 },
    says: sequence(65001, OURS, OURS),
    b: ibgp(3),
    hears: null,
    daemon: (t, daemon) => {
      t.regex(daemon.route(ROUTE).decision, /AS_PATH contains our AS 64512 more than 1 times/);
    },
  },
  {
    title: 'removePrivateAs: all go, but for that of the peer',
    a: ebgp(65001),
    says: sequence(65001, 65002, 3356, 65010),
    b: ebgp(65002, 3),
    toB: { removePrivateAs: 'all' },
    hears: '64512 65002 3356',
  },
  {
    title: 'removePrivateAs: the leading ones go',
    a: ebgp(65001),
    says: sequence(65001, 3356, 65010),
    b: ebgp(65002, 3),
    toB: { removePrivateAs: 'leading' },
    hears: '64512 3356 65010',
  },
  {
    title: 'removePrivateAs: they become ours',
    a: ebgp(65001),
    says: sequence(65001, 3356, 4200000001),
    b: ebgp(65002, 3),
    toB: { removePrivateAs: 'replace' },
    hears: '64512 64512 3356 64512',
  },
  {
    title: 'overrideAs: another site of the same AS finds no loop',
    a: ebgp(65001),
    says: sequence(65001, 3356, 65001),
    b: ebgp(65001, 3),
    toB: { overrideAs: true },
    hears: '64512 64512 3356 64512',
  },
  {
    title: 'route server: AS_PATH, next hop and MED of a client go through',
    a: ebgp(65001),
    says: { ...sequence(65001, 3356), med: 7 },
    b: ebgp(65002, 3),
    toB: { routeServerClient: true },
    hears: '65001 3356',
    check: (t, { nextHop, med, localPref }) => {
      t.is(nextHop && formatIp(nextHop), '10.0.0.9');
      t.is(med, 7);
      t.is(localPref, null);
    },
  },
  {
    title: 'nextHop: auto puts our address in, and no MED of another AS goes on',
    a: ebgp(65001),
    says: { ...sequence(65001), med: 7 },
    b: ebgp(65002, 3),
    hears: '64512 65001',
    check: (t, { nextHop, med }) => {
      t.is(nextHop && formatIp(nextHop), '10.0.0.1');
      t.is(med, null);
    },
  },
  {
    title: 'nextHop: keep leaves it to external peers, too',
    a: ebgp(65001),
    says: sequence(65001),
    b: ebgp(65002, 3),
    toB: { nextHop: 'keep' },
    hears: '64512 65001',
    check: (t, { nextHop }) => t.is(nextHop && formatIp(nextHop), '10.0.0.9'),
  },
  {
    title: 'nextHop: self is for internal peers',
    a: ebgp(65001),
    says: sequence(65001),
    b: ibgp(3),
    toB: { nextHop: 'self' },
    hears: '65001',
    check: (t, { nextHop }) => t.is(nextHop && formatIp(nextHop), '10.0.0.1'),
  },
  {
    title: 'confederation: another member AS hears all of the attributes, and our member AS in front',
    node: CONFED,
    a: ibgp(2),
    says: { nextHop: '10.0.0.9', med: 7, localPref: 300, asPath: [{ kind: 'sequence', asns: [3356] }] },
    b: member(64513, 3),
    hears: '(64512) 3356',
    check: (t, { med, localPref, nextHop, originatorId }) => {
      t.deepEqual([med, localPref, nextHop && formatIp(nextHop)], [7, 300, '10.0.0.9']);
      t.is(originatorId, null);
    },
    daemon: (t, daemon) => t.like(daemon.peer('b'), { type: 'confed', localAsn: OURS, notes: [] }),
  },
  {
    title: 'confederation: from one member AS to the next',
    node: CONFED,
    a: member(64513, 2),
    says: {
      nextHop: '10.0.0.9',
      med: 7,
      localPref: 300,
      asPath: [
        { kind: 'confedSequence', asns: [64513] },
        { kind: 'sequence', asns: [3356] },
      ],
    },
    b: member(64514, 3),
    hears: '(64512 64513) 3356',
    check: (t, { med, localPref }) => t.deepEqual([med, localPref], [7, 300]),
  },
  {
    title: 'confederation: those outside see it as one AS',
    node: CONFED,
    a: member(64513, 2),
    says: {
      nextHop: '10.0.0.9',
      localPref: 300,
      asPath: [
        { kind: 'confedSequence', asns: [64513, 64514] },
        { kind: 'sequence', asns: [3356] },
      ],
    },
    b: { ...ebgp(65002, 3), peerAsn: 64600 },
    hears: '64600 3356',
    check: (t, { localPref }) => t.is(localPref, null),
    daemon: (t, daemon) => t.like(daemon.peer('b'), { type: 'ebgp', localAsn: 64600 }),
  },
  {
    title: 'confederation: a path that has passed it is a loop',
    node: CONFED,
    a: { ...ebgp(65001), peerAsn: 64600 },
    says: sequence(65001, 64600),
    b: ibgp(3),
    hears: null,
  },
  {
    title: 'confederation: NO_EXPORT goes to other member ASes',
    node: CONFED,
    a: ibgp(2),
    says: { nextHop: '10.0.0.9', localPref: 100, asPath: [], communities: [0xffffff01] },
    b: member(64513, 3),
    hears: '(64512)',
  },
  {
    title: 'confederation: NO_EXPORT_SUBCONFED does not',
    node: CONFED,
    a: ibgp(2),
    says: { nextHop: '10.0.0.9', localPref: 100, asPath: [], communities: [0xffffff03] },
    b: member(64513, 3),
    hears: null,
  },
  {
    title: 'confederation: a member AS that leaves its segment out is not believed',
    node: CONFED,
    a: member(64513, 2),
    says: { nextHop: '10.0.0.9', localPref: 100, asPath: [{ kind: 'sequence', asns: [64513] }] },
    b: ibgp(3),
    hears: null,
    daemon: (t, daemon) => t.deepEqual(daemon.peer('a').verdicts, { withdraw: 1 }),
  },
  {
    title: 'roles: what the provider tells is marked, and customers hear it with the mark',
    a: withRole(ebgp(65001), 0),
    fromA: { role: 'customer' },
    says: sequence(65001),
    b: withRole(ebgp(65002, 3), 3),
    toB: { role: 'provider' },
    hears: '64512 65001',
    check: (t, { onlyToCustomer }) => t.is(onlyToCustomer, 65001),
  },
  {
    title: 'roles: what a peer tells does not go to a provider',
    a: withRole(ebgp(65001), 4),
    fromA: { role: 'peer' },
    says: sequence(65001),
    b: withRole(ebgp(65002, 3), 0),
    toB: { role: 'customer' },
    hears: null,
  },
  {
    title: 'roles: what a customer tells goes to all, marked for a peer',
    a: withRole(ebgp(65001), 3),
    fromA: { role: 'provider' },
    says: sequence(65001),
    b: withRole(ebgp(65002, 3), 4),
    toB: { role: 'peer' },
    hears: '64512 65001',
    check: (t, { onlyToCustomer }) => t.is(onlyToCustomer, OURS),
  },
  {
    title: 'roles: a marked route from a customer is a leak',
    a: withRole(ebgp(65001), 3),
    fromA: { role: 'provider' },
    says: { ...sequence(65001), onlyToCustomer: 65001 },
    b: ibgp(3),
    hears: null,
    daemon: (t, daemon) => {
      t.is(daemon.peer('a').loops.onlyToCustomer, 1);
      t.regex(daemon.route(ROUTE).decision, /route leak/);
    },
  },
  {
    title: 'roles: from a peer with its own mark it is none',
    a: withRole(ebgp(65001), 4),
    fromA: { role: 'peer' },
    says: { ...sequence(65001), onlyToCustomer: 65001 },
    b: ibgp(3),
    hears: '65001',
    check: (t, { onlyToCustomer }) => t.is(onlyToCustomer, 65001),
  },
  {
    title: 'roles: from a peer with the mark of another it is one',
    a: withRole(ebgp(65001), 4),
    fromA: { role: 'peer' },
    says: { ...sequence(65001), onlyToCustomer: 3356 },
    b: ibgp(3),
    hears: null,
  },
];

/** Told after everything else. */
const LAST = '10.65.9.0/24';

const yamlOf = ({ node, a, fromA, b, toB }: Story): Yaml => ({
  ...BASE,
  ...node,
  peers: [
    passive('a', A, a.asn, { ...OPEN_EBGP, ...fromA }),
    passive('b', B, b.asn, { ...OPEN_EBGP, ...toB }),
  ],
});

for (const story of STORIES) {
  test(story.title, (t) =>
    withDaemons(async (rig) => {
      const yaml = yamlOf(story);
      const daemon = await rig.start(yaml);
      const teller = await rig.join(daemon, A, story.a);
      const hearer = await rig.join(daemon, B, story.b);
      teller.announce([ROUTE], story.says);
      await daemon.until('the route', () => daemon.peer('a').counters.received.update > 0);
      await daemon.reload({ ...yaml, originate: [{ prefix: LAST }] });
      await hearer.hasRoutes(LAST, ...(story.hears === null ? [] : [ROUTE]));
      const heard = hearer.told.get(ROUTE);
      t.is(heard === undefined ? null : pathText(heard), story.hears);
      if (heard !== undefined) story.check?.(t, heard);
      story.daemon?.(t, daemon);
      t.deepEqual(hearer.faults, []);
    }),
  );
}

test('a role that does not fit ends the session before it is one, and says both', (t) =>
  withDaemons(async (rig) => {
    const peers = [passive('a', A, 65001, { ...OPEN_EBGP, role: 'customer' })];
    const daemon = await rig.start({ ...BASE, peers });
    const peer = await rig.dial(daemon, A);
    peer.say(encodeOpen(openOf(withRole(ebgp(65001), 3))));
    t.is(await peer.hearsNotification(), '2/11');
    await daemon.until('the reason', () => daemon.peer('a').lastDown !== null);
    t.regex(daemon.peer('a').reason ?? '', /its OPEN says role customer, ours role customer$/);
  }));

test('strictRole: a peer without a role is refused; else its session says so', (t) =>
  withDaemons(async (rig) => {
    const lenient = passive('b', B, 65002, { ...OPEN_EBGP, role: 'customer' });
    const strict = passive('a', A, 65001, { ...OPEN_EBGP, role: 'customer', strictRole: true });
    const daemon = await rig.start({ ...BASE, peers: [strict, lenient] });
    const peer = await rig.dial(daemon, A);
    peer.say(encodeOpen(openOf(ebgp(65001))));
    t.is(await peer.hearsNotification(), '2/11');
    await rig.join(daemon, B, ebgp(65002));
    t.deepEqual(daemon.peer('b').notes, ['role customer: the peer says none (RFC 9234)']);
    t.deepEqual(daemon.peer('b').capabilities.inForce.includes('role customer'), false);
  }));

test('dual AS: a peer that refuses one of our AS numbers is told the other', (t) =>
  withDaemons(async (rig) => {
    const localAs = { asn: 64999, dualAs: true };
    const peers = [passive('a', A, 65001, { ...OPEN_EBGP, localAs })];
    const clock = fakeClock();
    const daemon = await rig.start({ ...BASE, peers }, { clock });
    const first = await rig.dial(daemon, A);
    await first.hears(MESSAGE.open);
    t.is(asnIn(first), 64999);
    first.say(encodeNotification(badPeerAs()));
    await daemon.until('the refusal', () => daemon.peer('a').lastDown !== null);
    clock.advance(120_000);
    const again = await rig.join(daemon, A, ebgp(65001));
    t.is(asnIn(again.peer), OURS);
    t.is(daemon.peer('a').localAsn, OURS);
    t.deepEqual(daemon.peer('a').kind, ['local AS 64999 (dual AS)']);
  }));

test('asn: external takes any AS but ours, internal ours alone', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peers: [{ ...passive('in', B, OURS), asn: 'internal' }],
      peerGroups: { outside: { asn: 'external', ...OPEN_EBGP } },
      dynamicPeers: [{ range: '127.0.8.0/24', group: 'outside' }],
    });
    await rig.join(daemon, '127.0.8.1', ebgp(65001));
    t.like(daemon.peer('127.0.8.1'), { type: 'ebgp', asn: 65001, notes: [] });
    const stranger = await rig.dial(daemon, '127.0.8.2');
    stranger.say(encodeOpen(openOf(ibgp(5))));
    t.is(await stranger.hearsNotification(), '2/2 0000fc00');
    await rig.join(daemon, B, ibgp(3));
    t.like(daemon.peer('in'), { type: 'ibgp', asn: OURS });
  }));

test('an IPv4 route over an IPv6 next hop goes to those who understand it as it is, to others over us', (t) =>
  withDaemons(async (rig) => {
    const extended: Capability = { kind: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] };
    const knows = (identity: SpeakerIdentity): SpeakerIdentity => ({
      ...identity,
      extendedNextHop: true,
      capabilities: [...openOf(identity).capabilities, extended],
    });
    const peers = [
      passive('a', A, 65001, { ...OPEN_EBGP, extendedNextHop: true }),
      passive('b', B, OURS, { extendedNextHop: true }),
      passive('c', '127.0.0.4', OURS),
    ];
    const daemon = await rig.start({ ...BASE, peers });
    const a = await rig.join(daemon, A, knows(ebgp(65001)));
    const b = await rig.join(daemon, B, knows(ibgp(3)));
    const c = await rig.join(daemon, '127.0.0.4', ibgp(4));
    a.announce([ROUTE], { nextHop: 'fd00::9' });
    await b.hasRoutes(ROUTE);
    await c.hasRoutes(ROUTE);
    const nextHop = (speaker: TestSpeaker): string => formatIp(speaker.told.get(ROUTE)?.nextHop ?? NOBODY);
    t.is(nextHop(b), 'fd00::9');
    t.is(nextHop(c), '10.0.0.1');
    t.true(daemon.peer('b').capabilities.inForce.includes('extended next hop (ipv4-unicast over afi 2)'));
    t.deepEqual([a.faults, b.faults, c.faults], [[], [], []]);
  }));

test('extended messages: in force when both have them; a path that needs one goes to those alone', (t) =>
  withDaemons(async (rig) => {
    const large: SpeakerIdentity = {
      ...ibgp(3),
      capabilities: [...openOf(ibgp(3)).capabilities, { kind: 'extendedMessage' }],
    };
    const peers = [
      passive('a', A, 65001, OPEN_EBGP),
      passive('b', B, OURS, { extendedMessages: true }),
      passive('c', '127.0.0.4', OURS, { extendedMessages: true }),
    ];
    const daemon = await rig.start({ ...BASE, peers });
    const a = await rig.join(daemon, A, ebgp(65001));
    const b = await rig.join(daemon, B, large);
    const c = await rig.join(daemon, '127.0.0.4', ibgp(4));
    // Fits into 4096 octets as it comes, and no more with the LOCAL_PREF that it gets here.
    const communities = Array.from({ length: 1010 }, (_, i) => 0xfde80000 + i);
    a.announce([ROUTE], { ...sequence(65001), communities });
    a.announce(['198.51.100.0/24'], sequence(65001));
    await b.hasRoutes(ROUTE, '198.51.100.0/24');
    await c.hasRoutes('198.51.100.0/24');
    t.true(daemon.peer('b').capabilities.inForce.includes('extended message'));
    t.deepEqual(daemon.peer('c').notes, ['extendedMessages: the peer does not have them (RFC 8654)']);
  }));
