// Keys, distance, limits and shutdowns between bgpd and every other program, and what bgpd says when they do not fit.

import type { ExecutionContext } from 'ava';
import type { PeerDetail } from '../../src/api/model/types.js';
import { interop } from '../support/interop.js';
import { BgpdRouter } from '../support/peers/bgpd.js';
import type { RouterKind } from '../support/peers/types.js';
import { established, hasRoutes, LINK, type Pair, type PairOptions, PEERS, start, withPair } from './pair.js';

const KINDS = ['bird', 'frr', 'gobgp'] as const satisfies readonly RouterKind[];
const THREE = ['198.51.100.0/26', '198.51.100.64/26', '198.51.100.128/26'] as const;
const PATIENT = { timeout: 50_000 } as const;

interface Case {
  readonly title: string;
  /** Default: all. */
  readonly kinds?: readonly RouterKind[];
  readonly pair: Omit<PairOptions, 'peer'>;
  readonly play: (t: ExecutionContext, pair: Pair) => Promise<void>;
}

function oursOf({ ours }: Pair): BgpdRouter {
  if (ours instanceof BgpdRouter) return ours;
  throw new Error('we are bgpd');
}

const detail = (pair: Pair, neighbor: string = PEERS.v4): Promise<PeerDetail> =>
  oursOf(pair).detail(neighbor);

/** Waits for what `read` finds; what it found counts, as the next attempt may bring something else. */
async function found<T>(pair: Pair, what: string, read: (peer: PeerDetail) => T | null, neighbor: string) {
  let value: T | null = null;
  const probe = async (): Promise<boolean> => {
    value = read(await detail(pair, neighbor));
    return value !== null;
  };
  await pair.wait(what, probe, PATIENT);
  return value as T | null;
}

const blamed = (pair: Pair, kind: string, neighbor: string = PEERS.v4) =>
  found(pair, `bgpd to blame ${kind}`, ({ blame }) => (blame?.kind === kind ? blame : null), neighbor);

/** The last session ended for this, whatever attempts have failed since. */
const endedFor = (pair: Pair, kind: string, neighbor: string = PEERS.v4) =>
  found(
    pair,
    `the session to end for ${kind}`,
    ({ lastDown }) => (lastDown?.kind === kind ? lastDown : null),
    neighbor,
  );

const comesUp = async (t: ExecutionContext, pair: Pair): Promise<void> => {
  await start(pair);
  await established(pair, PATIENT);
  for (const { address } of pair.ours.spec.neighbors) t.is((await detail(pair, address)).blame, null);
};

