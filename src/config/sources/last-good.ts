// The parts of a configuration that stand for themselves, and what takes the place of a broken one: what it was when it
// was good last, else nothing. Works on plain data, before anything of it is understood.

import type { Path } from '../problem.js';
import { RTR_PORT } from '../schema/schema-rpki.js';

/** A configuration as YAML gives it. */
export type PlainConfig = Readonly<Record<string, unknown>>;

type Element = Readonly<Record<string, unknown>>;

/** Lists whose elements are objects of their own, and what they are known by. */
const LISTS: Readonly<Record<string, (element: Element) => unknown>> = {
  peers: ({ name, address }) => name ?? address,
  dynamicPeers: ({ range }) => range,
  pools: ({ cidr }) => cidr,
  originate: ({ prefix }) => prefix,
};

const NAMED: readonly string[] = ['peerGroups', 'policies', 'sets'];

const isMapping = (value: unknown): value is Element =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `peers tor-a`, `policies external`, `kernel`: every object there is, with its text. */
export function objectsOf(config: PlainConfig): ReadonlyMap<string, string> {
  const found = Object.entries(config).flatMap(([section, value]): (readonly [string, unknown])[] => {
    const identify = LISTS[section];
    if (identify !== undefined && Array.isArray(value)) {
      return value.map((element) => [`${section} ${identityOf(section, element)}`, element] as const);
    }
    if (NAMED.includes(section) && isMapping(value)) {
      return Object.entries(value).map(([name, inner]) => [`${section} ${name}`, inner] as const);
    }
    if (section === 'rpki')
      return cachesOf(value).map((cache) => [`rpki ${cacheIdentity(cache)}`, cache] as const);
    return [[section, value]];
  });
  return new Map(found.map(([name, value]) => [name, JSON.stringify(value) ?? '']));
}

const identityOf = (section: string, element: unknown): string =>
  isMapping(element) ? String(LISTS[section]?.(element) ?? '') : '';

function cachesOf(rpki: unknown): readonly unknown[] {
  const { caches } = isMapping(rpki) ? rpki : {};
  return Array.isArray(caches) ? caches : [];
}

function cacheIdentity(cache: unknown): string {
  const { name, address, port } = isMapping(cache) ? cache : {};
  return String(name ?? `${address}:${port ?? RTR_PORT}`);
}

/** The object that a problem at `path` is of, as `objectsOf` names it; the empty text for the whole. */
export function objectAt(config: PlainConfig, path: Path): string {
  const [section, step] = path;
  if (section === undefined) return '';
  const value = config[section];
  if (LISTS[section] !== undefined && Array.isArray(value) && typeof step === 'number') {
    return `${section} ${identityOf(String(section), value[step])}`;
  }
  return NAMED.includes(String(section)) && step !== undefined ? `${section} ${step}` : String(section);
}

export interface Repair {
  readonly config: PlainConfig;
  /** What was replaced, as `objectsOf` names it, and whether something took its place. */
  readonly objects: ReadonlyMap<string, 'kept' | 'leftOut'>;
}

/** The configuration without the objects that have problems; null: the whole of it is wrong. */
export function repair(config: PlainConfig, lastGood: PlainConfig, problems: readonly Path[]): Repair | null {
  if (problems.some((path) => path.length === 0)) return null;
  const objects = new Map<string, 'kept' | 'leftOut'>();
  const broken = bySection(problems);
  const entries = Object.entries(config).flatMap(([section, value]): [string, unknown][] => {
    const paths = broken.get(section);
    if (paths === undefined) return [[section, value]];
    const fixed = repairSection(section, value, lastGood[section], paths, objects);
    return fixed === undefined ? [] : [[section, fixed]];
  });
  const absent = [...broken.keys()].filter((section) => !(section in config));
  for (const section of absent) note(objects, section, lastGood[section]);
  const added = absent.flatMap((section) =>
    section in lastGood ? [[section, lastGood[section]] as const] : [],
  );
  return { config: Object.fromEntries([...entries, ...added]), objects };
}

function bySection(problems: readonly Path[]): ReadonlyMap<string, readonly Path[]> {
  const sections = new Set(problems.map(([section]) => String(section)));
  return new Map(
    [...sections].map((section) => [section, problems.filter(([first]) => String(first) === section)]),
  );
}

const note = (objects: Map<string, 'kept' | 'leftOut'>, name: string, before: unknown): void =>
  void objects.set(name, before === undefined ? 'leftOut' : 'kept');

/** Undefined: nothing is left of it. */
function repairSection(
  section: string,
  value: unknown,
  before: unknown,
  paths: readonly Path[],
  objects: Map<string, 'kept' | 'leftOut'>,
): unknown {
  const steps = new Set(paths.map((path) => path[1]));
  if (LISTS[section] !== undefined && Array.isArray(value) && !steps.has(undefined)) {
    const named = (list: unknown): Members =>
      (Array.isArray(list) ? list : []).map((element: unknown) => [identityOf(section, element), element]);
    const broken = (_name: string, index: number): boolean => steps.has(index);
    return repairMembers(section, named(value), named(before), broken, objects).map(([, element]) => element);
  }
  if (NAMED.includes(section) && isMapping(value) && !steps.has(undefined)) {
    const good = Object.entries(isMapping(before) ? before : {});
    const broken = (name: string): boolean => steps.has(name);
    return Object.fromEntries(repairMembers(section, Object.entries(value), good, broken, objects));
  }
  note(objects, section, before);
  return before;
}

type Members = readonly (readonly [name: string, value: unknown])[];

/** A broken member that was never there may be one that was, under a wrong name: until it is right none is removed. */
function repairMembers(
  section: string,
  members: Members,
  before: Members,
  isBroken: (name: string, index: number) => boolean,
  objects: Map<string, 'kept' | 'leftOut'>,
): Members {
  const good = new Map(before);
  const names = new Set(members.map(([name]) => name));
  let unknown = false;
  const repaired = members.flatMap(([name, value], index): Members => {
    if (!isBroken(name, index)) return [[name, value]];
    note(objects, `${section} ${name}`, good.get(name));
    if (good.has(name)) return [[name, good.get(name)]];
    unknown = true;
    return [];
  });
  return unknown ? [...repaired, ...before.filter(([name]) => !names.has(name))] : repaired;
}
