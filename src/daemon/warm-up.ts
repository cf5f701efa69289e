// Runs the pure core over an invented table while the daemon is idle after its start, so that the first real table meets
// compiled code: the engine compiles what has run often, for objects made in the same place. So sessions, profiles and
// policies come from the very functions that the real ones come from. Touches nothing of the running daemon.

import type { PeerId } from '../base/ids.js';
import { ipv4 } from '../base/ip.js';
import type { Config, PeerConfig } from '../config/types.js';
import { localOpen } from '../fsm/capabilities.js';
import { negotiate } from '../fsm/negotiate.js';
import type { NegotiatedSession } from '../fsm/types.js';
import { communitiesAllow, mayExport } from '../policy/export-rules.js';
import { exportRewrite } from '../policy/rewrite.js';
import { Rib } from '../rib/core.js';
import { encodeBlock, NO_ATTRIBUTES } from '../wire/block.js';
import { Framer } from '../wire/framer.js';
import type { PathAttributes } from '../wire/types.js';
import { UpdateDecoder } from '../wire/update.js';
import { UpdatePacker } from '../wire/update-packer.js';
import {
  configuredPeer,
  exportProfile,
  type LocalIdentity,
  type RunningPeerConfig,
  ribPeer,
  sessionConfig,
} from './peers/session-setup.js';

const ASN = 64512;
const LOCAL: LocalIdentity = {
  asn: ASN,
  confederation: null,
  routerId: 0xc0000201,
  restart: { restarting: false, forwarding: false },
  routeReflector: { clusterId: 0xc0000201, clientToClient: true },
  vantages: [],
};
const POLICIES = { 'accept-all': [{ match: [], edits: [], action: 'accept' }] } as const;
/** As large as real ones are: small numbers are compiled to other code. */
const SEED = 0x9e3779b9;
const PEERS = 12;
const ROUTES_PER_PEER = 200;
/** Routes that share their attributes. */
const SHARING = 5;
const ROUNDS = 5;
/** Prefixes of one step, and octets: small, so that no step is long while its code is still slow. */
const BUDGET = 250;
const PULLED = 65_536;

const LIMITS = { maxMessage: 4096, asn4: true } as const;

/** One step a turn through `defer`; returns what stops it early. Without peers there is nothing to prepare for. */
export function warmUp(config: Config, defer: (task: () => void) => void): () => void {
  const like = config.peers[0] ?? config.dynamicPeers[0]?.template;
  if (like === undefined) return nothing;
  const steps = warmUpSteps({
    ...like,
    name: 'warm-up',
    address: ipv4(0xc0000202),
    interface: null,
    asn: ASN,
  });
  let stopped = false;
  const turn = (): void => {
    if (!stopped && !steps.next().done) defer(turn);
  };
  defer(turn);
  return () => {
    stopped = true;
  };
}

function* warmUpSteps(like: PeerConfig): Generator<void> {
  const chunks = Array.from({ length: PEERS }, (_, peer) => invent(peer));
  yield;
  for (let round = 0; round < ROUNDS; round++) {
    const rib = inventedRib();
    const sessions = chunks.map((_, peer) => invented(like, peer)).filter((session) => session !== null);
    // With settings that an invented peer can't meet there is nothing to warm up with: the daemon does without.
    if (sessions.length < chunks.length) return;
    const peers = sessions.map((session) => join(rib, session));
    yield* settle(rib, peers);
    for (const [i, id] of peers.entries()) {
      learn(rib, id, sessions[i]!.session, chunks[i]!);
      if (i % 6 === 0) yield* settle(rib, peers);
    }
    yield* settle(rib, peers);
    for (const id of peers) rib.peerDown(id);
    yield* settle(rib, []);
  }
}

function* settle(rib: Rib, peers: readonly PeerId[]): Generator<void> {
  for (let more = true; more; ) {
    more = rib.run(BUDGET);
    yield;
  }
  for (const id of peers) {
    while (rib.pull(id, PULLED) !== null);
    yield;
  }
}

function learn(rib: Rib, id: PeerId, session: NegotiatedSession, chunk: Uint8Array): void {
  const decoder = new UpdateDecoder(session.decode);
  new Framer().push(chunk, (_type, frame) => {
    rib.applyUpdate(id, decoder.decode(frame));
    return true;
  });
}

const inventedRib = (): Rib =>
  new Rib({
    routerId: LOCAL.routerId,
    clusterIds: [LOCAL.routerId],
    seed: SEED,
    nextHopInterest: null,
    rules: { rewrite: exportRewrite, mayExport, communitiesAllow, isReflector: true },
    listener: { bestChanged: nothing, wake: nothing, workPending: nothing },
  });

const nothing = (): void => undefined;

interface InventedSession {
  readonly peer: RunningPeerConfig;
  readonly session: NegotiatedSession;
}

/** A peer like the configured one, and what it would agree with us: every third is external. */
function invented(like: PeerConfig, index: number): InventedSession | null {
  const asn = index % 3 === 0 ? ASN + 1 + index : ASN;
  const peer: RunningPeerConfig = {
    ...configuredPeer(like),
    // What two equal peers cannot both be.
    role: null,
    localAs: null,
    asn,
    address: ipv4(0xc0000200 + index),
    routeReflectorClient: asn === ASN,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    import: ['accept-all'],
    export: ['accept-all'],
    // The policy behind it is the configuration's.
    advertise: 'all',
  };
  const theirs = { ...sessionConfig(LOCAL, peer), localAsn: asn, routerId: 0xc0000300 + index };
  const agreed = negotiate(sessionConfig(LOCAL, peer), localOpen(theirs));
  return agreed.ok ? { peer, session: agreed.session } : null;
}

function join(rib: Rib, { peer, session }: InventedSession): PeerId {
  const { address } = peer;
  const transport = { localAddress: ipv4(LOCAL.routerId), remoteAddress: address, ...PORTS };
  return rib.peerUp(
    ribPeer(LOCAL, peer, session, transport, POLICIES, new Map()),
    exportProfile(LOCAL, peer, session, transport, POLICIES, new Map()),
  );
}

const PORTS = { localPort: 179, remotePort: 179, role: 'passive' } as const;

/** The UPDATEs of one peer: prefixes of 198.18.0.0/15 (RFC 2544), every second half told by two peers. */
function invent(peer: number): Uint8Array {
  const packer = new UpdatePacker(LIMITS);
  const first = (peer >>> 1) * ROUTES_PER_PEER;
  for (let i = 0; i < ROUTES_PER_PEER; i++) {
    if (i % SHARING === 0) packer.reach(0, encodeBlock(inventedAttributes(peer, i)));
    packer.prefix(0xc6120000 + first + i, 0, 0, 0, 32);
  }
  return packer.take();
}

const inventedAttributes = (peer: number, i: number): PathAttributes => ({
  ...NO_ATTRIBUTES,
  nextHop: ipv4(0xc0000200 + peer),
  asPath: [{ kind: 'sequence', asns: [65_001 + peer, 65_100 + (i % 7), 65_200 + i] }],
  med: i % 4 === 0 ? i : null,
  localPref: 100,
  communities: i % 2 === 0 ? [ASN * 65_536 + i] : [],
});
