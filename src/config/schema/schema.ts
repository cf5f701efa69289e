// The top of the YAML shape: its sections, and reading them element by element so that one broken peer hides nothing.

import { z } from 'zod';
import { setSchema } from '../policy/schema-sets.js';
import { describe, type Issue, issue, type Path } from '../problem.js';
import { asnField, nameField } from './fields.js';
import { calicoSchema } from './schema-calico.js';
import { kernelSchema, originateSchema, poolSchema } from './schema-kernel.js';
import {
  apiSchema,
  confederationSchema,
  decisionSchema,
  limitsSchema,
  listenSchema,
  logSchema,
  nodeRestartSchema,
  routeReflectorSchema,
  routerIdField,
  shutdownSchema,
  vantageSchema,
} from './schema-node.js';
import { dynamicPeerSchema, peerGroupSchema, peerSchema } from './schema-peers.js';
import { policySchema } from './schema-policies.js';
import { reloadSchema } from './schema-reload.js';
import { rpkiSchema } from './schema-rpki.js';
import { suggest } from './suggestion.js';

/** One value, a list of values, or values by name. */
interface Section<K extends 'one' | 'list' | 'named', S extends z.ZodType> {
  readonly kind: K;
  readonly schema: S;
}

const one = <S extends z.ZodType>(schema: S): Section<'one', S> => ({ kind: 'one', schema });
const list = <S extends z.ZodType>(schema: S): Section<'list', S> => ({ kind: 'list', schema });
const named = <S extends z.ZodType>(schema: S): Section<'named', S> => ({ kind: 'named', schema });

export const SECTIONS = {
  node: one(nameField('the name of this node')),
  asn: one(asnField),
  routerId: one(routerIdField),
  confederation: one(confederationSchema),
  listen: list(listenSchema),
  routeReflector: one(routeReflectorSchema),
  optimalRouteReflection: list(vantageSchema),
  decision: one(decisionSchema),
  limits: one(limitsSchema),
  gracefulRestart: one(nodeRestartSchema),
  shutdown: one(shutdownSchema),
  kernel: one(kernelSchema),
  pools: list(poolSchema),
  originate: list(originateSchema),
  peerGroups: named(peerGroupSchema),
  peers: list(peerSchema),
  dynamicPeers: list(dynamicPeerSchema),
  rpki: one(rpkiSchema),
  reload: one(reloadSchema),
  sets: named(setSchema),
  policies: named(policySchema),
  api: one(apiSchema),
  log: one(logSchema),
  calico: one(calicoSchema),
} as const;

type SectionName = keyof typeof SECTIONS;

/** An element of a list and where it stands. */
export interface Located<T> {
  readonly path: Path;
  readonly value: T;
}

type SectionOutput<X> =
  X extends Section<'one', infer S>
    ? z.output<S> | null
    : X extends Section<'list', infer S>
      ? readonly Located<z.output<S>>[] | null
      : X extends Section<'named', infer S>
        ? ReadonlyMap<string, z.output<S> | null>
        : never;

/** What could be read. Null: absent or broken; broken list elements are left out; broken names map to null. */
export type Sections = { readonly [K in SectionName]: SectionOutput<(typeof SECTIONS)[K]> } & {
  /** The sections with issues: what is null may have been meant otherwise. */
  readonly broken: ReadonlySet<string>;
};

export interface ParsedSections {
  readonly sections: Sections;
  readonly issues: readonly Issue[];
}

/** Reads the whole configuration, past every error. */
export function parseSections(value: unknown): ParsedSections {
  const issues: Issue[] = [];
  const top = mapping(value, [], issues);
  for (const key of Object.keys(top)) {
    if (!Object.hasOwn(SECTIONS, key)) issues.push(unknownKey([], key, Object.keys(SECTIONS)));
  }
  const entries = Object.entries(SECTIONS).map(([name, section]) => [
    name,
    readSection(section, Object.hasOwn(top, name) ? top[name] : undefined, [name], issues),
  ]);
  // Calico's resources name it as well.
  const needsAsn = !Object.hasOwn(top, 'asn') && !namesResources(top);
  if (needsAsn && !issues.some(({ path }) => path.length === 0)) {
    issues.push(issue(['asn'], 'is missing', 'give the AS number of this node, such as asn: 64512'));
  }
  const broken = new Set(issues.map(({ path }) => String(path[0])));
  return { sections: { ...Object.fromEntries(entries), broken } as Sections, issues };
}

const namesResources = ({ calico }: { readonly calico?: unknown }): boolean =>
  typeof calico === 'object' &&
  calico !== null &&
  'resources' in calico &&
  Array.isArray(calico.resources) &&
  calico.resources.length > 0;

function readSection(
  section: Section<'one' | 'list' | 'named', z.ZodType>,
  value: unknown,
  path: Path,
  issues: Issue[],
): unknown {
  switch (section.kind) {
    case 'one':
      return value === undefined ? null : readSalvaged(section.schema, value, path, issues);
    case 'list':
      return value === undefined ? null : readList(section.schema, value, path, issues);
    case 'named':
      return readNamed(section.schema, value === undefined ? {} : value, path, issues);
  }
}

