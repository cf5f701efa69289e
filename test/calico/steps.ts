// The changes of fixtures/calico/steps: a folder each, whose files 1.yaml, 2.yaml ... are applied one after the other, as
// kubectl would: an object takes the place of the one of its name, and one with a deletionTimestamp goes. Secrets are files.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { formatPrefix } from '../../src/base/prefix.js';
import { objectKey, readResource } from '../../src/calico/resources/resource.js';
import { readCalicoFiles } from '../../src/config/calico/calico-files.js';
import { type ConfigDiff, diffConfig, liveConfig } from '../../src/config/diff.js';
import { ConfigFile } from '../../src/config/sources/config-file.js';
import type { Config, ConfigResult, PeerConfig } from '../../src/config/types.js';
import { describeChanges } from '../../src/daemon/changes/reload-notes.js';

export const stepsFolder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'calico', 'steps');

export const stepScenarios: readonly string[] = readdirSync(stepsFolder).sort();

/** `api: none`: the tests read, and start nothing. */
const CONFIG =
  'routerId: 192.0.2.1\ncalico: { node: host-a, advertise: all, resources: [calico], secrets: secrets }\n';

/** What each step comes to for host-a. `folder` is empty, and used up. */
export function playSteps(scenario: string, folder: string): string {
  mkdirSync(join(folder, 'calico'));
  writeFileSync(join(folder, 'bgpd.yaml'), CONFIG);
  const reader = new ConfigFile(join(folder, 'bgpd.yaml'));
  let running: Config | null = null;
  const parts: string[] = [];
  for (const file of filesOf(scenario)) {
    apply(join(stepsFolder, scenario, file), folder);
    const result = reader.read();
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const diff = running === null ? null : diffConfig(running, liveConfig(running, result.config));
    parts.push([`step ${parts.length + 1}:`, ...stateText(result, folder), ...changeText(diff)].join('\n  '));
    running = result.config;
  }
  return `${parts.join('\n\n')}\n`;
}

const filesOf = (scenario: string): readonly string[] =>
  readdirSync(join(stepsFolder, scenario))
    .filter((file) => file.endsWith('.yaml'))
    .sort();

interface Applied {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly stringData?: Readonly<Record<string, string>>;
}

function apply(file: string, folder: string): void {
  for (const { source } of readCalicoFiles([file], new Map()).documents) {
    const object = source.value as Applied;
    const { name, deletionTimestamp } = object.metadata;
    const isGone = deletionTimestamp !== undefined;
    if (object.kind === 'Secret') {
      const secret = join(folder, 'secrets', name);
      rmSync(secret, { recursive: true, force: true });
      if (isGone) continue;
      mkdirSync(secret, { recursive: true });
      for (const [key, value] of Object.entries(object.stringData ?? {}))
        writeFileSync(join(secret, key), value);
      continue;
    }
    const reading = readResource(object);
    if (reading.kind !== 'object') throw new Error(JSON.stringify(reading));
    const path = join(folder, 'calico', `${objectKey(reading.object).replaceAll('/', '.')}.yaml`);
    if (isGone) rmSync(path);
    else writeFileSync(path, stringify(object));
  }
}

function stateText(result: Extract<ConfigResult, { ok: true }>, folder: string): readonly string[] {
  const { config, calico } = result;
  const problems = (calico?.objects ?? []).flatMap(({ kind, name, state, problems: found }) =>
    state === 'applied' ? [] : [`${state} ${kind}/${name}`, ...found.map(({ message }) => `  ${message}`)],
  );
  const originate = config.originate.map(({ prefix, kind }) => `${kind} ${formatPrefix(prefix)}`);
  return [...config.peers.map(peerText).sort(), ...originate, ...problems].map((line) =>
    line.replaceAll(folder, ''),
  );
}

const peerText = ({ name, password, localAddress, gracefulRestart, import: chain }: PeerConfig): string =>
  [
    `peer ${name}`,
    ...(password === null ? [] : [`password ${Buffer.from(password.reveal()).toString()}`]),
    ...(localAddress === null ? ['from any address'] : []),
    ...(gracefulRestart.restartTime === 120 ? [] : [`restart ${gracefulRestart.restartTime}`]),
    ...(chain ?? [])
      .filter((policy) => policy.startsWith('BGPFilter/'))
      .map((policy) => `filter ${policy.split('/')[1]}`),
  ].join(', ');

/** Sessions that are touched, and the rest as a reload tells it. */
const changeText = (diff: ConfigDiff | null): readonly string[] =>
  diff === null
    ? []
    : [
        ...diff.peers.added.map(({ name }) => `=> ${name} begins`),
        ...diff.peers.removed.map(({ name }) => `=> ${name} ends`),
        ...diff.peers.changed
          .filter(({ change }) => change === 'reset')
          .map(({ after, keys }) => `=> ${after.name} resets: ${keys.join(', ')}`),
        ...describeChanges(diff).map((line) => `=> ${line}`),
        ...(diff.isEmpty ? ['=> nothing'] : []),
      ];
