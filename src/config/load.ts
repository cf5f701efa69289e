// YAML text -> a complete configuration or every problem in it. What has to be read besides comes in as functions.

import { WORKLOAD_INTERFACES } from '../calico/cluster.js';
import type { CalicoIntent } from '../calico/types.js';
import { calicoConfig, overriddenPeers, withCalico } from './calico/calico-overlay.js';
import { type CalicoReport, calicoWarnings } from './calico/calico-report.js';
import type { CalicoOutcome } from './calico/calico-store.js';
import { checkNode, warnNode } from './checks/check-node.js';
import { checkPeers, warnPeers } from './checks/check-peers.js';
import { checkPolicies, policiesOf, warnPolicies } from './checks/check-policies.js';
import {
  BGP_PORT,
  DEFAULT_API,
  DEFAULT_DECISION,
  DEFAULT_KERNEL,
  DEFAULT_LIMITS,
  DEFAULT_LISTEN,
  DEFAULT_LOG,
  DEFAULT_MULTIPATH,
  DEFAULT_NODE_RESTART,
  DEFAULT_RELOAD,
  DEFAULT_SHUTDOWN,
} from './defaults.js';
import { type Issue, issue, pathText } from './problem.js';
import { hashRouterId } from './schema/router-id.js';
import { parseSections, type Sections } from './schema/schema.js';
import { cacheName, checkRpki, RTR_PORT } from './schema/schema-rpki.js';
import { objectAt, type PlainConfig, type Repair, repair } from './sources/last-good.js';
import { mergeDynamicPeer, mergePeer } from './sources/merge.js';
import {
  NO_RUNTIME,
  peersOfFile,
  type RuntimePeers,
  withAddedPeers,
  withSwitchedPeers,
} from './sources/runtime-peers.js';
import { checkTcpAo, readSecrets, type SecretReader, type Secrets } from './sources/secrets.js';
import { parseSource } from './sources/source.js';
import type {
  CalicoConfig,
  Config,
  ConfigProblem,
  ConfigResult,
  DecisionConfig,
  KeptObject,
  KernelConfig,
  OriginateConfig,
  PoolConfig,
  RpkiConfig,
} from './types.js';

export interface ConfigEnvironment {
  /** The default of `node`. */
  readonly hostname: string;
  /** Default: there are none. */
  readonly secrets?: SecretReader;
  /** Whether the kernel has TCP-AO. Default: it has. */
  readonly hasTcpAo?: () => boolean;
  /** What operators did at run time. */
  readonly runtime?: RuntimePeers;
  /** What stands in for broken objects. Default: nothing, each is a problem of the whole. */
  readonly lastGood?: PlainConfig | null;
  /** Reads the resources that the section `calico` names; absent: there are none. */
  readonly calico?: (config: CalicoConfig) => CalicoOutcome;
}

const noSecrets: SecretReader = () => ({
  ok: false,
  message: 'keys are not read here',
  remedy: 'check the file with bgpd --check',
});

/**
 * `file` only names the text in problems. With `lastGood`, objects with problems are replaced by what they were there, or
 * left out, and what is wrong with them is in `kept`; without it every problem is one of the whole.
 */
export function loadConfig(text: string, file: string, environment: ConfigEnvironment): ConfigResult {
  const source = parseSource(text, file);
  if (!source.readable) return { ok: false, problems: ordered(source.problems) };
  const { sections, secrets, issues } = readSections(source.value, environment);
  const problems = ordered([...source.problems, ...issues.map(source.locate)]);
  const assembled = problems.length > 0 ? null : assemble({ sections, secrets }, environment);
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
  const repaired = repairAll(plainOf(source.value), environment, issues);
  const rest = repaired === null ? null : assemble(repaired, environment);
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
  readonly secrets: Secrets;
  readonly objects: Repair['objects'];
}

