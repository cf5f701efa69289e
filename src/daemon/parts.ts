// The shapes of a daemon: what it is started with, what the one who started it gets, what it is made of. No behaviour.

import type { ConfigurationChanges, PeerAdministration, StatusSource } from '../api/model/types.js';
import type { CalicoFile, RuntimeConfig } from '../config/sources/config-file.js';
import type { PlainConfig } from '../config/sources/last-good.js';
import type { RuntimePeers } from '../config/sources/runtime-peers.js';
import type { TrialConfig } from '../config/sources/trial.js';
import type { Config, ConfigResult } from '../config/types.js';
import type { Kernel } from '../kernel/types.js';
import type { Clock } from '../net/clock.js';
import type { OpenLinkSocket } from '../net/discovery/link-socket.js';
import type { ListenAddress, ListenerCounters } from '../net/listener.js';
import type { DaemonEvents } from './events.js';
import type { Logger } from './log/logger.js';
import type { HostAddresses } from './routes/host-addresses.js';
import type { Speaker } from './speaker.js';

export interface DaemonOptions {
  readonly config: Config;
  /** For reload, the API and messages. */
  readonly configFile: string;
  readonly logger: Logger;
  /** Reads the configuration again; absent: reload is refused. */
  readonly readConfig?: (runtime: RuntimePeers) => ConfigResult;
  /** What `config` was made of; absent: its objects are not told apart. */
  readonly configSource?: PlainConfig;
  /** The Calico resources of the configuration, which are read again when they change; absent: they are not. */
  readonly calico?: CalicoFile;
  /** Absent: peers can't be added, removed or switched at run time. */
  readonly runtimeConfig?: RuntimeConfig;
  /** Absent: other configurations can't be tried. */
  readonly trial?: TrialConfig;
  /** Instead of the backend that the configuration chooses. */
  readonly kernel?: Kernel;
  /** Instead of the host's own addresses (several daemons in one process). */
  readonly hostAddresses?: () => HostAddresses;
  /** Instead of raw ICMPv6 sockets, for interface peers. */
  readonly openLinkSocket?: OpenLinkSocket;
  /** Instead of the system's clock. */
  readonly clock?: Clock;
  /**
   * This process is ours alone: let the engine compile the core on an invented table after the start, and tell it when to
   * collect and how much to compile. Absent: not.
   */
  readonly warmUp?: boolean;
}

export interface Daemon {
  readonly status: StatusSource;
  /** Where BGP connections are accepted, with the ports in force. */
  readonly listening: readonly ListenAddress[];
  /** Where the API listens on TCP, with the port in force; null without. */
  readonly apiAddress: { readonly host: string; readonly port: number } | null;
  readonly administration: PeerAdministration;
  readonly changes: ConfigurationChanges;
  /** `force`: however much it withdraws. */
  reload(force?: boolean): ReturnType<StatusSource['reload']>;
  /** Cease to every peer; the kernel's routes stay unless the configuration says otherwise. */
  stop(text?: string): Promise<void>;
}

export type DaemonStart =
  | { readonly ok: true; readonly daemon: Daemon }
  | { readonly ok: false; readonly reason: string };

export type DaemonClock = Clock & { wallClock(): number };

/** What a daemon is made of, as far as it is started. */
export interface Parts {
  readonly options: DaemonOptions;
  readonly speaker: Speaker;
  readonly clock: DaemonClock;
  readonly events: DaemonEvents;
  /** What has to end, the latest first. */
  readonly stops: ((ending: Ending) => Promise<void> | void)[];
  listening: readonly ListenAddress[];
  connections: () => ListenerCounters;
}

export interface Ending {
  /** For the peers (RFC 9003). */
  readonly text: string;
  readonly removeRoutes: boolean;
}