function readList(schema: z.ZodType, value: unknown, path: Path, issues: Issue[]): unknown {
  if (!Array.isArray(value)) {
    issues.push(issue(path, `is ${describe(value)}`, 'give a list'));
    return null;
  }
  return value.flatMap((element, index) => {
    const at = [...path, index];
    const read = readSalvaged(schema, element, at, issues);
    return read === null ? [] : [{ path: at, value: read }];
  });
}

function readNamed(schema: z.ZodType, value: unknown, path: Path, issues: Issue[]): unknown {
  const entries = Object.entries(mapping(value, path, issues)).map(([name, element]) => {
    const isName = /^\S{1,128}$/.test(name);
    if (!isName) {
      issues.push(issue([...path, name], 'is no name', 'use 1 to 128 characters without white space', 'key'));
    }
    return [name, readValue(schema, element, [...path, name], issues)] as const;
  });
  return new Map(entries);
}

function mapping(value: unknown, path: Path, issues: Issue[]): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  const isEmptyFile = path.length === 0 && (value === null || value === undefined);
  if (!isEmptyFile) issues.push(issue(path, `is ${describe(value)}`, 'give a mapping: keys with values'));
  return {};
}

/** A default in their place would make other checks find what is not there. */
const NEEDED_BY_CHECKS = ['address', 'interface', 'group', 'port'];

/** Like `readValue`; a mapping with broken keys is read without them, so that the rest of it is checked too. */
function readSalvaged(schema: z.ZodType, value: unknown, path: Path, issues: Issue[]): unknown {
  const before = issues.length;
  const read = readValue(schema, value, path, issues);
  const broken = issues.slice(before).map((found) => String(found.path[path.length]));
  if (broken.length === 0 || describe(value) !== 'a mapping') return read;
  if (broken.some((key) => NEEDED_BY_CHECKS.includes(key))) return null;
  const rest = Object.entries(value as object).filter(([key]) => !broken.includes(key));
  const again = schema.safeParse(Object.fromEntries(rest));
  return again.success ? again.data : null;
}

/** The value read, or null with its issues added. */
function readValue(schema: z.ZodType, value: unknown, path: Path, issues: Issue[]): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const found of result.error.issues) issues.push(...issuesOf(schema, value, found, path));
  return null;
}

function issuesOf(schema: z.ZodType, root: unknown, found: z.core.$ZodIssue, base: Path): Issue[] {
  const inner = found.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const path = [...base, ...inner];
  switch (found.code) {
    case 'unrecognized_keys': {
      const at = schemaAt(schema, inner);
      const known = Object.keys(shapeOf(at === null ? null : unwrapped(at)) ?? {});
      return found.keys.map((key) => unknownKey(path, key, known));
    }
    case 'invalid_type': {
      const want = found.expected === 'array' ? 'give a list' : 'give a mapping: keys with values';
      return [issue(path, `is ${describe(valueAt(root, inner))}`, want)];
    }
    case 'custom': {
      const { remedy = '' } = found.params ?? {};
      return [issue(path, found.message, String(remedy))];
    }
    default:
      return [issue(path, found.message, '')];
  }
}

const unknownKey = (path: Path, key: string, known: readonly string[]): Issue =>
  issue([...path, key], 'unknown key', suggest(key, known, 'known keys'), 'key');

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => (value as Readonly<Record<string | number, unknown>>)[step], root);

/** The schema without the layers that only say optional or transform. */
function core(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional) return core(schema.unwrap());
  if (schema instanceof z.ZodPipe) return core(schema.in);
  return schema;
}

/** Also without the layer that lets a schema hold itself: keys below that are not listed. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const bare = core(schema);
  return bare instanceof z.ZodLazy ? unwrapped(bare.unwrap()) : bare;
}

function shapeOf(schema: z.core.$ZodType | null): Readonly<Record<string, z.core.$ZodType>> | null {
  const bare = schema === null ? null : core(schema);
  return bare instanceof z.ZodObject ? bare.shape : null;
}

function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | null {
  return path.reduce<z.core.$ZodType | null>((at, step) => {
    const bare = at === null ? null : unwrapped(at);
    if (bare instanceof z.ZodArray) return bare.element;
    return shapeOf(bare)?.[String(step)] ?? null;
  }, schema);
}

/** Every key there is, as dotted paths: `peers[].timers.hold`, `policies.*[].match.prefix.in`. */
export function schemaKeys(): readonly string[] {
  const marks = { one: '', list: '[]', named: '.*' } as const;
  return Object.entries(SECTIONS).flatMap(([name, { kind, schema }]) => [
    name,
    ...keysBelow(schema, `${name}${marks[kind]}`),
  ]);
}

function keysBelow(schema: z.core.$ZodType, prefix: string): string[] {
  const bare = core(schema);
  if (bare instanceof z.ZodArray) return keysBelow(bare.element, `${prefix}[]`);
  return Object.entries(shapeOf(bare) ?? {}).flatMap(([key, inner]) => [
    `${prefix}.${key}`,
    ...keysBelow(inner, `${prefix}.${key}`),
  ]);
}
