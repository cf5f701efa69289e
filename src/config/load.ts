// YAML text -> a complete configuration or every problem in it. `readConfigFile` is the only I/O.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CalicoIntent } from '../calico/types.js';
import { overriddenPeers, withCalico } from './calico-overlay.js';
import { type CalicoReport, calicoWarnings } from './calico-report.js';
import { type CalicoOutcome, CalicoStore } from './calico-store.js';
import { checkNode, warnNode } from './check-node.js';
import { checkPeers, warnPeers } from './check-peers.js';
import { checkPolicies, policiesOf, warnPolicies } from './check-policies.js';
import {
  BGP_PORT,
  DEFAULT_API,
  DEFAULT_DECISION,
  DEFAULT_KERNEL,
  DEFAULT_LIMITS,
  DEFAULT_LISTEN,
  DEFAULT_LOG,
  WORKLOAD_INTERFACES,
} from './defaults.js';
import { objectAt, type PlainConfig, type Repair, repair } from './last-good.js';
import { mergeDynamicPeer, mergePeer } from './merge.js';
import { type Issue, issue, pathText } from './problem.js';
import { hashRouterId } from './router-id.js';
import { parseSections, type Sections } from './schema.js';
import { cacheName, checkRpki, RTR_PORT } from './schema-rpki.js';
import { parseSource } from './source.js';
import type {
  CalicoConfig,
  Config,
  ConfigProblem,
  ConfigResult,
  KeptObject,
  KernelConfig,
  OriginateConfig,
  PoolConfig,
  RpkiConfig,
} from './types.js';

export interface ConfigEnvironment {
  /** The default of `node`. */
  readonly hostname: string;
  /** Reads the resources that the section `calico` names; absent: there are none. */
  readonly calico?: (config: CalicoConfig) => CalicoOutcome;
}

/**
 * `file` only names the text in problems. With `lastGood`, objects with problems are replaced by what they were there, or
 * left out, and what is wrong with them is in `kept`; without it every problem is one of the whole.
 */
export function loadConfig(
  text: string,
  file: string,
  environment: ConfigEnvironment,
  lastGood: PlainConfig | null = null,
): ConfigResult {
  const source = parseSource(text, file);
  if (!source.readable) return { ok: false, problems: ordered(source.problems) };
  const { sections, issues } = readSections(source.value);
  const problems = ordered([...source.problems, ...issues.map(source.locate)]);
  const assembled = problems.length > 0 ? null : assemble(sections, environment);
  if (assembled !== null) {
    const warnings = [...warnNode(sections), ...warnPeers(sections), ...warnPolicies(sections)];
    return {
      ok: true,
      ...assembled,
      warnings: [...ordered(warnings.map(source.locate)), ...warningsOf(assembled.calico)],
      source: plainOf(source.value),
      kept: [],
    };
  }
  const repaired = lastGood === null ? null : repairAll(plainOf(source.value), lastGood, issues);
  const rest = repaired === null ? null : assemble(repaired.sections, environment);
  if (repaired === null || rest === null) return { ok: false, problems };
  return {
    ok: true,
    ...rest,
    warnings: warningsOf(rest.calico),
    source: repaired.plain,
    kept: keptOf(plainOf(source.value), repaired.objects, issues, source.locate),
  };
}

const plainOf = (value: unknown): PlainConfig =>
  typeof value === 'object' && value !== null ? (value as PlainConfig) : {};

/** An object that is replaced can leave others without what they name: these are replaced in turn. */
const MOST_REPAIRS = 8;

interface Repaired {
  readonly plain: PlainConfig;
  readonly sections: Sections;
  readonly objects: Repair['objects'];
}

function repairAll(plain: PlainConfig, lastGood: PlainConfig, issues: readonly Issue[]): Repaired | null {
  const objects = new Map<string, 'kept' | 'leftOut'>();
  let now = plain;
  let wrong = issues;
  for (let round = 0; round < MOST_REPAIRS; round++) {
    const fixed = repair(
      now,
      lastGood,
      wrong.map(({ path }) => path),
    );
    if (fixed === null) return null;
    for (const [name, fate] of fixed.objects) objects.set(name, fate);
    now = fixed.config;
    const read = readSections(now);
    if (read.issues.length === 0) return { plain: now, sections: read.sections, objects };
    wrong = read.issues;
  }
  return null;
}

/** What is wrong with each object, at its place in the text; what only follows from that has the whole as its place. */
function keptOf(
  plain: PlainConfig,
  objects: Repair['objects'],
  issues: readonly Issue[],
  locate: (found: Issue) => ConfigProblem,
): readonly KeptObject[] {
  return [...objects].map(([object, fate]) => {
    const found = issues.find(({ path }) => objectAt(plain, path) === object);
    const text = 'names something that was left out';
    return { object, fate, problem: locate(found ?? issue([], `${object} ${text}`, 'correct that first')) };
  });
}

function readSections(value: unknown): { readonly sections: Sections; readonly issues: readonly Issue[] } {
  const { sections, issues } = parseSections(value);
  const explained = new Set(issues.map(({ path }) => pathText(path)));
  const checks = [
    ...checkNode(sections),
    ...checkPeers(sections),
    ...checkPolicies(sections),
    ...checkRpki(sections),
  ];
  return { sections, issues: [...issues, ...checks.filter(({ path }) => !explained.has(pathText(path)))] };
}

const warningsOf = (report: CalicoReport | null): readonly ConfigProblem[] =>
  report === null ? [] : calicoWarnings(report);

