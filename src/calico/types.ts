// What the resources come down to for one node, in terms of the native configuration: `config/` completes it with the
// defaults and with what the operator's own file says. Times are seconds.

import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { PolicyConfig } from '../policy/types.js';
import type { FieldPath } from './resources/fields.js';
import type { ResourceKind } from './resources/resource.js';
import type { Community } from './resources/values.js';

export interface ObjectRef {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** `refused`: the object, or this part of it, has no effect. `degraded`: it has, and less than it asks for. */
export interface CalicoProblem {
  readonly severity: 'refused' | 'degraded' | 'note';
  readonly object: ObjectRef;
  readonly path: FieldPath;
  readonly message: string;
  readonly remedy: string;
}

export interface CalicoIntent {
  readonly asn: number;
  /** Null: the node has no IPv4 address. */
  readonly routerId: number | null;
  /** Null: no route reflector. */
  readonly clusterId: number | null;
  /** Null: the default. Null addresses: all of them. */
  readonly listen: {
    readonly addresses: readonly ListenIntent[] | null;
    readonly port: number | null;
  } | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'fatal' | null;
  readonly peers: readonly PeerIntent[];
  readonly policies: Readonly<Record<string, PolicyConfig>>;
  readonly pools: readonly PoolIntent[];
  readonly originate: readonly OriginateIntent[];
  /** Policy names: what reaches the kernel. */
  readonly install: readonly string[];
  /** Kernel routes outside the pools that a filter announces. */
  readonly imports: readonly ImportIntent[];
  /** A filter in use asks for the interfaces of learned routes. */
  readonly learnedInterfaces: boolean;
  /** Interfaces whose routes are never taken. */
  readonly ignoredInterfaces: readonly string[];
  /** The metrics of routes in the kernel that have nothing special. */
  readonly metric: number;
  readonly ipv6Metric: number;
}

export interface ListenIntent {
  readonly address: IpAddress;
  /** The host may get the address later. */
  readonly freeBind: boolean;
}

export interface PeerIntent {
  readonly name: string;
  /** Null: a peer of the node mesh, which no object describes. */
  readonly object: ObjectRef | null;
  readonly address: IpAddress;
  /** Null: the default port. */
  readonly port: number | null;
  readonly asn: number;
  /** The AS we are in for this peer, null for the node's own. */
  readonly localAsn: number | null;
  readonly localAddress: IpAddress | null;
  readonly passive: boolean;
  readonly password: { readonly file: string } | null;
  /** Hops within which the peer must be (RFC 5082); null without a limit. */
  readonly ttlSecurity: number | null;
  readonly restartTime: number | null;
  readonly keepalive: number | null;
  readonly allowOwnAs: number;
  readonly nextHop: 'auto' | 'self' | 'keep';
  readonly routeReflectorClient: boolean;
  /** The gateway of a host route to the peer. */
  readonly via: IpAddress | null;
  readonly import: readonly string[];
  readonly export: readonly string[];
  /** `originated`: nothing that was learned from another peer. */
  readonly advertise: 'originated' | 'all';
}

export type Encapsulation = 'None' | 'IPIP' | 'IPIPCrossSubnet' | 'VXLAN' | 'VXLANCrossSubnet';

export interface PoolIntent {
  readonly object: ObjectRef;
  readonly cidr: Prefix;
  readonly encapsulation: Encapsulation;
  /** Who programs the routes to workloads on other hosts. */
  readonly overlay: 'bgp' | 'agent';
  readonly external: boolean;
}

export interface OriginateIntent {
  readonly prefix: Prefix;
  readonly kind: 'aggregate' | 'service';
  readonly blackhole: boolean;
  readonly suppressMoreSpecifics: boolean;
}

export interface ImportIntent {
  readonly interfaces: readonly string[];
  readonly prefixes: readonly Prefix[];
}

export interface PrefixCommunities {
  readonly cidr: Prefix;
  readonly communities: readonly Community[];
}
