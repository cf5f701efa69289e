// Runs the pure core over an invented table while the daemon is idle after its start, so that the first real table meets
// compiled code: the engine compiles what has run often. Touches nothing of the running daemon; its RIB is thrown away.

import type { PeerId } from '../base/ids.js';
import { ipv4 } from '../base/ip.js';
import { constantPolicy } from '../policy/compile.js';
import { communitiesAllow, mayExport } from '../policy/export-rules.js';
import { exportRewrite } from '../policy/rewrite.js';
import { Rib } from '../rib/core.js';
import type { ExportProfile } from '../rib/hooks.js';
import { encodeBlock, NO_ATTRIBUTES } from '../wire/block.js';
import { Framer } from '../wire/framer.js';
import type { PathAttributes } from '../wire/types.js';
import { UpdateDecoder } from '../wire/update.js';
import { UpdatePacker } from '../wire/update-packer.js';

const ASN = 64512;
const PEERS = 12;
const ROUTES_PER_PEER = 200;
/** Routes that share their attributes. */
const SHARING = 5;
const ROUNDS = 5;
/** Prefixes of one step, and octets: small, so that no step is long while its code is still slow. */
const BUDGET = 250;
const PULLED = 65_536;

const ACCEPT = constantPolicy('accept', 'warm-up');
const LIMITS = { maxMessage: 4096, asn4: true } as const;

/** One step a turn through `defer`; returns what stops it early. */
export function warmUp(defer: (task: () => void) => void): () => void {
  const steps = warmUpSteps();
  let stopped = false;
  const turn = (): void => {
    if (!stopped && !steps.next().done) defer(turn);
  };
  defer(turn);
  return () => {
    stopped = true;
  };
}

function* warmUpSteps(): Generator<void> {
  const chunks = Array.from({ length: PEERS }, (_, peer) => invent(peer));
  yield;
  for (let round = 0; round < ROUNDS; round++) {
    const rib = inventedRib();
    const peers = chunks.map((_, peer) => join(rib, peer));
    yield* settle(rib, peers);
    for (const [i, id] of peers.entries()) {
      learn(rib, id, chunks[i]!);
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

function learn(rib: Rib, id: PeerId, chunk: Uint8Array): void {
  const decoder = new UpdateDecoder({
    asn4: true,
    sessionType: 'ibgp',
    families: [true, true],
    addPath: [false, false],
  });
  new Framer().push(chunk, (_type, frame) => {
    rib.applyUpdate(id, decoder.decode(frame));
    return true;
  });
}

const inventedRib = (): Rib =>
  new Rib({
    routerId: 1,
    clusterIds: [1],
    seed: 1,
    nextHopInterest: null,
    rules: { rewrite: exportRewrite, mayExport, communitiesAllow, isReflector: true },
    listener: { bestChanged: nothing, wake: nothing, workPending: nothing },
  });

const nothing = (): void => undefined;

function join(rib: Rib, peer: number): PeerId {
  const peerType = peer % 3 === 0 ? 'ebgp' : 'ibgpClient';
  const asn = peerType === 'ebgp' ? ASN + 1 + peer : ASN;
  const nextHopSelf = [Uint8Array.of(192, 0, 2, 1), null] as const;
  const own = { asn, peerType, localAsn: ASN, clusterId: 1 } as const;
  const profile: ExportProfile = {
    ...own,
    ...LIMITS,
    clientToClient: true,
    peerAsn: asn,
    families: [true, true],
    nextHopSelf,
    alwaysNextHopSelf: peerType === 'ebgp',
    policy: ACCEPT,
  };
  const address = ipv4(0xc0000200 + peer);
  const type = peerType === 'ebgp' ? 'ebgp' : 'ibgp';
  const view = { name: `peer-${peer}`, group: null, type, asn, address } as const;
  const ribPeer = { ...own, address, routerId: 0xc0000200 + peer, view, self: nextHopSelf };
  return rib.peerUp({ ...ribPeer, importPolicy: ACCEPT }, profile);
}

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
