// One peer as the daemon runs it: its configuration, its driver, its place in the RIB, its counters. Passes updates from
// the session to the RIB and wakes the session when the RIB has something for it.

import type { FamilyIndex } from '../../base/family.js';
import { familyIndex, familyName } from '../../base/family.js';
import type { PeerId } from '../../base/ids.js';
import { asnForPolicies } from '../../config/schema/peer-kind.js';
import { asksToKeep } from '../../fsm/graceful-restart.js';
import type { DownReason, NegotiatedSession, SessionConfig, SessionState } from '../../fsm/types.js';
import type { Clock, Timer } from '../../net/clock.js';
import type { AcceptingPeerDriver } from '../../net/peer-driver.js';
import type { PacketSource, PeerHandlers, Transport } from '../../net/types.js';
import { missingPolicies } from '../../policy/defaults.js';
import type { Rib } from '../../rib/core.js';
import { profileKey } from '../../rib/export/update-groups.js';
import type { ExportProfile } from '../../rib/hooks.js';
import {
  changeOf,
  EXCESS_KINDS,
  type ExcessKind,
  LOOP_KINDS,
  type LoopKind,
  type RibPeer,
  type Source,
} from '../../rib/tables/sources.js';
import { afiSafiOf, ROUTE_REFRESH } from '../../wire/iana.js';
import { cease, maximumPrefixesReached } from '../../wire/notification.js';
import type { UpdateView } from '../../wire/types.js';
import type { DaemonEvents } from '../events.js';
import type { HostAddresses } from '../routes/host-addresses.js';
import { AdvertisementPace } from './advertisement-pace.js';
import { type BlameSource, PeerBlame } from './peer-blame.js';
import { PeerRestart } from './peer-restart.js';
import { kindOf, kindOfSession } from './peer-specials.js';
import { hasMaxPrefix, type PrefixLimitNews, PrefixLimits } from './prefix-limits.js';
import {
  endpoint,
  type LocalIdentity,
  type Policies,
  type RibView,
  type RunningPeerConfig,
  ribView,
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
  readonly blame: BlameSource;
}

/** Milliseconds from a BoRR until what is stale goes without an EoRR. */
const MOST_STALE = 360_000;

