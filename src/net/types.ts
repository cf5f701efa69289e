// What the transport layer asks of the daemon and offers to it. Sockets and the clock live behind these.

import type { FamilyIndex } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';
import type { DownReason, NegotiatedSession, SessionConfig, SessionState } from '../fsm/types.js';
import type { Secret } from '../sys/secret.js';
import type { AoAlgorithm } from '../sys/tcp-ao.js';
import type { Notification, UpdateView } from '../wire/types.js';

/** How to reach one peer. */
export interface PeerEndpoint {
  readonly address: IpAddress;
  /** Interface of a link-local address, else null. */
  readonly interface: string | null;
  readonly port: number;
  /** Source address of outgoing connections, null for the kernel's choice. */
  readonly localAddress: IpAddress | null;
  /** TTL of outgoing packets: 1 for a directly connected eBGP peer, more for multihop; null for the kernel's own. */
  readonly ttl: number | null;
  /** The smallest TTL that is taken from the peer (RFC 5082); null for any. */
  readonly minTtl: number | null;
  /** TCP-MD5 (RFC 2385). */
  readonly password: Secret | null;
  /** TCP-AO (RFC 5925); the first key signs. */
  readonly tcpAo: readonly EndpointAoKey[];
}

export interface EndpointAoKey {
  readonly sendId: number;
  readonly receiveId: number;
  readonly algorithm: AoAlgorithm;
  readonly key: Secret;
}

export interface Transport {
  readonly localAddress: IpAddress;
  readonly localPort: number;
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
  /** The side that opened the connection. */
  readonly role: 'active' | 'passive';
}

/** Where a session's outgoing UPDATE octets come from. */
export interface PacketSource {
  /**
   * The next octets to send: whole messages, about `budget` octets or less, shared memory that must not be changed.
   * Null when there is nothing to send now; the owner calls `PeerDriver.wake` when there is again.
   */
  pull(budget: number): readonly Uint8Array[] | null;
  /** False where `pull` would have nothing now. Left out: the owner finds out by pulling. */
  owes?(): boolean;
}

/** What the daemon does for one peer. Called synchronously; no call re-enters the driver but `wake`. */
export interface PeerHandlers {
  established(session: NegotiatedSession, transport: Transport): PacketSource;
  /** `view` is valid until the call returns. One with a reset brings its verdicts, no routes; the driver acts on it. */
  update(view: UpdateView): void;
  /** The last UPDATE that arrived in one read has been passed on. */
  flushed(): void;
  routeRefresh(family: FamilyIndex, subtype: number): void;
  /** Left Established. */
  down(reason: DownReason): void;
  stateChanged(from: SessionState, to: SessionState, reason: DownReason | null): void;
  /** A session or an attempt ended, whether or not that changed the state; after `down` and `stateChanged`. */
  failed(reason: DownReason): void;
}

export const MESSAGE_KINDS = ['open', 'update', 'notification', 'keepalive', 'routeRefresh'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];
export type MessageCounts = Readonly<Record<MessageKind, number>>;

/** Counters since the peer was made; they survive session flaps. */
export interface PeerCounters {
  readonly received: MessageCounts;
  readonly sent: MessageCounts;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Times the session reached Established. */
  readonly established: number;
  /** Times it left Established. */
  readonly flaps: number;
  /** How far behind its time a KEEPALIVE was at worst, in the session that is up or was up last. Seconds. */
  readonly keepaliveLateSeconds: number;
}

export interface PeerDriverStatus {
  readonly state: SessionState;
  /** Clock milliseconds when the state was entered. */
  readonly since: number;
  readonly session: NegotiatedSession | null;
  readonly transport: Transport | null;
  readonly counters: PeerCounters;
  /** Why the last session or attempt ended; survives until the next Established has lasted. */
  readonly lastDown: { readonly reason: DownReason; readonly at: number } | null;
  /** Octets accepted by the driver and not yet by the kernel. */
  readonly queuedBytes: number;
}

/** One peer's sessions: dials, accepts, resolves collisions, runs the FSM. */
export interface PeerDriver {
  /** The first dial comes at a random time within `jitter` seconds; default at once. */
  start(jitter?: number): void;
  /** Ends an Established session with `notification`; what follows depends on the reason (see `deservesIdleHold`). */
  end(notification: Notification, reason: DownReason): void;
  /** Sends Cease (or `notification`) where a session is up and stays down until `start`. Resolves when closed. */
  stop(notification: Notification, reason: DownReason): Promise<void>;
  /** There may be something in the packet source. Cheap when nothing changed. */
  wake(): void;
  /** Changes what can change without a reset; returns false when the session has to be restarted for it. */
  reconfigure(config: SessionConfig, endpoint: PeerEndpoint): boolean;
  /** Sends ROUTE-REFRESH for a family; false when not Established or not negotiated. */
  refresh(family: FamilyIndex): boolean;
  readonly state: SessionState;
  /** Clock milliseconds when the state was entered. */
  readonly since: number;
  /** Everything: for lists of many peers the two above are cheaper. */
  status(): PeerDriverStatus;
}
