// What the Calico resources come down to, as lines of text to compare with a fixture: one setting, peer or route a line.

import { formatIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { fieldPathText } from '../../src/calico/resources/fields.js';
import type { CalicoIntent, CalicoProblem, PeerIntent } from '../../src/calico/types.js';
import { formatRouterId } from '../../src/wire/text.js';

export const intentText = (intent: CalicoIntent, problems: readonly CalicoProblem[]): string =>
  [
    `asn ${intent.asn}`,
    ...(intent.routerId === null ? [] : [`router id ${formatRouterId(intent.routerId)}`]),
    ...(intent.clusterId === null ? [] : [`route reflector, cluster ${formatRouterId(intent.clusterId)}`]),
    ...listenText(intent),
    ...(intent.logLevel === null ? [] : [`log ${intent.logLevel}`]),
    ...(intent.metric === 1024 ? [] : [`metric ${intent.metric}`]),
    ...(intent.ipv6Metric === 1024 ? [] : [`IPv6 metric ${intent.ipv6Metric}`]),
    ...(intent.learnedInterfaces ? ['filters see the interfaces of learned routes'] : []),
    ...intent.ignoredInterfaces.map((name) => `ignore interface ${name}`),
    ...intent.pools.map(
      ({ cidr, encapsulation, overlay, external }) =>
        `pool ${formatPrefix(cidr)} ${encapsulation}, routes by ${overlay}${external ? ', external' : ''}`,
    ),
    ...intent.originate.map(
      ({ prefix, kind, blackhole }) =>
        `originate ${kind} ${formatPrefix(prefix)}${blackhole ? ' blackhole' : ''}`,
    ),
    ...intent.imports.map(
      ({ interfaces, prefixes }) =>
        `import ${prefixes.map(formatPrefix).join(' ')}${interfaces.length === 0 ? '' : ` on ${interfaces.join(' ')}`}`,
    ),
    ...intent.peers.map(peerText).sort(),
    ...problems.map(problemText),
    '',
  ].join('\n');

function listenText({ listen }: CalicoIntent): string[] {
  if (listen === null) return [];
  const addresses =
    listen.addresses
      ?.map(({ address, freeBind }) => `${formatIp(address)}${freeBind ? ' when it comes' : ''}`)
      .join(' ') ?? 'all addresses';
  return [`listen on ${addresses}${listen.port === null ? '' : ` port ${listen.port}`}`];
}

function peerText(peer: PeerIntent): string {
  const said = (text: string, value: unknown): string[] =>
    value === null || value === false || value === 0
      ? []
      : [value === true ? text : `${text} ${String(value)}`];
  const settings = [
    ...said('port', peer.port),
    ...said('local as', peer.localAsn),
    ...said('from', peer.localAddress === null ? null : formatIp(peer.localAddress)),
    ...said('passive', peer.passive),
    ...said('client', peer.routeReflectorClient),
    ...said('password', peer.password?.file ?? null),
    ...said('ttl security', peer.ttlSecurity),
    ...said('restart', peer.restartTime),
    ...said('keepalive', peer.keepalive),
    ...said('own as', peer.allowOwnAs),
    ...said('next hop', peer.nextHop === 'auto' ? null : peer.nextHop),
    ...said('advertise', peer.advertise === 'all' ? null : peer.advertise),
    ...said('via', peer.via === null ? null : formatIp(peer.via)),
    ...said('filters', filtersText(peer)),
  ];
  return `peer ${peer.name} ${formatIp(peer.address)} as ${peer.asn}: ${settings.join(', ')}`;
}

function filtersText({ import: names }: PeerIntent): string | null {
  const filters = names.filter((name) => name.startsWith('BGPFilter/')).map((name) => name.split('/')[1]);
  return filters.length === 0 ? null : filters.join(' ');
}

const problemText = ({ severity, object, path, message }: CalicoProblem): string =>
  `${severity}: ${object.kind}/${object.name} ${fieldPathText(path)}: ${message}`;
