// One kernel change as one line of text, for fixtures.

import { formatIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import type { KernelChange } from '../../src/kernel/port.js';
import type { KernelNextHop } from '../../src/kernel/types.js';

export function changeText(change: KernelChange | null): string {
  if (change === null) return 'ignored';
  const verb = change.present ? '+' : '-';
  switch (change.kind) {
    case 'route': {
      const { prefix, table, protocol, scope, type, metric, nextHops } = change.route;
      const where = `table ${table} proto ${protocol} scope ${scope} metric ${metric}`;
      const hops = nextHops.map(hopText).join('');
      return `${verb}route ${type} ${formatPrefix(prefix)} ${where} ${change.arrival}${hops}`;
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
