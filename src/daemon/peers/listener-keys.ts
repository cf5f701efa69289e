// What listening sockets need to take connections of peers with keys or GTSM: TCP-MD5 and TCP-AO keys by peer or range, a
// TTL that GTSM at the other end lets through, and the SYN kept to judge the TTL by. Follows the configuration.

import type { IpAddress } from '../../base/ip.js';
import { formatPrefix, makePrefix, maxLength, type Prefix } from '../../base/prefix.js';
import type { Config, PeerConfig } from '../../config/types.js';
import { type OptionResult, setSaveSyn, setTcpMd5Key, setTtl } from '../../sys/socket-options.js';
import { addTcpAoKey, deleteTcpAoKey } from '../../sys/tcp-ao.js';

export interface ListeningSocket {
  readonly fd: number;
  readonly family: IpAddress['family'];
}

type Settings = Pick<PeerConfig, 'password' | 'tcpAo' | 'ttlSecurity'>;

/** One key as a listener holds it. */
interface Installed {
  readonly peer: Prefix;
  /** Changes when the key does. */
  readonly version: string;
  readonly set: (fd: number) => OptionResult;
  readonly remove: (fd: number) => OptionResult;
}

/** RFC 5082 3: what GTSM peers want to see, from the SYN-ACK on. */
const GTSM_TTL = 255;
const NO_KEY = new Uint8Array(0);

export class ListenerKeys {
  readonly #sockets: () => readonly ListeningSocket[];
  #installed: ReadonlyMap<string, Installed> = new Map();
  #gtsm = false;

  constructor(sockets: () => readonly ListeningSocket[]) {
    this.#sockets = sockets;
  }

  /** Makes the sockets what the configuration wants. What the kernel refuses comes back, a line each, without keys. */
  apply(config: Pick<Config, 'peers' | 'dynamicPeers'>): readonly string[] {
    const members = membersOf(config);
    const wanted = new Map(members.flatMap(([peer, settings]) => keysOf(peer, settings)));
    const problems: string[] = [];
    for (const [name, key] of this.#installed) {
      if (!wanted.has(name)) problems.push(...this.#onAll(key, 'remove'));
    }
    for (const [name, key] of wanted) {
      if (this.#installed.get(name)?.version !== key.version) problems.push(...this.#onAll(key, 'set'));
    }
    this.#installed = wanted;
    return [...problems, ...this.#applyGtsm(members.some(([, { ttlSecurity }]) => ttlSecurity !== null))];
  }

  #onAll(key: Installed, what: 'set' | 'remove'): readonly string[] {
    return this.#sockets()
      .filter(({ family }) => family === key.peer.address.family)
      .flatMap(({ fd }) => {
        const outcome = key[what](fd);
        return outcome.ok
          ? []
          : [`a TCP key for ${formatPrefix(key.peer)} can't be ${what}: ${outcome.errno}`];
      });
  }

  /** Stays on once it was needed: the TTL that the kernel would choose by itself can't be asked for. */
  #applyGtsm(needed: boolean): readonly string[] {
    if (!needed || this.#gtsm) return [];
    this.#gtsm = true;
    return this.#sockets().flatMap(({ fd, family }) => {
      const outcomes = [setTtl(fd, family, GTSM_TTL), setSaveSyn(fd, true)];
      return outcomes.flatMap((outcome) =>
        outcome.ok ? [] : [`ttlSecurity can't be set up on the listener: ${outcome.errno}`],
      );
    });
  }
}

const membersOf = ({
  peers,
  dynamicPeers,
}: Pick<Config, 'peers' | 'dynamicPeers'>): readonly (readonly [Prefix, Settings])[] => [
  ...dynamicPeers.map(({ range, template }) => [range, template] as const),
  ...peers.map((peer) => [hostOf(peer.address), peer] as const),
];

const hostOf = (address: IpAddress): Prefix => makePrefix(address, maxLength(address.family));

function keysOf(peer: Prefix, { password, tcpAo }: Settings): readonly (readonly [string, Installed])[] {
  const name = formatPrefix(peer);
  const md5 = password && {
    peer,
    version: password.fingerprint,
    set: (fd: number) => setTcpMd5Key(fd, peer, password.reveal()),
    remove: (fd: number) => setTcpMd5Key(fd, peer, NO_KEY),
  };
  const ao = tcpAo.map(({ key, ...ids }): readonly [string, Installed] => [
    `${name} ${ids.sendId} ${ids.receiveId}`,
    {
      peer,
      version: `${ids.algorithm} ${key.fingerprint}`,
      set: (fd) => {
        // Unlike a TCP-MD5 key, one that is there can't be written over.
        deleteTcpAoKey(fd, peer, ids);
        return addTcpAoKey(fd, peer, { ...ids, key: key.reveal() }, false);
      },
      remove: (fd) => deleteTcpAoKey(fd, peer, ids),
    },
  ]);
  return md5 === null ? ao : [[name, md5], ...ao];
}
