// The network of a history: two uplinks that suffer, one that does not, a link of workloads; made and mended with `ip`.

import { execFileSync, spawnSync } from 'node:child_process';

export interface Uplink {
  readonly name: string;
  readonly addresses: readonly string[];
  /** BGP next hops on it, `address` or `address%interface`. */
  readonly hops4: readonly string[];
  readonly hops6: readonly string[];
}

const uplink = (name: string, n: number): Uplink => ({
  name,
  addresses: [`10.${n}.0.1/16`, `2001:db8:${n}::1/64`],
  hops4: [`10.${n}.0.2`, `10.${n}.0.3`],
  hops6: [`2001:db8:${n}::2`, `2001:db8:${n}::3`, `fe80::${n}%${name}`],
});

export const UPLINKS: readonly Uplink[] = [uplink('eth0', 10), uplink('eth1', 11)];
/** Nothing happens to it: traffic over it may never be lost. */
export const CALM: Uplink = uplink('eth9', 19);
export const WORKLOADS = 'cali1';

/** Every line as an `ip` command; those that fail because of what other steps did are passed over. */
export function ip(lines: readonly string[]): void {
  spawnSync('ip', ['-force', '-batch', '-'], { input: lines.join('\n'), encoding: 'utf8' });
}

export const linkLines = ({ name, addresses }: Uplink): readonly string[] => [
  `link add ${name} type veth peer name ${name}-p`,
  `link set ${name}-p up`,
  `link set ${name} up`,
  ...addressLines({ name, addresses }),
];

export const addressLines = ({ name, addresses }: Pick<Uplink, 'name' | 'addresses'>): readonly string[] =>
  addresses.map((address) => `addr replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`);

export function build(): void {
  for (const key of ['keep_addr_on_down', 'accept_dad']) {
    const value = key === 'accept_dad' ? '0' : '1';
    for (const scope of ['all', 'default'])
      execFileSync('sysctl', ['-qw', `net.ipv6.conf.${scope}.${key}=${value}`]);
  }
  ip([
    'link set lo up',
    ...[...UPLINKS, CALM].flatMap(linkLines),
    `link add ${WORKLOADS} type veth peer name ${WORKLOADS}-p`,
    `link set ${WORKLOADS}-p up`,
    `link set ${WORKLOADS} up`,
    // Somebody must seem to be there, or packets wait for an answer to ARP.
    ...CALM.hops4.map(
      (hop) => `neigh replace ${hop} lladdr 02:00:00:00:00:01 dev ${CALM.name} nud permanent`,
    ),
  ]);
}

/** Every fault is taken back; routes are not touched. */
export function mend(): void {
  for (const link of UPLINKS) {
    const exists = spawnSync('ip', ['link', 'show', 'dev', link.name]).status === 0;
    if (!exists) ip(linkLines(link));
    ip([`link set ${link.name}-p up`, `link set ${link.name} up`, ...addressLines(link)]);
  }
}
