// What holds where nothing is configured: RFC 8212, the policies that exist without being written, the FIB default.

import { maxLength, type Prefix } from '../base/prefix.js';
import type { CompiledPolicy } from '../rib/hooks.js';
import { compilePolicies, constantPolicy } from './compile.js';
import type { PolicyConfig, PrefixMatch, RouteSource, TermConfig } from './types.js';

type Policies = Readonly<Record<string, PolicyConfig>>;

/** What a peer says about its policies; `asn` is the AS that the peer is in, known from its OPEN for a dynamic one. */
export interface PeerPolicies {
  readonly asn: number;
  readonly import: readonly string[] | null;
  readonly export: readonly string[] | null;
  /** `originated`: what was learned from a peer is held back before the export policies are asked. */
  readonly advertise?: 'originated' | 'all';
}

const EBGP_WITHOUT = {
  import: constantPolicy('reject', 'RFC 8212: eBGP peer without import policy'),
  export: constantPolicy('reject', 'RFC 8212: eBGP peer without export policy'),
} as const;
const IBGP_WITHOUT = constantPolicy('accept', 'iBGP peer without policy');
const INSTALL_LEARNED = constantPolicy('accept', 'kernel.install is not set: all learned routes');

/** A configured chain that no term of matches rejects. */
export const importPolicyOf = (peer: PeerPolicies, localAsn: number, policies: Policies): CompiledPolicy =>
  policyOf(peer, 'import', localAsn, policies);

/** A configured chain that no term of matches rejects. */
export const exportPolicyOf = (peer: PeerPolicies, localAsn: number, policies: Policies): CompiledPolicy =>
  policyOf(peer, 'export', localAsn, policies);

/** Nobody is told of what is installed: an AS put in front goes nowhere. */
const NOT_ASKED = 0;

/** Which best paths that were learned from BGP reach the kernel (`kernel.install`). */
export const installPolicyOf = (names: readonly string[], policies: Policies): CompiledPolicy =>
  names.length === 0 ? INSTALL_LEARNED : compilePolicies(names, policies, 'reject', NOT_ASKED);

/** The directions in which RFC 8212 denies all to this peer. */
export function missingPolicies(peer: PeerPolicies, localAsn: number): readonly ('import' | 'export')[] {
  if (peer.asn === localAsn) return [];
  return (['import', 'export'] as const).filter((direction) =>
    direction === 'export' ? exportChain(peer) === null : peer.import === null,
  );
}

/** Who says that only what starts here is announced has said what is exported (RFC 8212). */
function exportChain({ advertise, export: names }: PeerPolicies): readonly string[] | null {
  return advertise !== 'originated' ? names : ['originated', ...(names ?? ['accept-all'])];
}

function policyOf(
  peer: PeerPolicies,
  direction: 'import' | 'export',
  localAsn: number,
  policies: Policies,
): CompiledPolicy {
  const names = direction === 'export' ? exportChain(peer) : peer.import;
  if (names !== null) return compilePolicies(names, policies, 'reject', localAsn);
  return peer.asn === localAsn ? IBGP_WITHOUT : EBGP_WITHOUT[direction];
}

/**
 * Policies that need no definition: `accept-all`, `reject-all`, `workloads` (routes of the kernel), `pools` (inside any
 * pool), `external` (inside an external pool, else rejected), `originated` (rejects what was learned from a peer, leaves
 * the rest to the next policy). A definition of the same name wins.
 */
export const defaultPolicies = (
  pools: readonly { readonly cidr: Prefix; readonly external: boolean }[],
): Policies => ({
  'accept-all': [term('accept')],
  'reject-all': [term('reject')],
  workloads: [term('accept', { source: ['kernel'] })],
  originated: [term('reject', { source: ['bgp'] })],
  pools: [term('accept', { inside: pools.map(({ cidr }) => cidr) })],
  external: [
    term('accept', { inside: pools.filter(({ external }) => external).map(({ cidr }) => cidr) }),
    term('reject'),
  ],
});

const term = (
  action: TermConfig['action'],
  match: { readonly source?: readonly RouteSource[]; readonly inside?: readonly Prefix[] } = {},
): TermConfig => ({
  match: [
    ...(match.inside === undefined
      ? []
      : [{ kind: 'prefix', in: match.inside.map(prefixAndInside) } as const]),
    ...(match.source === undefined ? [] : [{ kind: 'source', sources: match.source } as const]),
  ],
  edits: [],
  action,
});

/** The prefix itself and all that is more specific. */
export const prefixAndInside = (prefix: Prefix): PrefixMatch => ({
  prefix,
  ge: prefix.length,
  le: maxLength(prefix.address.family),
});
