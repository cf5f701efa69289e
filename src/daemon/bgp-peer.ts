// One peer as the daemon runs it: its configuration, its driver, its place in the RIB, its counters. Passes updates from
// the session to the RIB and wakes the session when the RIB has something for it.

import type { FamilyIndex } from '../base/family.js';
import { familyName } from '../base/family.js';
import type { PeerId } from '../base/ids.js';
import type { DownReason, NegotiatedSession, SessionState } from '../fsm/types.js';
import type { Clock, Timer } from '../net/clock.js';
import type { AcceptingPeerDriver } from '../net/peer-driver.js';
import type { PacketSource, PeerHandlers, Transport } from '../net/types.js';
import { missingPolicies } from '../policy/defaults.js';
import type { Rib } from '../rib/core.js';
import type { ExportProfile } from '../rib/hooks.js';
import { LOOP_KINDS, type LoopKind, type RibPeer } from '../rib/sources.js';
import { profileKey } from '../rib/update-groups.js';
import { ROUTE_REFRESH } from '../wire/iana.js';
import { cease } from '../wire/notification.js';
import type { UpdateView } from '../wire/types.js';
import type { DaemonEvents } from './events.js';
import type { HostAddresses } from './host-addresses.js';
import {
  endpoint,
  exportProfile,
  type LocalIdentity,
  type Policies,
  type RunningPeerConfig,
  ribPeer,
  sessionConfig,
} from './session-setup.js';

/** What every peer of the daemon shares; replaced as a whole on reload. */
export interface PeerContext {
  readonly local: LocalIdentity;
  readonly policies: Policies;
  readonly rib: Rib;
  /** Told which session has which id in the RIB. */
  readonly attachments: Attachments;
  readonly events: DaemonEvents;
  readonly hostAddresses: () => HostAddresses;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly timer: Clock['timer'];
}

/** Milliseconds from a BoRR until what is stale goes without an EoRR. */
const MOST_STALE = 360_000;

export interface Attachments {
  /** False while the first routes of a session wait for those of others that come up with it. */
  mayPull(ribId: PeerId): boolean;
  attached(ribId: PeerId, peer: BgpPeer): void;
  detached(ribId: PeerId): void;
}

export type DriverFactory = (
  local: LocalIdentity,
  peer: RunningPeerConfig,
  handlers: PeerHandlers,
) => AcceptingPeerDriver;

interface Attachment {
  readonly ribId: PeerId;
  readonly session: NegotiatedSession;
  readonly transport: Transport;
  /** What the RIB knows of the session. */
  readonly peer: RibPeer;
  readonly profile: ExportProfile;
}

export class BgpPeer implements PeerHandlers {
  #config: RunningPeerConfig;
  #context: PeerContext;
  #attachment: Attachment | null = null;
  readonly driver: AcceptingPeerDriver;
  readonly verdicts = new Map<string, number>();
  /** Of the sessions that ended. */
  readonly #pastLoops = { asPath: 0, originatorId: 0, clusterList: 0 };
  /** Families whose End-of-RIB came in this session. */
  readonly endOfRib = new Set<FamilyIndex>();
  /** Wall-clock milliseconds. */
  establishedAt: number | null = null;
  #running = false;
  /** Runs while a refresh of the peer does. */
  #staleTimer: Timer | null = null;

  constructor(config: RunningPeerConfig, context: PeerContext, makeDriver: DriverFactory) {
    this.#config = config;
    this.#context = context;
    this.driver = makeDriver(context.local, config, this);
  }

  get config(): RunningPeerConfig {
    return this.#config;
  }

  get name(): string {
    return this.#config.name;
  }

  get ribId(): PeerId | null {
    return this.#attachment?.ribId ?? null;
  }

  get session(): NegotiatedSession | null {
    return this.#attachment?.session ?? null;
  }

