// One kernel change as one line of text, for fixtures.

import { formatIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import type { KernelChange } from '../../src/kernel/port.js';
import type { KernelNextHop } from '../../src/kernel/types.js';

export function changeText(change: KernelChange | null): string {
  if (change === null) return 'ignored';
  if (change.kind === 'neighbour') {
    const { ifindex, address, state } = change.neighbour;
    return `neighbour ${formatIp(address)} dev ${ifindex} ${state}`;
  }
  if (change.kind === 'forward') {
    const { ifindex, address, mac } = change.forward;
    return `forward ${mac} to ${formatIp(address)} dev ${ifindex}`;
  }
  const verb = change.present ? '+' : '-';
  switch (change.kind) {
    case 'route': {
      const { prefix, table, protocol, scope, type, metric, nextHops } = change.route;
      const where = `table ${table} proto ${protocol} scope ${scope} metric ${metric}`;
      const hops = nextHops.map(hopText).join('');
      const object = change.route.object === undefined ? '' : ` object ${change.route.object}`;
      const source = change.route.source === undefined ? '' : ` source ${formatIp(change.route.source)}`;
      return `${verb}route ${type} ${formatPrefix(prefix)} ${where} ${change.arrival}${object}${source}${hops}`;
    }
    case 'nexthop': {
      const { id, protocol, hop, members, resilient } = change.nexthop;
      const group = members?.map((member) => ` ${member.id}*${member.weight}`).join('') ?? '';
      const kind = resilient === true ? ' resilient' : '';
      return `${verb}nexthop ${id} proto ${protocol}${kind}${hop === null ? '' : hopText(hop)}${group}`;
    }
    case 'link': {
      const { ifindex, name, up, running, loopback } = change.link;
      const flags = [up ? ' up' : '', running ? ' running' : '', loopback ? ' loopback' : ''].join('');
      return `${verb}link ${ifindex} ${name}${flags}`;
    }
    case 'address': {
      const { ifindex, address, length } = change.address;
      return `${verb}address ${formatIp(address)}/${length} dev ${ifindex}`;
    }
    default:
      return change satisfies never;
  }
}

const hopText = ({ gateway, ifindex, onlink, weight }: KernelNextHop): string =>
  `${gateway === null ? ' [' : ` [via ${formatIp(gateway)} `}dev ${ifindex}${onlink ? ' onlink' : ''} weight ${weight}]`;