const CASES: readonly Case[] = [
  {
    title: 'TCP-MD5 with the same password, over both families; the password is shown nowhere',
    pair: { ourNeighbor: { password: 'mandarin' }, peerNeighbor: { password: 'mandarin' } },
    play: async (t, pair) => {
      await comesUp(t, pair);
      const shown = await detail(pair);
      t.regex(shown.security.password ?? '', /^file .*\.key$/);
      t.notRegex(JSON.stringify(shown), /mandarin/);
      t.notRegex(pair.ours.process?.log() ?? '', /mandarin/);
    },
  },
  {
    title: 'TCP-MD5 with another password there: md5Mismatch',
    pair: { ourNeighbor: { password: 'mandarin' }, peerNeighbor: { password: 'clementine' } },
    play: async (t, pair) => {
      await start(pair);
      const blame = await blamed(pair, 'md5Mismatch');
      t.is(blame?.fault, 'config');
      t.is(blame?.text, 'TCP-MD5 mismatch: the peer signs with another password');
      t.regex(blame?.evidence[0] ?? '', /^the kernel dropped \d+ segments? lately \(TCPMD5Failure\)$/);
    },
  },
  {
    title: 'TCP-MD5 without a password there: md5Missing',
    pair: { ourNeighbor: { password: 'mandarin' } },
    play: async (t, pair) => {
      await start(pair);
      const blame = await blamed(pair, 'md5Missing');
      t.regex(blame?.text ?? '', /the peer sends without one$/);
      t.regex(blame?.evidence[0] ?? '', /TCPMD5NotFound/);
    },
  },
  {
    title: 'TCP-MD5 without a password here: md5Unexpected',
    pair: { peerNeighbor: { password: 'mandarin' } },
    play: async (t, pair) => {
      await start(pair);
      const blame = await blamed(pair, 'md5Unexpected');
      t.regex(blame?.text ?? '', /none is configured here$/);
      t.regex(blame?.evidence[0] ?? '', /TCPMD5Unexpected/);
    },
  },
  {
    title: 'TCP-MD5 and GTSM over link-local addresses',
    // GoBGP does not sign there (docs/rfc-notes.md).
    kinds: ['bird', 'frr', 'bgpd'],
    pair: {
      linkLocal: true,
      peerAsn: 65001,
      ourNeighbor: { password: 'mandarin', ttlSecurity: 1, localAddress: LINK.ours },
      peerNeighbor: { password: 'mandarin', ttlSecurity: 1 },
    },
    play: async (t, pair) => {
      await comesUp(t, pair);
      t.is((await detail(pair, `${LINK.peers}%eth0`)).security.ttlSecurity, 1);
    },
  },
  {
    title: 'GTSM over link-local addresses',
    kinds: ['gobgp'],
    pair: {
      linkLocal: true,
      peerAsn: 65001,
      ourNeighbor: { ttlSecurity: 1, localAddress: LINK.ours },
      peerNeighbor: { ttlSecurity: 1 },
    },
    play: comesUp,
  },
  {
    title: 'TCP-MD5 with the key of a range, over both families',
    pair: {
      ourNeighbor: { password: 'mandarin' },
      peerNeighbor: { password: 'mandarin' },
      ourSpec: { acceptFrom: ['172.18.203.0/24', '2001:db8:a41::/64'] },
    },
    play: async (t, pair) => {
      await comesUp(t, pair);
      t.like(await detail(pair), { dynamic: true });
      t.regex((await detail(pair, PEERS.v6)).security.password ?? '', /^file .*\.key$/);
    },
  },
  {
    title: 'over link-local addresses: a shutdown text both ways, and maxPrefix',
    kinds: ['bird', 'frr', 'gobgp', 'bgpd'],
    pair: {
      linkLocal: true,
      ourNeighbor: { localAddress: LINK.ours, maxPrefix: { limit: 1, action: 'idle' } },
      peerSpec: { announce: [{ prefix: '2001:db8:b::/48' }] },
    },
    play: async (t, pair) => {
      const [far, near] = [`${LINK.peers}%eth0`, `${LINK.ours}%eth0`];
      await comesUp(t, pair);
      await pair.ours.shutdown(far, 'ticket 4711: new cable');
      await pair.wait('the peer to show the text', () =>
        (pair.peer.process?.log() ?? '').includes('ticket 4711: new cable'),
      );
      await oursOf(pair).administer(far, 'enable');
      await established(pair, PATIENT);
      await pair.peer.announce({ prefix: '2001:db8:c::/48' });
      const blame = await blamed(pair, 'maxPrefix', far);
      t.regex(blame?.text ?? '', /more than 1 ipv6-unicast prefixes/);
      await pair.peer.withdraw('2001:db8:c::/48');
      await oursOf(pair).administer(far, 'clear');
      await established(pair, PATIENT);
      await pair.peer.shutdown(near, 'ticket 4712: old cable');
      t.regex((await endedFor(pair, 'peerAdminDown', far))?.reason ?? '', /ticket 4712: old cable/);
    },
  },
  {
    title: 'GTSM on both sides, whoever connects',
    pair: { peerAsn: 65001, ourNeighbor: { ttlSecurity: 1 }, peerNeighbor: { ttlSecurity: 1 } },
    play: async (t, pair) => {
      await comesUp(t, pair);
      t.is((await detail(pair)).security.ttlSecurity, 1);
    },
  },
  {
    title: 'GTSM on our side only: ttlSecurity, with what was seen',
    pair: { peerAsn: 65001, ourNeighbor: { ttlSecurity: 1 } },
    play: async (t, pair) => {
      await start(pair);
      const blame = await blamed(pair, 'ttlSecurity');
      t.is(blame?.fault, 'config');
      t.regex(blame?.evidence[0] ?? '', /TTL \d+ of its SYN|TCPMinTTLDrop/);
    },
  },
  {
    title: 'maxPrefix idle: Cease with family and limit, then no session until it is cleared',
    pair: {
      ourNeighbor: { maxPrefix: { limit: 2, action: 'idle' } },
      peerSpec: { announce: THREE.map((prefix) => ({ prefix })) },
    },
    play: async (t, pair) => {
      await start(pair);
      const blame = await blamed(pair, 'maxPrefix');
      t.is(blame?.fault, 'theirs');
      t.regex(blame?.text ?? '', /more than 2 ipv4-unicast prefixes/);
      await pair.wait('the peer to hear 6/1', async () =>
        (await pair.peer.notifications('172.18.203.126')).some(
          ({ direction, code, subcode }) => direction === 'received' && code === 6 && subcode === 1,
        ),
      );
      await pair.wait(
        'the other session to be up',
        async () => (await detail(pair, PEERS.v6)).state === 'Established',
      );
      t.is((await detail(pair)).blame?.kind, 'maxPrefix');
      await oursOf(pair).administer(PEERS.v4, 'clear');
      await pair.wait('another try', async () => (await detail(pair)).counters.established > 1, PATIENT);
    },
  },
  {
    title: 'maxPrefix drop: the session stays with what is allowed',
    // FRR without graceful restart sends no End-of-RIB, and answers no refresh before it.
    kinds: ['bird', 'gobgp'],
    pair: {
      ourNeighbor: { maxPrefix: { limit: 2, action: 'drop' } },
      peerSpec: { announce: THREE.map((prefix) => ({ prefix })) },
    },
    play: async (t, pair) => {
      await start(pair);
      await pair.wait('the excess', async () => (await detail(pair)).excess.prefixes === 1, PATIENT);
      const { state, prefixes, prefixLimits } = await detail(pair);
      t.is(state, 'Established');
      t.is(prefixes['ipv4-unicast'].accepted, 2);
      t.like(prefixLimits['ipv4-unicast'], { level: 'over', dropped: 1 });
      // What goes makes room, and what was dropped is asked for again.
      const kept = await pair.ours.received(PEERS.v4, 'ipv4-unicast');
      const gone = kept.map(({ prefix }) => prefix);
      await pair.peer.withdraw(gone[0] ?? '');
      await hasRoutes(
        pair,
        pair.ours,
        'ipv4-unicast',
        THREE.filter((prefix) => prefix !== gone[0]),
        PATIENT,
      );
    },
  },
  {
    title: 'their limit: we are told, and say whose limit it is',
    pair: {
      // FRR looks at its limit when the next prefix comes, so it takes one more.
      peerNeighbor: { maxPrefix: { limit: 1 } },
      ourSpec: { announce: THREE.map((prefix) => ({ prefix })) },
    },
    play: async (t, pair) => {
      await start(pair);
      t.is((await endedFor(pair, 'peerMaxPrefix'))?.fault, 'config');
    },
  },
  {
    title: 'a shutdown text reaches the other side, both ways',
    pair: {},
    play: async (t, pair) => {
      await start(pair);
      await established(pair, PATIENT);
      await pair.ours.shutdown(PEERS.v4, 'ticket 4711: new cable');
      await pair.wait('the peer to show the text', () =>
        (pair.peer.process?.log() ?? '').includes('ticket 4711: new cable'),
      );
      t.like(await detail(pair), { blame: { kind: 'adminDown', fault: 'ours' }, enabled: false });
      t.is((await detail(pair)).reason, 'disabled: ticket 4711: new cable');
      await oursOf(pair).administer(PEERS.v4, 'enable');
      await pair.peer.shutdown('2001:db8:a41::126', 'ticket 4712: old cable');
      const end = await endedFor(pair, 'peerAdminDown', PEERS.v6);
      t.is(end?.fault, 'theirs');
      t.regex(end?.reason ?? '', /ticket 4712: old cable/);
    },
  },
];

