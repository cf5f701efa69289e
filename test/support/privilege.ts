// Whether this process may make network namespaces, and how to get that right without being root: a user namespace.

import { existsSync, readFileSync } from 'node:fs';
import { runSync } from './command.js';

export type Privilege =
  | { readonly kind: 'root' }
  /** Not root, but `userNamespaceCommand` works here. */
  | { readonly kind: 'userNamespace' }
  | { readonly kind: 'none'; readonly reason: string };

/** `ip netns` keeps its handles under /run: the tmpfs gives us one of our own. */
const PRIVATE_RUN = 'mount -t tmpfs tmpfs /run && exec "$@"';

/** The command line that runs `command` as root of fresh user, network and mount namespaces. */
export const userNamespaceCommand = (
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] => [
  'unshare',
  ['--user', '--map-root-user', '--net', '--mount', '--', 'sh', '-c', PRIVATE_RUN, 'sh', command, ...args],
];

/** Being uid 0 is not enough (containers): the proof is making a namespace. */
const PROOF = 'ip netns add "$0" && ip netns del "$0"';

export const probePrivilege = (): Privilege => {
  if (process.platform !== 'linux') return { kind: 'none', reason: `no namespaces on ${process.platform}` };
  const name = `bgpd-${process.pid}-probe`;
  const direct = runSync('sh', ['-c', PROOF, name]);
  if (process.getuid?.() === 0 && direct.status === 0) return { kind: 'root' };
  const unprivileged = runSync(...userNamespaceCommand('sh', ['-c', PROOF, name]));
  if (unprivileged.status === 0) return { kind: 'userNamespace' };
  const reason = (unprivileged.stderr || direct.stderr).trim().split('\n')[0] ?? '';
  return { kind: 'none', reason: reason === '' ? 'unshare does not work here' : reason };
};

/** The initial user namespace maps all ids; any other maps fewer. */
export const inUserNamespace = (): boolean => {
  const map = existsSync('/proc/self/uid_map')
    ? readFileSync('/proc/self/uid_map', 'utf8')
    : '0 0 4294967295';
  return !/^\s*0\s+0\s+4294967295\s*$/.test(map);
};
