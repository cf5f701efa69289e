// The addresses and numbers of the benchmark network. No behaviour.

export const ASN = 64512;
export const PREFIX_LENGTH = 24;
export const HOST_ADDRESS = '172.30.0.1';
export const FEEDER_ADDRESS = '172.30.0.2';
export const WATCHER_ADDRESS = '172.30.0.3';

/** Workload addresses come from here. */
export const POOL = '10.65.0.0/16';
export const FIRST_WORKLOAD = '10.65.0.1';
/** As Calico names the host's end of a workload's cable. */
export const WORKLOAD_INTERFACE = 'cali0';

/** Learned routes begin here, outside the pool. */
export const FIRST_LEARNED = '10.128.0.0';

/** rtm_protocol of the routes that both daemons install. */
export const ROUTE_PROTOCOL = 12;

/** What a daemon is told about one of its sessions; all are iBGP. */
export interface SessionPlan {
  readonly address: string;
  /** Seconds. */
  readonly holdTime: number;
}

export const FEEDER: SessionPlan = { address: FEEDER_ADDRESS, holdTime: 90 };
/** The shortest hold time there is (RFC 4271 section 4.2): a keepalive each second. */
export const WATCHER: SessionPlan = { address: WATCHER_ADDRESS, holdTime: 3 };