for (const kind of [...KINDS, 'bgpd'] as const) {
  for (const { title, kinds = KINDS, pair, play } of CASES) {
    if (!kinds.includes(kind)) continue;
    interop(`${kind}: ${title}`, [kind], async (t) => {
      t.timeout(120_000);
      await withPair({ ...pair, peer: kind }, (stage) => play(t, stage));
    });
  }
}

interop(
  'bgpd: another password on both sides is taken over by the session that is up',
  ['bgpd'],
  async (t) => {
    t.timeout(120_000);
    const key = { password: 'mandarin' };
    await withPair({ peer: 'bgpd', ourNeighbor: key, peerNeighbor: key, holdTime: 30 }, async (pair) => {
      await start(pair);
      await established(pair, PATIENT);
      const [ours, peer] = [oursOf(pair), pair.peer as BgpdRouter];
      await Promise.all([ours.rekey(PEERS.v4, 'clementine'), peer.rekey('172.18.203.126', 'clementine')]);
      const before = (await detail(pair)).counters.received.update;
      await peer.announce({ prefix: THREE[0] });
      await hasRoutes(pair, ours, 'ipv4-unicast', [THREE[0]]);
      const { counters } = await detail(pair);
      t.like(counters, { established: 1, flaps: 0 });
      t.true(counters.received.update > before);
    });
  },
);
