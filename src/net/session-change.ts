// Which changes of a peer's configuration a session that is up can live with. Pure comparison.

import { ipEquals } from '../base/ip.js';
import type { SessionConfig } from '../fsm/types.js';
import { sameSecret } from '../sys/secret.js';
import type { PeerEndpoint } from './types.js';

/** What OPEN says, what UPDATEs are decoded by, what the connection is made of; the rest (who dials, retry times) only matters for the next one. */
const said = (config: SessionConfig): string =>
  JSON.stringify([
    config.localAsn,
    config.alternateAsn,
    config.routerId,
    config.peerAsn,
    config.externalOnly,
    config.confederation,
    config.strictRole,
    config.families,
    config.holdTime,
    config.keepaliveTime,
    config.refuseAsSets,
    config.extraCapabilities
      // What is said of restarts is about the end of a session: the next OPEN is early enough.
      .filter(({ kind }) => kind !== 'gracefulRestart')
      .map((capability) =>
        capability.kind === 'unknown' ? { ...capability, value: [...capability.value] } : capability,
      ),
  ]);

export const sessionOutlives = (
  before: SessionConfig,
  after: SessionConfig,
  from: PeerEndpoint,
  to: PeerEndpoint,
): boolean => said(before) === said(after) && sameEndpoint(from, to);

export const nothingChanges = (
  before: SessionConfig,
  after: SessionConfig,
  from: PeerEndpoint,
  to: PeerEndpoint,
): boolean =>
  sessionOutlives(before, after, from, to) &&
  before.passive === after.passive &&
  before.connectRetryTime === after.connectRetryTime &&
  before.delayOpenTime === after.delayOpenTime &&
  before.sendHoldTime === after.sendHoldTime &&
  JSON.stringify(before.idleHold) === JSON.stringify(after.idleHold) &&
  sameOptions(from, to);

/** What the kernel can change on a connection that is up. */
export const sameOptions = (a: PeerEndpoint, b: PeerEndpoint): boolean =>
  a.ttl === b.ttl && a.minTtl === b.minTtl && sameSecret(a.password, b.password);

const sameEndpoint = (a: PeerEndpoint, b: PeerEndpoint): boolean =>
  ipEquals(a.address, b.address) &&
  a.interface === b.interface &&
  a.port === b.port &&
  JSON.stringify(a.tcpAo) === JSON.stringify(b.tcpAo) &&
  (a.localAddress === null || b.localAddress === null
    ? a.localAddress === b.localAddress
    : ipEquals(a.localAddress, b.localAddress));