function repairAll(
  plain: PlainConfig,
  environment: ConfigEnvironment,
  issues: readonly Issue[],
): Repaired | null {
  const { lastGood = null } = environment;
  if (lastGood === null) return null;
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
    const read = readSections(now, environment);
    if (read.issues.length === 0) return { ...read, plain: now, objects };
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

interface ReadSections {
  readonly sections: Sections;
  readonly secrets: Secrets;
  readonly issues: readonly Issue[];
}

function readSections(value: unknown, environment: ConfigEnvironment): ReadSections {
  const runtime = environment.runtime ?? NO_RUNTIME;
  const parsed = parseSections(withAddedPeers(value, runtime));
  const sections = withSwitchedPeers(parsed.sections, runtime, peersOfFile(value));
  const { secrets, issues: keyIssues } = readSecrets(sections, environment.secrets ?? noSecrets);
  const ao = checkTcpAo(sections, environment.hasTcpAo ?? (() => true));
  const issues = [...parsed.issues, ...keyIssues, ...ao];
  const explained = new Set(issues.map(({ path }) => pathText(path)));
  const checks = [
    ...checkNode(sections),
    ...checkPeers(sections),
    ...checkPolicies(sections),
    ...checkRpki(sections),
  ];
  const found = [...issues, ...checks.filter(({ path }) => !explained.has(pathText(path)))];
  return { sections, secrets, issues: found };
}

const warningsOf = (report: CalicoReport | null): readonly ConfigProblem[] =>
  report === null ? [] : calicoWarnings(report);

/** Null: nothing says which AS we are in. */
function assemble(
  { sections, secrets }: Pick<ReadSections, 'sections' | 'secrets'>,
  environment: ConfigEnvironment,
): { readonly config: Config; readonly calico: CalicoReport | null } | null {
  const settings = calicoConfig(sections, environment.hostname);
  const outcome = settings === null ? null : (environment.calico?.(settings) ?? null);
  const asn = sections.asn ?? outcome?.intent.asn ?? null;
  if (asn === null) return null;
  const own = completeConfig(sections, asn, environment, secrets, outcome?.intent ?? null);
  if (settings === null || outcome === null) return { config: own, calico: null };
  const { intent, report } = outcome;
  const { secrets: readKey = noSecrets, runtime = NO_RUNTIME } = environment;
  return {
    config: withCalico({ own, sections, intent, calico: settings, readKey, runtime }),
    calico: { ...report, overridden: overriddenPeers(own, intent) },
  };
}

/** By place, each once: a fault in a group is found again for each of its peers. */
function ordered(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function completeConfig(
  sections: Sections,
  asn: number,
  environment: ConfigEnvironment,
  secrets: Secrets,
  calico: CalicoIntent | null,
): Config {
  const node = sections.node ?? environment.hostname;
  const routerId = sections.routerId === 'hash' ? hashRouterId(node) : sections.routerId;
  const groupOf = (name: string | undefined) =>
    (name === undefined ? null : sections.peerGroups.get(name)) ?? {};
  const clusterId = sections.routeReflector?.clusterId ?? routerId;
  const restart = sections.gracefulRestart ?? {};
  return {
    node,
    asn,
    routerId,
    listen:
      sections.listen?.map(({ value: { address, port = BGP_PORT, freeBind = false } }) => ({
        address,
        port,
        freeBind,
      })) ?? DEFAULT_LISTEN,
    confederation: sections.confederation && {
      identifier: sections.confederation.identifier,
      members: (sections.confederation.members ?? []).filter((member) => member !== asn),
    },
    routeReflector:
      sections.routeReflector === null || clusterId === null
        ? null
        : { clusterId, clientToClient: sections.routeReflector.clientToClient ?? true },
    optimalRouteReflection: (sections.optimalRouteReflection ?? []).map(({ value }) => ({
      name: value.name,
      costs: value.nextHopCosts.map(({ nextHops, cost }) => ({ prefix: nextHops, cost })),
    })),
    decision: completeDecision(sections.decision),
    limits: { ...DEFAULT_LIMITS, ...present(sections.limits ?? {}) },
    gracefulRestart: { ...DEFAULT_NODE_RESTART, ...present(restart) },
    shutdown: { ...DEFAULT_SHUTDOWN, ...present(sections.shutdown ?? {}) },
    kernel: completeKernel(sections.kernel),
    pools: (sections.pools ?? []).map(({ value }) => completePool(value)),
    originate: (sections.originate ?? []).map(({ value }) => completeOrigination(value)),
    peers: (sections.peers ?? []).flatMap(
      ({ value }) => mergePeer(value, groupOf(value.group), secrets, restart) ?? [],
    ),
    dynamicPeers: (sections.dynamicPeers ?? []).map(({ value }) =>
      mergeDynamicPeer(value, groupOf(value.group), secrets, restart),
    ),
    policies: policiesOf(sections, calico),
    rpki: completeRpki(sections.rpki),
    reload: { ...DEFAULT_RELOAD, ...present(sections.reload ?? {}) },
    api: { ...DEFAULT_API, ...present(sections.api ?? {}) },
    log: { ...DEFAULT_LOG, ...present(sections.log ?? {}) },
    calico: null,
  };
}

function completeDecision(section: Sections['decision']): DecisionConfig {
  const { multipath = {}, ...given } = section ?? {};
  const { 'ipv4-unicast': ipv4 = {}, 'ipv6-unicast': ipv6 = {}, ...rules } = multipath;
  return {
    ...DEFAULT_DECISION,
    ...present(given),
    multipath: {
      ...DEFAULT_DECISION.multipath,
      ...present(rules),
      families: [
        { ...DEFAULT_MULTIPATH, ...present(ipv4) },
        { ...DEFAULT_MULTIPATH, ...present(ipv6) },
      ],
    },
  };
}

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
    requireContributor: [],
    communities: [],
    ...present(origination),
    kind,
  };
}

type ListElement<K extends 'pools' | 'originate'> = NonNullable<Sections[K]>[number]['value'];

function completeKernel(section: Sections['kernel']): KernelConfig {
  const { import: rules, vxlan, ...given } = section ?? {};
  const kernel = {
    ...DEFAULT_KERNEL,
    ipv6Metric: given.metric ?? DEFAULT_KERNEL.ipv6Metric,
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