/** Null: nothing says which AS we are in. */
function assemble(
  sections: Sections,
  environment: ConfigEnvironment,
): { readonly config: Config; readonly calico: CalicoReport | null } | null {
  const calico = readCalico(sections, environment);
  const asn = sections.asn ?? calico?.outcome.intent.asn ?? null;
  if (asn === null) return null;
  if (calico === null) return { config: completeConfig(sections, asn, environment, null), calico: null };
  const { intent, report } = calico.outcome;
  const own = completeConfig(sections, asn, environment, intent);
  return {
    config: withCalico(own, sections, intent, calico.config),
    calico: { ...report, overridden: overriddenPeers(own, intent) },
  };
}

function readCalico(
  { calico, node }: Sections,
  { hostname: host, calico: read }: ConfigEnvironment,
): { readonly config: CalicoConfig; readonly outcome: CalicoOutcome } | null {
  if (calico === null || read === undefined || calico.resources.length === 0) return null;
  const config = {
    secrets: null,
    advertise: 'all',
    externalPools: null,
    usePodCidr: false,
    ...present(calico),
    node: calico.node ?? node ?? host,
  } as const;
  return { config, outcome: read(config) };
}

/** Reads the file and the host's name, and loads it. A file that can't be read is one problem without a line. */
export function readConfigFile(path: string, lastGood: PlainConfig | null = null): ConfigResult {
  const store = new CalicoStore(path);
  try {
    return loadConfig(
      readFileSync(path, 'utf8'),
      path,
      { hostname: hostname(), calico: (config) => store.read(config) },
      lastGood,
    );
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    const remedy = READ_REMEDIES[code] ?? 'give a file that can be read';
    const message = `can't read the configuration (${code})`;
    return { ok: false, problems: [{ file: path, line: 0, column: 0, key: '', message, remedy }] };
  }
}

const READ_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file: name it with --config FILE',
  EACCES: 'let the user of the daemon read it',
  EISDIR: 'it is a directory: name a file in it',
};

/** By place, each once: a fault in a group is found again for each of its peers. */
function ordered(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function completeConfig(
  sections: Sections,
  asn: number,
  environment: ConfigEnvironment,
  calico: CalicoIntent | null,
): Config {
  const node = sections.node ?? environment.hostname;
  const routerId = sections.routerId === 'hash' ? hashRouterId(node) : sections.routerId;
  const groupOf = (name: string | undefined) =>
    (name === undefined ? null : sections.peerGroups.get(name)) ?? {};
  const clusterId = sections.routeReflector?.clusterId ?? routerId;
  return {
    node,
    asn,
    routerId,
    listen:
      sections.listen?.map(({ value }) => ({ address: value.address, port: value.port ?? BGP_PORT })) ??
      DEFAULT_LISTEN,
    routeReflector:
      sections.routeReflector === null || clusterId === null
        ? null
        : { clusterId, clientToClient: sections.routeReflector.clientToClient ?? true },
    decision: { ...DEFAULT_DECISION, ...present(sections.decision ?? {}) },
    limits: { ...DEFAULT_LIMITS, ...present(sections.limits ?? {}) },
    kernel: completeKernel(sections.kernel),
    pools: (sections.pools ?? []).map(({ value }) => completePool(value)),
    originate: (sections.originate ?? []).map(({ value }) => completeOrigination(value)),
    peers: (sections.peers ?? []).flatMap(({ value }) => mergePeer(value, groupOf(value.group)) ?? []),
    dynamicPeers: (sections.dynamicPeers ?? []).map(({ value }) =>
      mergeDynamicPeer(value, groupOf(value.group)),
    ),
    policies: policiesOf(sections, calico),
    rpki: completeRpki(sections.rpki),
    api: { ...DEFAULT_API, ...present(sections.api ?? {}) },
    log: { ...DEFAULT_LOG, ...present(sections.log ?? {}) },
    calico: null,
  };
}

/** The routes of a VXLAN pool are the agent's unless the file says otherwise, as in Calico. */
function completePool(pool: ListElement<'pools'>): PoolConfig {
  const encapsulation = pool.encapsulation ?? 'None';
  const overlay = encapsulation.startsWith('VXLAN') ? 'agent' : 'bgp';
  return { external: false, overlay, anycast: false, ...present(pool), encapsulation };
}

function completeOrigination(origination: ListElement<'originate'>): OriginateConfig {
  const { kind = 'static' } = origination;
  const aggregate = kind === 'aggregate';
  return {
    blackhole: aggregate,
    suppressMoreSpecifics: aggregate,
    requireContributor: false,
    communities: [],
    ...present(origination),
    kind,
  };
}

type ListElement<K extends 'pools' | 'originate'> = NonNullable<Sections[K]>[number]['value'];
const completeRpki = (section: Sections['rpki']): RpkiConfig => ({
  caches: (section?.caches ?? []).map((cache) => ({
    name: cacheName(cache),
    address: cache.address,
    port: cache.port ?? RTR_PORT,
    preference: cache.preference ?? 1,
    refresh: cache.refresh ?? null,
    retry: cache.retry ?? null,
    expire: cache.expire ?? null,
  })),
});

function completeKernel(section: Sections['kernel']): KernelConfig {
  const { import: rules, vxlan, ...given } = section ?? {};
  const kernel = {
    ...DEFAULT_KERNEL,
    ...present(given),
    vxlan: { ...DEFAULT_KERNEL.vxlan, ...present(vxlan ?? {}) },
  };
  const imports = (rules ?? [{ interfaces: [...WORKLOAD_INTERFACES] }]).map((rule) => ({
    interfaces: [],
    ignoreInterfaces: [],
    protocols: [],
    prefixes: [],
    anyLength: false,
    table: kernel.table,
    ...present(rule),
  }));
  return { ...kernel, import: imports };
}

type Present<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** The object without its undefined values, so that it can be spread over defaults. */
const present = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
