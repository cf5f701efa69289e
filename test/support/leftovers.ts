// Who owns which test network, and the removal of networks: by their owner, or by a later run when the owner is dead.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSync } from './command.js';

/** A network's namespaces and its folder are all named after it. */
export const NETWORK_NAME = /^(bgpd-(\d+)-[a-z0-9]+)(?:-|$)/;

const NAMESPACE_FOLDERS = ['/run/netns', '/var/run/netns'];

export const directoryOf = (network: string): string => join(tmpdir(), network);

export interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot: tells a process from a later one with the same id. */
  readonly startTime: string;
  /** Kept on purpose: only an explicit clean-up removes it. */
  readonly kept: boolean;
}

/** Field 22 of /proc/PID/stat; empty when there is no such process. The name (field 2) may hold spaces. */
const startTimeOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
};

const ownerFile = (network: string): string => join(directoryOf(network), 'owner.json');

export const claim = (network: string): string => {
  const directory = directoryOf(network);
  mkdirSync(directory);
  const owner: Owner = { pid: process.pid, startTime: startTimeOf(process.pid), kept: false };
  writeFileSync(ownerFile(network), JSON.stringify(owner));
  return directory;
};

/** From now on the network outlives its owner. */
export const markKept = (network: string): void => {
  const owner: Owner = { pid: process.pid, startTime: startTimeOf(process.pid), kept: true };
  writeFileSync(ownerFile(network), JSON.stringify(owner));
};

const ownerOf = (network: string): Owner => {
  try {
    return JSON.parse(readFileSync(ownerFile(network), 'utf8')) as Owner;
  } catch {
    const pid = Number(NETWORK_NAME.exec(network)?.[2] ?? 0);
    return { pid, startTime: startTimeOf(pid), kept: false };
  }
};

const isAlive = (owner: Owner): boolean =>
  owner.startTime !== '' && startTimeOf(owner.pid) === owner.startTime;

const list = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

export const namespacesOf = (network: string): readonly string[] => {
  const folder = NAMESPACE_FOLDERS.find((path) => existsSync(path));
  return folder === undefined ? [] : list(folder).filter((name) => NETWORK_NAME.exec(name)?.[1] === network);
};

const killAll = (namespace: string): void => {
  const pids = runSync('ip', ['netns', 'pids', namespace]).stdout.split('\n').map(Number);
  for (const pid of pids.filter((value) => value > 1 && value !== process.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended in the meantime.
    }
  }
};

/** Ends every process inside the network's namespaces, then removes them and the folder. Safe to call twice. */
export const removeNetwork = (network: string): void => {
  const namespaces = namespacesOf(network);
  for (const namespace of namespaces) killAll(namespace);
  for (const namespace of namespaces) runSync('ip', ['netns', 'del', namespace]);
  rmSync(directoryOf(network), { recursive: true, force: true });
};

export const allNetworks = (): readonly string[] => {
  const names = [tmpdir(), ...NAMESPACE_FOLDERS].flatMap(list);
  const networks = names.map((name) => NETWORK_NAME.exec(name)?.[1]);
  return [...new Set(networks.filter((name) => name !== undefined))];
};

/** Removes networks whose owner died without doing so; with `kept`, also those left up on purpose. Returns their names. */
export const removeLeftovers = (options: { readonly kept: boolean }): readonly string[] => {
  const orphans = allNetworks().filter((network) => {
    const owner = ownerOf(network);
    return owner.kept ? options.kept : !isAlive(owner);
  });
  for (const network of orphans) removeNetwork(network);
  return orphans;
};