export interface Attachments {
  /** The session is gone and its routes stay. */
  away(ribId: PeerId): void;
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

export interface Attachment {
  readonly ribId: PeerId;
  readonly session: NegotiatedSession;
  readonly transport: Transport;
  /** Null: changes are sent as they come. */
  readonly pace: AdvertisementPace | null;
  /** What the RIB knows of the session. */
  readonly peer: RibPeer;
  readonly profile: ExportProfile;
}

export class BgpPeer implements PeerHandlers {
  #config: RunningPeerConfig;
  #context: PeerContext;
  #attachment: Attachment | null = null;
  readonly restart: PeerRestart;
  readonly driver: AcceptingPeerDriver;
  readonly verdicts = new Map<string, number>();
  /** Of the sessions that ended. */
  readonly #pastLoops = { asPath: 0, originatorId: 0, clusterList: 0, onlyToCustomer: 0 };
  readonly #pastExcess = { asPathLength: 0, communities: 0, prefixes: 0 };
  readonly blame = new PeerBlame();
  readonly prefixLimits = new PrefixLimits();
  /** A session has ended and its reason is still to be told. */
  #hasEnded = false;
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
    this.restart = new PeerRestart(
      () => ({ name: this.name, config: this.#config.gracefulRestart, ...this.#context }),
      (ribId) => this.#leaveRib(ribId),
    );
    this.driver = makeDriver(context.local, config, this);
  }

  get config(): RunningPeerConfig {
    return this.#config;
  }

  /** Who we are to peers. */
  get local(): LocalIdentity {
    return this.#context.local;
  }

  get name(): string {
    return this.#config.name;
  }

  /** Of the session, or of the routes that outlive it for a while. */
  get ribId(): PeerId | null {
    return this.#attachment?.ribId ?? this.restart.away?.ribId ?? null;
  }

  get session(): NegotiatedSession | null {
    return this.#attachment?.session ?? null;
  }

  get transport(): Transport | null {
    return this.#attachment?.transport ?? null;
  }

  /** Routes that came and were loops, over all sessions. */
  get loops(): Readonly<Record<LoopKind, number>> {
    const total = { ...this.#pastLoops };
    const now = this.#source;
    if (now !== null) for (const kind of LOOP_KINDS) total[kind] += now.refused[kind];
    return total;
  }

  /** RFC 8212: the directions in which this peer is denied everything. */
  get missingPolicies(): readonly ('import' | 'export')[] {
    const { local } = this.#context;
    const session = this.#attachment?.session;
    const kind = session === undefined ? kindOf(local, this.#config) : kindOfSession(session);
    if (kind !== 'external') return [];
    const { import: taken, export: told, advertise } = this.#config;
    const asn = asnForPolicies(kind, local.asn);
    return missingPolicies({ asn, import: taken, export: told, advertise }, local.asn);
  }

  /** Routes that came and were beyond a limit, over all sessions. */
  get excess(): Readonly<Record<ExcessKind | 'prefixes', number>> {
    const total = { ...this.#pastExcess };
    const now = this.#source;
    if (now === null) return total;
    for (const kind of EXCESS_KINDS) total[kind] += now.refused[kind];
    total.prefixes += now.dropped[0] + now.dropped[1];
    return total;
  }

  get #source(): Source | null {
    const { ribId } = this;
    return ribId === null ? null : this.#context.rib.sources.get(ribId);
  }

  /** `jitter`: seconds within which the first dial comes. */
  start(jitter = 0): void {
    if (this.#running || !this.#config.enabled) return;
    this.#running = true;
    this.driver.start(jitter);
  }

  /** Whose fault it is, looked at again; news are told. */
  judge(): void {
    if (this.#attachment !== null) return;
    const news = this.blame.judge(this.#config, this.sessionConfig, this.#context.blame);
    if (news !== null) this.#context.events.emit('peerBlame', this.name, news, false);
  }

  /** What stands for us as a next hop may be another address now. */
  addressesChanged(): void {
    this.#applyPolicies();
  }

  /** Judges what is held from the peer anew. False without a session. */
  softIn(): boolean {
    if (this.#attachment === null) return false;
    this.#context.rib.reimport(this.#attachment.ribId);
    return true;
  }

  /** Sends all again, as a ROUTE-REFRESH of the peer would. False without a session. */
  softOut(): boolean {
    const attachment = this.#attachment;
    if (attachment === null) return false;
    const { families, enhancedRouteRefresh } = attachment.session;
    for (const family of families) this.#context.rib.refresh(attachment.ribId, family, enhancedRouteRefresh);
    return true;
  }

  /** What the next OPEN is made of. */
  get sessionConfig(): SessionConfig {
    return sessionConfig(this.#context.local, this.#config);
  }

  /** `graceful`: peers that can keep our routes are to do so. */
  async stop(subcode: number, text: string, graceful = false): Promise<void> {
    this.#running = false;
    await this.driver.stop(cease(subcode, text), { kind: 'adminDown', text, graceful });
    if (this.restart.away !== null) this.#leaveRib(this.restart.away.ribId);
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
    const kept = this.driver.reconfigure(this.sessionConfig, endpoint(context.local, config));
    if (!kept || kindChanged || enabledChanged) return true;
    this.#applyPolicies();
    return false;
  }

  established(session: NegotiatedSession, transport: Transport): PacketSource {
    const { rib, events, attachments } = this.#context;
    const view = this.#ribView(session, transport);
    const ribId =
      this.restart.back(session, view) ?? rib.peerUp(view.peer, view.profile, asksToKeep(session));
    const pace = this.#makePace();
    this.#attachment = { ribId, session, transport, pace, ...view };
    this.endOfRib.clear();
    this.blame.established();
    this.prefixLimits.reset();
    this.establishedAt = this.#context.wallClock();
    attachments.attached(ribId, this);
    events.emit('peerEstablished', this.name, session);
    const missing = this.missingPolicies;
    if (missing.length > 0) events.emit('policyMissing', this.name, missing);
    if (this.#config.advertise === 'originated') events.emit('routesWithheld', this.name);
    const take = (budget: number) => (attachments.mayPull(ribId) ? rib.pull(ribId, budget) : null);
    if (pace !== null) return { pull: (budget) => pace.pull(() => take(budget)) };
    const owes = () => attachments.mayPull(ribId) && rib.groups.of(ribId)?.owes(ribId) === true;
    return { pull: take, owes };
  }

  #makePace(): AdvertisementPace | null {
    if (this.#config.timers.minRouteAdvertisement === 0) return null;
    const milliseconds = (): number => this.#config.timers.minRouteAdvertisement * 1000;
    return new AdvertisementPace(this.#context.timer, milliseconds, () => this.wake());
  }

  update(view: UpdateView): void {
    if (this.#attachment === null) return;
    for (const verdict of view.verdicts) {
      this.verdicts.set(verdict.action, (this.verdicts.get(verdict.action) ?? 0) + 1);
      this.#context.events.emit('verdict', this.name, verdict);
    }
    if (view.endOfRib !== null) this.#endOfRibReceived(view.endOfRib);
    this.#context.rib.applyUpdate(this.#attachment.ribId, view);
    if (hasMaxPrefix(this.#config.maxPrefix)) this.#checkPrefixes();
  }

  #checkPrefixes(): void {
    const source = this.#source;
    if (source === null) return;
    for (const news of this.prefixLimits.check(this.#config.maxPrefix, source)) {
      this.#context.events.emit('prefixLimit', this.name, news);
      this.#actOn(news);
    }
  }

  #actOn({ family, level, config, left }: PrefixLimitNews): void {
    const index = familyIndex(family);
    const { limit, restart } = config;
    if (level === 'over' && config.action === 'idle') {
      const { afi, safi } = afiSafiOf(index);
      const reason: DownReason = { kind: 'maxPrefix', family: index, limit, restart };
      this.driver.end(maximumPrefixesReached(afi, safi, limit), reason);
    }
    // What was dropped fits in again, and only the peer still knows it.
    if (left && config.action === 'drop') this.driver.refresh(index);
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
        rib.restarts.refreshBegins(ribId, family);
        this.#staleTimer ??= this.#context.timer(() => this.#endRefreshes());
        this.#staleTimer.start(MOST_STALE);
        break;
      case ROUTE_REFRESH.end:
        rib.restarts.refreshEnds(ribId, family);
        break;
    }
  }

  /** RFC 7313 4: a peer that never says EoRR must not keep what it has withdrawn. */
  #endRefreshes(): void {
    if (this.#attachment === null) return;
    for (const family of [0, 1] as const)
      this.#context.rib.restarts.refreshEnds(this.#attachment.ribId, family);
  }

  down(reason: DownReason): void {
    if (this.#attachment === null) return;
    this.#staleTimer?.close();
    this.#staleTimer = null;
    this.#attachment.pace?.close();
    this.#hasEnded = true;
    this.establishedAt = null;
    if (!this.restart.keep(this.#attachment, reason)) this.#leaveRib(this.#attachment.ribId);
    this.#attachment = null;
  }

  /** Nothing of the peer stays. */
  #leaveRib(ribId: PeerId): void {
    Object.assign(this.#pastLoops, this.loops);
    Object.assign(this.#pastExcess, this.excess);
    this.restart.forget();
    this.#context.rib.peerDown(ribId);
    this.#context.attachments.detached(ribId);
  }

  stateChanged(from: SessionState, to: SessionState, reason: DownReason | null): void {
    this.#context.events.emit('peerState', this.name, from, to, reason);
  }

  failed(reason: DownReason): void {
    if (this.#attachment !== null) return;
    const { blame, events } = this.#context;
    const news = this.blame.failed(reason, this.#hasEnded, this.#config, this.sessionConfig, blame);
    const told = this.#hasEnded ? this.blame.current : news;
    if (told !== null) events.emit('peerBlame', this.name, told, this.#hasEnded);
    this.#hasEnded = false;
  }

  #endOfRibReceived(family: FamilyIndex): void {
    this.endOfRib.add(family);
    const attachment = this.#attachment;
    if (attachment !== null) this.restart.told(attachment.ribId, family);
    this.#context.events.emit('endOfRib', this.name, familyName(family));
  }

  #ribView(session: NegotiatedSession, transport: Transport): RibView {
    const { local, policies, hostAddresses } = this.#context;
    return ribView(local, this.#config, session, transport, policies, hostAddresses());
  }

  /** Where policies have changed the RIB works out the difference, which costs a look at every path. */
  #applyPolicies(): void {
    const attachment = this.#attachment ?? this.restart.away;
    if (attachment === null) return;
    const view = this.#ribView(attachment.session, attachment.transport);
    if (sameView(attachment, view)) return;
    if (this.#attachment === null) this.restart.replace({ ...attachment, ...view });
    else this.#attachment = { ...attachment, ...view };
    this.#context.rib.peerChanged(attachment.ribId, view.peer, view.profile);
    if (hasMaxPrefix(this.#config.maxPrefix)) this.#checkPrefixes();
  }
}

const sameView = (a: RibView, b: RibView): boolean =>
  changeOf(a.peer, b.peer) === null && profileKey(a.profile) === profileKey(b.profile);
