// Decoded messages as plain JSON, absent things left out: what the fixtures are compared with.

import { toHex } from '../../src/base/bytes.js';
import { addressFamily, familyName } from '../../src/base/family.js';
import { formatIp } from '../../src/base/ip.js';
import { formatPrefix, prefixFromWords } from '../../src/base/prefix.js';
import { NO_LOCAL_FACTS } from '../../src/wire/attributes/local-facts.js';
import { decodeBlock } from '../../src/wire/block.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { decodeNotification, describeNotification } from '../../src/wire/notification.js';
import { decodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import {
  formatAigp,
  formatAsPath,
  formatCommunity,
  formatExtendedCommunity,
  formatIpv6ExtendedCommunity,
  formatLargeCommunity,
  formatRouterId,
  formatTunnel,
} from '../../src/wire/text.js';
import type {
  DecodeContext,
  NlriRun,
  Notification,
  PathAttributes,
  UpdateView,
} from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';

type Json = Record<string, unknown>;

/** Octets become hex, absent values vanish. */
function tidy(value: Json): Json {
  const entries = Object.entries(value).filter(
    ([, v]) => v !== null && v !== undefined && v !== false && !(Array.isArray(v) && v.length === 0),
  );
  return JSON.parse(
    JSON.stringify(Object.fromEntries(entries), (_key, v) => (v instanceof Uint8Array ? toHex(v) : v)),
  ) as Json;
}

export function present(frame: Uint8Array, context: DecodeContext): Json {
  switch (frame[18]) {
    case MESSAGE.open: {
      const result = decodeOpen(frame);
      if (!result.ok) return { open: null, reset: presentNotification(result.notification) };
      return {
        open: JSON.parse(JSON.stringify(result.open, (_k, v) => (v instanceof Uint8Array ? toHex(v) : v))),
      };
    }
    case MESSAGE.update:
      return presentUpdate(new UpdateDecoder(context).decode(frame));
    case MESSAGE.notification: {
      const notification = decodeNotification(frame);
      return { notification: presentNotification(notification), text: describeNotification(notification) };
    }
    case MESSAGE.routeRefresh: {
      const result = decodeRouteRefresh(frame);
      return result.ok
        ? { routeRefresh: { ...result.message } }
        : { routeRefresh: null, reset: presentNotification(result.notification) };
    }
    default:
      return { keepalive: frame.length };
  }
}

export const presentNotification = ({ code, subcode, data }: Notification): string =>
  `${code}/${subcode}${data.length > 0 ? ` ${toHex(data)}` : ''}`;

export const presentUpdate = (view: UpdateView): Json =>
  tidy({
    runs: view.runs.map((run) => presentRun(view, run)),
    endOfRib: view.endOfRib === null ? null : familyName(view.endOfRib),
    verdicts: view.verdicts.map(({ action, attribute, reason }) => `${action} ${attribute} ${reason}`),
    reset: view.reset === null ? null : presentNotification(view.reset),
  });

const presentRun = (view: UpdateView, run: NlriRun): Json =>
  tidy({
    kind: run.kind,
    family: familyName(run.family),
    prefixes: prefixesOf(view.frame, run),
    attributes:
      run.kind === 'reach'
        ? presentAttributes(decodeBlock(view.scratch.slice(run.blockStart, run.blockEnd)))
        : null,
  });

/** `prefix`, or `prefix id` where the run carries path ids. */
export function prefixesOf(frame: Uint8Array, run: NlriRun): string[] {
  const cursor = new NlriCursor();
  cursor.open(frame, run);
  const prefixes: string[] = [];
  while (cursor.next()) {
    const { w0, w1, w2, w3, length } = cursor;
    const prefix = formatPrefix(prefixFromWords(addressFamily(run.family), w0, w1, w2, w3, length));
    prefixes.push(run.addPath ? `${prefix} ${cursor.pathId}` : prefix);
  }
  return prefixes;
}

export const presentAttributes = (attributes: PathAttributes): Json =>
  tidy({
    ...attributes,
    local: attributes.local === NO_LOCAL_FACTS ? null : attributes.local,
    nextHop: attributes.nextHop === null ? null : formatIp(attributes.nextHop),
    linkLocalNextHop: attributes.linkLocalNextHop === null ? null : formatIp(attributes.linkLocalNextHop),
    asPath: formatAsPath(attributes.asPath),
    aggregator:
      attributes.aggregator === null
        ? null
        : `${attributes.aggregator.asn} ${formatRouterId(attributes.aggregator.address)}`,
    communities: attributes.communities.map(formatCommunity),
    extendedCommunities: attributes.extendedCommunities.map(formatExtendedCommunity),
    largeCommunities: attributes.largeCommunities.map(formatLargeCommunity),
    originatorId: attributes.originatorId === null ? null : formatRouterId(attributes.originatorId),
    clusterList: attributes.clusterList.map(formatRouterId),
    tunnels: attributes.tunnels.map(formatTunnel),
    ipv6ExtendedCommunities: attributes.ipv6ExtendedCommunities.map(formatIpv6ExtendedCommunity),
    aigp: formatAigp(attributes.aigp) || null,
  });
