// Where keys come from: a file or the environment of the process, never the configuration itself. Reads them once a load;
// a message about a key names its place and never what is in it.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeSecret, type Secret } from '../../sys/secret.js';
import { TCP_AO_MAXKEYLEN } from '../../sys/tcp-ao.js';
import { type Issue, issue } from '../problem.js';
import type { Sections } from '../schema/schema.js';
import type { PeerGroupSection, SecretRef } from '../schema/schema-peers.js';

/** The text of a key, or why there is none. */
export type SecretText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

export type SecretReader = (ref: SecretRef) => SecretText;

/** Keys by `originOf` their place. */
export type Secrets = ReadonlyMap<string, Secret>;

export const NO_SECRETS: Secrets = new Map();

export const originOf = (ref: SecretRef): string =>
  ref.file === undefined ? `environment ${ref.env}` : `file ${ref.file}`;

const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a directory',
};

/** Files are looked for beside the configuration file when their path is relative. */
export function systemSecrets(
  configFile: string,
  environment: Readonly<Record<string, string | undefined>>,
): SecretReader {
  return (ref) => {
    if (ref.file === undefined) {
      const text = environment[ref.env];
      return text === undefined
        ? {
            ok: false,
            message: `the environment has no ${ref.env}`,
            remedy: 'set it before the daemon starts',
          }
        : { ok: true, text };
    }
    try {
      return { ok: true, text: readFileSync(resolve(dirname(configFile), ref.file), 'utf8') };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      const why = FILE_ERRORS[code] ?? code;
      return { ok: false, message: `${ref.file} can't be read: ${why}`, remedy: 'give a file with the key' };
    }
  };
}

/** What both TCP-MD5 and TCP-AO take (TCP_MD5SIG_MAXKEYLEN is the same). */
const LONGEST = TCP_AO_MAXKEYLEN;

/** Reads every key that peers and groups name, each place once. */
export function readSecrets(
  { peers, peerGroups }: Sections,
  read: SecretReader,
): { readonly secrets: Secrets; readonly issues: readonly Issue[] } {
  const secrets = new Map<string, Secret>();
  const issues: Issue[] = [];
  for (const [path, section] of holdersOf({ peers, peerGroups })) {
    for (const [at, ref] of refsOf(path, section)) {
      const outcome = readKey(ref, read);
      if ('reveal' in outcome) secrets.set(originOf(ref), outcome);
      else issues.push(issue(at, outcome.message, outcome.remedy));
    }
  }
  return { secrets, issues };
}

type Holder = readonly [path: Issue['path'], section: PeerGroupSection | null];

const holdersOf = ({ peers, peerGroups }: Pick<Sections, 'peers' | 'peerGroups'>): readonly Holder[] => [
  ...(peers ?? []).map(({ path, value }): Holder => [path, value]),
  ...[...peerGroups].map(([name, value]): Holder => [['peerGroups', name], value]),
];

/** Said where the keys are configured, before a session fails for it. `supported` is asked only when there are keys. */
export function checkTcpAo(sections: Sections, supported: () => boolean): readonly Issue[] {
  const using = holdersOf(sections).filter(([, section]) => (section?.tcpAo ?? []).length > 0);
  if (using.length === 0 || supported()) return [];
  const message = 'this kernel has no TCP-AO (RFC 5925): Linux 6.7 or later with CONFIG_TCP_AO has';
  return using.map(([path]) =>
    issue([...path, 'tcpAo'], message, 'use password (TCP-MD5), or another kernel'),
  );
}

function refsOf(
  path: Issue['path'],
  section: PeerGroupSection | null,
): readonly (readonly [Issue['path'], SecretRef])[] {
  const password = section?.password;
  const keys = section?.tcpAo ?? [];
  return [
    ...(password === undefined ? [] : [[[...path, 'password'], password] as const]),
    ...keys.map(({ key }, index) => [[...path, 'tcpAo', index, 'key'], key] as const),
  ];
}

/** The key at its place, or what is wrong with it. */
export function readKey(ref: SecretRef, read: SecretReader): Secret | Exclude<SecretText, { ok: true }> {
  const found = read(ref);
  if (!found.ok) return found;
  // Editors end a file with a line end that nobody means to be part of the key.
  const octets = new TextEncoder().encode(found.text.replace(/\r?\n$/, ''));
  if (octets.length > 0 && octets.length <= LONGEST) return makeSecret(originOf(ref), octets);
  const message = octets.length === 0 ? 'the key is empty' : `the key has ${octets.length} octets`;
  return { ok: false, message: `${originOf(ref)}: ${message}`, remedy: `give 1 to ${LONGEST} octets` };
}
