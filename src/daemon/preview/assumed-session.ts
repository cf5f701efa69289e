// The session that a new peer would have if it said what its configuration expects: so that what it would be told can be
// counted before it is there.

import { familyIndex } from '../../base/family.js';
import { ipv4 } from '../../base/ip.js';
import { negotiate } from '../../fsm/negotiate.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import type { Transport } from '../../net/types.js';
import { ROLES } from '../../policy/roles.js';
import { afiSafiOf } from '../../wire/iana.js';
import type { Capability } from '../../wire/types.js';
import { isUnfound, type RunningPeerConfig, sessionConfig } from '../peers/session-setup.js';
import type { ForeseenContext } from './foresight.js';

export interface AssumedSession {
  readonly session: NegotiatedSession;
  readonly transport: Transport;
}

/** Stands for an AS that only the OPEN will tell. */
const ANY_ASN = 4_294_967_294;
const HOLD_TIME = 65_535;

/** Null: nothing can be assumed. */
export function assumedSession(
  config: RunningPeerConfig,
  { local, hostAddresses }: ForeseenContext,
): AssumedSession | null {
  if (isUnfound(config)) return null;
  const ours = sessionConfig(local, config);
  const asn = ours.peerAsn ?? ANY_ASN;
  const { family } = config.address;
  const own = [...hostAddresses().values()].flat().find((address) => address.family === family);
  const result = negotiate(ours, {
    version: 4,
    asn,
    holdTime: HOLD_TIME,
    routerId: local.routerId ^ 1,
    capabilities: capabilitiesOf(config, asn),
  });
  if (!result.ok) return null;
  const localAddress = config.localAddress ?? own ?? ipv4(local.routerId);
  const { port } = config;
  const transport = { localAddress, localPort: 0, remoteAddress: config.address, remotePort: port };
  return { session: result.session, transport: { ...transport, role: 'active' } };
}

/** What a peer as modern as we are says. */
function capabilitiesOf({ families, addPath, role }: RunningPeerConfig, asn: number): readonly Capability[] {
  const offered = families.map((name) => afiSafiOf(familyIndex(name)));
  const paths = offered.map((family) => ({ ...family, mode: 3 as const }));
  return [
    ...offered.map((family): Capability => ({ kind: 'multiprotocol', ...family })),
    { kind: 'fourOctetAs', asn },
    { kind: 'routeRefresh' },
    ...(addPath.receive || addPath.send !== null ? [{ kind: 'addPath', families: paths } as const] : []),
    ...(role === null ? [] : [{ kind: 'role', role: ROLES[ROLES[role].counterpart].code } as const]),
  ];
}
