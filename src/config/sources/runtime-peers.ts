// What operators did to peers at run time, laid over the configuration: peers added and removed, switched on and off.
// Either for the life of the process or kept in a state file beside the configuration file.

import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { formatSocketAddress, parseSocketAddress } from '../../net/address.js';
import type { Located, Sections } from '../schema/schema.js';
import type { PeerSection } from '../schema/schema-peers.js';
import type { ConfigProblem } from '../types.js';
import { peerName } from './merge.js';
import { replaceFile } from './replace-file.js';

const schema = z.strictObject({
  /** As in `peers` of the configuration. */
  peers: z.array(z.record(z.string(), z.unknown())).default([]),
  /** Names. */
  removed: z.array(z.string()).default([]),
  /** By name. */
  switched: z
    .record(z.string(), z.strictObject({ enabled: z.boolean(), text: z.string().default('') }))
    .default({}),
});

export interface RuntimePeers {
  readonly peers: readonly Readonly<Record<string, unknown>>[];
  readonly removed: readonly string[];
  readonly switched: Readonly<Record<string, { readonly enabled: boolean; readonly text: string }>>;
}

export const NO_RUNTIME: RuntimePeers = { peers: [], removed: [], switched: {} };

/** `over` wins over `under`: what it removes, `under` has not added. */
export const layered = (under: RuntimePeers, over: RuntimePeers): RuntimePeers => ({
  peers: [...under.peers.filter((peer) => !over.removed.includes(nameOfAdded(peer))), ...over.peers],
  removed: [...under.removed, ...over.removed],
  switched: { ...under.switched, ...over.switched },
});

/** As `peerName` has it: the name, or the address in its canonical form, or the interface. */
export function nameOfAdded({ name, address, interface: link }: Readonly<Record<string, unknown>>): string {
  if (typeof name === 'string') return name;
  if (address === undefined && typeof link === 'string') return link;
  const parsed = typeof address === 'string' ? parseSocketAddress(address) : null;
  return parsed === null ? String(address) : formatSocketAddress(parsed);
}

/** `peer` is there from now on; one of the file with this name or that was removed does not come back with it. */
export const withPeer = (runtime: RuntimePeers, peer: Readonly<Record<string, unknown>>): RuntimePeers => ({
  ...runtime,
  peers: [...runtime.peers, peer],
});

/** `name` is gone from now on, with what was said about it. */
export function withoutPeer(runtime: RuntimePeers, name: string): RuntimePeers {
  const { [name]: _gone, ...switched } = runtime.switched;
  const peers = runtime.peers.filter((peer) => nameOfAdded(peer) !== name);
  const wasAdded = peers.length < runtime.peers.length;
  return { peers, switched, removed: wasAdded ? runtime.removed : [...runtime.removed, name] };
}

export const withSwitch = (
  runtime: RuntimePeers,
  name: string,
  enabled: boolean,
  text: string,
): RuntimePeers => ({ ...runtime, switched: { ...runtime.switched, [name]: { enabled, text } } });

/** Nothing is said about whether `name` is on. */
export function withoutSwitch(runtime: RuntimePeers, name: string): RuntimePeers {
  const { [name]: _gone, ...switched } = runtime.switched;
  return { ...runtime, switched };
}

/** How many peers the parsed file has. */
export const peersOfFile = (value: unknown): number =>
  typeof value === 'object' && value !== null && 'peers' in value && Array.isArray(value.peers)
    ? value.peers.length
    : 0;

/** The parsed file with the added peers behind its own, which keep their places. */
export function withAddedPeers(value: unknown, { peers }: RuntimePeers): unknown {
  if (peers.length === 0 || typeof value !== 'object' || value === null) return value;
  const own: unknown = 'peers' in value ? value.peers : null;
  if (own !== null && own !== undefined && !Array.isArray(own)) return value;
  return { ...value, peers: [...(own ?? []), ...peers] };
}

/** The sections without the removed peers of the file, the others switched as they were told. */
export function withSwitchedPeers(sections: Sections, runtime: RuntimePeers, ofFile: number): Sections {
  const { removed, switched } = runtime;
  if (sections.peers === null) return sections;
  const peers = sections.peers.flatMap((located): Located<PeerSection>[] => {
    const name = peerName(located.value);
    if (Number(located.path[1]) < ofFile && removed.includes(name)) return [];
    const { enabled, text } = Object.hasOwn(switched, name)
      ? switched[name]!
      : { enabled: undefined, text: '' };
    if (enabled === undefined) return [located];
    return [
      { ...located, value: { ...located.value, enabled, ...(text === '' ? {} : { shutdownText: text }) } },
    ];
  });
  return { ...sections, peers };
}

/** `/etc/bgpd/bgpd.yaml` -> `/etc/bgpd/bgpd.runtime.json`. */
export const runtimeFileOf = (configFile: string): string =>
  join(dirname(configFile), `${basename(configFile, extname(configFile))}.runtime.json`);

export type RuntimeResult =
  | { readonly ok: true; readonly runtime: RuntimePeers }
  | { readonly ok: false; readonly problem: ConfigProblem };

/** What was kept; nothing when there is no such file. */
export function readRuntimeFile(file: string): RuntimeResult {
  try {
    return { ok: true, runtime: schema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === 'ENOENT') return { ok: true, runtime: NO_RUNTIME };
    const message = code === null ? 'is not what bgpd wrote' : `can't be read (${code})`;
    const remedy = 'correct it, or remove it: it holds what `bgpctl peer ... --persist` did';
    return { ok: false, problem: { file, line: 0, column: 0, key: '', message, remedy } };
  }
}

/** Null when it is kept, else why not. A reader sees the old state or the new one. */
export const writeRuntimeFile = (file: string, runtime: RuntimePeers): string | null =>
  replaceFile(file, `${JSON.stringify(runtime, null, 2)}\n`);