  /** Routes that came and were loops, over all sessions. */
  get loops(): Readonly<Record<LoopKind, number>> {
    const total = { ...this.#pastLoops };
    const now = this.#attachment && this.#context.rib.sources.get(this.#attachment.ribId).loops;
    if (now !== null) for (const kind of LOOP_KINDS) total[kind] += now[kind];
    return total;
  }

  /** RFC 8212: the directions in which this peer is denied everything. */
  get missingPolicies(): readonly ('import' | 'export')[] {
    const asn = this.#attachment?.session.peerAsn ?? this.#config.asn;
    return asn === null ? [] : missingPolicies({ ...this.#config, asn }, this.#context.local.asn);
  }

  start(): void {
    if (this.#running || !this.#config.enabled) return;
    this.#running = true;
    this.driver.start();
  }

  async stop(subcode: number, text: string): Promise<void> {
    this.#running = false;
    await this.driver.stop(cease(subcode, text), { kind: 'adminDown', text });
  }

  wake(): void {
    this.driver.wake();
  }

  /** Takes a new configuration; true when the session must be restarted for it to take effect. */
  reconfigure(config: RunningPeerConfig, context: PeerContext): boolean {
    const enabledChanged = config.enabled !== this.#config.enabled;
    const kindChanged =
      config.routeReflectorClient !== this.#config.routeReflectorClient || config.asn !== this.#config.asn;
    this.#config = config;
    this.#context = context;
    const kept = this.driver.reconfigure(
      sessionConfig(context.local, config),
      endpoint(context.local, config),
    );
    if (!kept || kindChanged || enabledChanged) return true;
    this.#applyPolicies();
    return false;
  }

  established(session: NegotiatedSession, transport: Transport): PacketSource {
    const { rib, events, attachments } = this.#context;
    const view = this.#ribView(session, transport);
    const ribId = rib.peerUp(view.peer, view.profile);
    this.#attachment = { ribId, session, transport, ...view };
    this.endOfRib.clear();
    this.establishedAt = this.#context.wallClock();
    attachments.attached(ribId, this);
    events.emit('peerEstablished', this.name, session);
    const missing = this.missingPolicies;
    if (missing.length > 0) events.emit('policyMissing', this.name, missing);
    return { pull: (budget) => (attachments.mayPull(ribId) ? rib.pull(ribId, budget) : null) };
  }

  update(view: UpdateView): void {
    if (this.#attachment === null) return;
    for (const verdict of view.verdicts) {
      this.verdicts.set(verdict.action, (this.verdicts.get(verdict.action) ?? 0) + 1);
      this.#context.events.emit('verdict', this.name, verdict);
    }
    if (view.endOfRib !== null) this.#endOfRibReceived(view.endOfRib);
    this.#context.rib.applyUpdate(this.#attachment.ribId, view);
  }

  flushed(): void {
    // The RIB asks for its pass itself: one pass serves all peers that were read in this turn.
  }

  routeRefresh(family: FamilyIndex, subtype: number): void {
    if (this.#attachment === null) return;
    const { ribId, session } = this.#attachment;
    const { rib } = this.#context;
    switch (subtype) {
      case ROUTE_REFRESH.request:
        rib.refresh(ribId, family, session.enhancedRouteRefresh);
        break;
      case ROUTE_REFRESH.beginning:
        rib.refreshBegins(ribId, family);
        this.#staleTimer ??= this.#context.timer(() => this.#endRefreshes());
        this.#staleTimer.start(MOST_STALE);
        break;
      case ROUTE_REFRESH.end:
        rib.refreshEnds(ribId, family);
        break;
    }
  }

  /** RFC 7313 4: a peer that never says EoRR must not keep what it has withdrawn. */
  #endRefreshes(): void {
    if (this.#attachment === null) return;
    for (const family of [0, 1] as const) this.#context.rib.refreshEnds(this.#attachment.ribId, family);
  }

  down(_reason: DownReason): void {
    if (this.#attachment === null) return;
    this.#staleTimer?.close();
    this.#staleTimer = null;
    Object.assign(this.#pastLoops, this.loops);
    this.#context.rib.peerDown(this.#attachment.ribId);
    this.#context.attachments.detached(this.#attachment.ribId);
    this.#attachment = null;
    this.establishedAt = null;
  }

  stateChanged(from: SessionState, to: SessionState, reason: DownReason | null): void {
    this.#context.events.emit('peerState', this.name, from, to, reason);
  }

  #endOfRibReceived(family: FamilyIndex): void {
    this.endOfRib.add(family);
    this.#context.events.emit('endOfRib', this.name, familyName(family));
  }

  #ribView(session: NegotiatedSession, transport: Transport): RibView {
    const { local, policies, hostAddresses } = this.#context;
    const hosts = hostAddresses();
    return {
      peer: ribPeer(local, this.#config, session, transport, policies, hosts),
      profile: exportProfile(local, this.#config, session, transport, policies, hosts),
    };
  }

  /** Where policies have changed the RIB works out the difference, which costs a look at every path. */
  #applyPolicies(): void {
    const attachment = this.#attachment;
    if (attachment === null) return;
    const view = this.#ribView(attachment.session, attachment.transport);
    if (sameView(attachment, view)) return;
    this.#attachment = { ...attachment, ...view };
    this.#context.rib.peerChanged(attachment.ribId, view.peer, view.profile);
  }
}

type RibView = Pick<Attachment, 'peer' | 'profile'>;

const sameView = (a: RibView, b: RibView): boolean =>
  a.peer.importPolicy.key === b.peer.importPolicy.key && profileKey(a.profile) === profileKey(b.profile);
