// What is uncommon about a peer's configuration, in words for `bgpctl show neighbor`.

import type { RunningPeerConfig } from './session-setup.js';

/** One phrase each; empty for a plain peer. */
export function kindPhrases(peer: RunningPeerConfig): readonly string[] {
  const phrases: readonly (string | false)[] = [
    typeof peer.asn === 'string' && `any ${peer.asn} AS`,
    peer.localAs !== null && localAsPhrase(peer.localAs),
    peer.role !== null && `we are its ${ROLE_TEXT[peer.role]}${peer.strictRole ? ', strictly' : ''}`,
    peer.routeServerClient && `route server client${peer.ownBestPath ? ' with a best path of its own' : ''}`,
    peer.nextHop !== 'auto' && `next hop ${peer.nextHop}`,
    peer.allowOwnAs > 0 && `own AS allowed ${peer.allowOwnAs} times`,
    peer.removePrivateAs !== null && `private AS numbers: ${PRIVATE_TEXT[peer.removePrivateAs]}`,
    peer.overrideAs && 'AS override',
  ];
  return phrases.filter((phrase) => phrase !== false);
}

function localAsPhrase({
  asn,
  noPrepend,
  replaceAs,
  dualAs,
}: NonNullable<RunningPeerConfig['localAs']>): string {
  const options = [noPrepend && 'no prepend', replaceAs && 'replace AS', dualAs && 'dual AS'];
  const given = options.filter((option) => option !== false);
  return `local AS ${asn}${given.length === 0 ? '' : ` (${given.join(', ')})`}`;
}

const ROLE_TEXT = {
  provider: 'provider',
  routeServer: 'route server',
  routeServerClient: 'route server client',
  customer: 'customer',
  peer: 'peer',
} as const;

const PRIVATE_TEXT = { all: 'removed', leading: 'leading ones removed', replace: 'replaced' } as const;
