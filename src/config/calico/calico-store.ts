// The Calico resources over time: reads the files, keeps of each object the last version that was good, and says what
// became of every one. An object that is wrong costs itself only.

import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Compiled, type CompileOptions, compileCalico } from '../../calico/compile.js';
import type { FieldIssue, FieldPath } from '../../calico/resources/fields.js';
import { objectKey, type ReadObject, type Resource, readResource } from '../../calico/resources/resource.js';
import type { CalicoIntent, CalicoProblem } from '../../calico/types.js';
import type { CalicoConfig, ConfigProblem } from '../types.js';
import {
  type CalicoDocument,
  type CalicoFiles,
  type DocumentCache,
  readCalicoFiles,
  shifted,
  watchedFolders,
} from './calico-files.js';
import type { CalicoObjectState, CalicoReport } from './calico-report.js';
import { fieldText } from './calico-report.js';

/** An object of a file, as far as it could be read. */
interface Found {
  readonly object: ReadObject;
  readonly document: CalicoDocument;
  /** Of the object in its document: a list has many. */
  readonly base: FieldPath;
  readonly digest: string;
}

interface Good {
  readonly resource: Resource;
  readonly digest: string;
  readonly file: string;
}

export interface CalicoOutcome {
  readonly intent: CalicoIntent;
  readonly report: CalicoReport;
}

export class CalicoStore {
  readonly #configFile: string;
  readonly #cache: DocumentCache = new Map();
  #good = new Map<string, Good>();

  /** Relative paths of the configuration start where `configFile` is. */
  constructor(configFile: string) {
    this.#configFile = configFile;
  }

  /** One that goes on from here by itself. */
  fork(): CalicoStore {
    const store = new CalicoStore(this.#configFile);
    store.#good = new Map(this.#good);
    return store;
  }

  /** Every folder in which a change matters. */
  folders(config: CalicoConfig): readonly string[] {
    const secrets = config.secrets === null ? [] : withSubfolders(this.#path(config.secrets));
    return watchedFolders([...config.resources.map((path) => this.#path(path)), ...secrets]);
  }

  read(config: CalicoConfig): CalicoOutcome {
    const files = readCalicoFiles(
      config.resources.map((path) => this.#path(path)),
      this.#cache,
    );
    const { found, problems, others } = objectsOf(files);
    const kept = this.#kept(found, files);
    const secrets = new Map<string, string>();
    const options = this.#options(config, secrets);
    const wanted = new Map([...kept, ...goodOf(found)]);
    const { compiled, used } = this.#settle(wanted, options);
    const refused = refusedKeys(compiled);
    this.#good = new Map(
      [...used].filter(([key]) => !refused.has(key) || this.#good.get(key) === used.get(key)),
    );
    return {
      intent: compiled.intent,
      report: {
        node: config.node,
        digest: [files.digest, ...secrets.values()].join(' '),
        others,
        problems: [...files.broken, ...problems],
        objects: [
          ...[...found.values()].map((each) => stateOf(each, used, wanted, compiled)),
          ...[...used].filter(([key]) => !found.has(key)).map(([, good]) => unreadState(good)),
        ],
        absent: absentOf(compiled, found),
        overridden: [],
      },
    };
  }

  /** What was good and can't be read now: objects whose new version is wrong, and those of files that are broken. */
  #kept(found: ReadonlyMap<string, Found>, files: CalicoFiles): [string, Good][] {
    const broken = new Set(files.broken.map(({ file }) => file));
    return [...this.#good].filter(([key, { file }]) => found.has(key) || isBroken(file, broken));
  }

  /** Where the new version of an object is refused for what it refers to, the last good one is taken instead. */
  #settle(
    wanted: ReadonlyMap<string, Good>,
    options: CompileOptions,
  ): { readonly compiled: Compiled; readonly used: ReadonlyMap<string, Good> } {
    const compiled = compileCalico(resourcesOf(wanted), options);
    const fallbacks = [...refusedKeys(compiled)].flatMap((key) => {
      const good = this.#good.get(key);
      return good === undefined || good.digest === wanted.get(key)?.digest ? [] : [[key, good] as const];
    });
    if (fallbacks.length === 0) return { compiled, used: wanted };
    const used = new Map([...wanted, ...fallbacks]);
    const again = compileCalico(resourcesOf(used), options);
    const explained = compiled.problems.filter((problem) =>
      fallbacks.some(([key]) => key === objectKey(problem.object)),
    );
    return { compiled: { ...again, problems: [...explained, ...again.problems] }, used };
  }

  /** The versions of the secret files that are looked at go into `seen`. */
  #options(
    { node, secrets, externalPools, usePodCidr, advertise }: CalicoConfig,
    seen: Map<string, string>,
  ): CompileOptions {
    return {
      node,
      externalPools,
      usePodCidr,
      advertise,
      secretFile: ({ name, key }) => {
        if (secrets === null) return null;
        const file = resolve(this.#path(secrets), name, key);
        const stat = statSync(file, { throwIfNoEntry: false });
        seen.set(file, `${stat?.ino}-${stat?.mtimeMs}-${stat?.size}`);
        return stat?.isFile() === true ? file : null;
      },
    };
  }

  #path(path: string): string {
    return resolve(dirname(this.#configFile), path);
  }
}

/** A secret is a folder; a mounted one changes by a link in it. */
function withSubfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return [folder, ...entries.filter((entry) => !entry.isFile()).map(({ name }) => join(folder, name))];
  } catch {
    return [folder];
  }
}

const resourcesOf = (objects: ReadonlyMap<string, Good>): Resource[] =>
  [...objects.values()].map(({ resource }) => resource);

const isBroken = (file: string, broken: ReadonlySet<string>): boolean =>
  broken.has(file) || broken.has(dirname(file));

const goodOf = (found: ReadonlyMap<string, Found>): [string, Good][] =>
  [...found].flatMap(([key, { object, digest, document }]): [string, Good][] =>
    object.resource === null ? [] : [[key, { resource: object.resource, digest, file: document.file }]],
  );

const refusedKeys = ({ problems }: Compiled): ReadonlySet<string> =>
  new Set(problems.filter(({ severity }) => severity === 'refused').map(({ object }) => objectKey(object)));

interface Objects {
  readonly found: Map<string, Found>;
  readonly problems: ConfigProblem[];
  /** Resources of other kinds, which mean nothing to us. */
  others: number;
}

function objectsOf({ documents }: CalicoFiles): Objects {
  const objects: Objects = { found: new Map(), problems: [], others: 0 };
  for (const document of documents) collect(objects, document, document.source.value, []);
  return objects;
}

function collect(objects: Objects, document: CalicoDocument, value: unknown, base: FieldPath): void {
  const reading = readResource(value);
  switch (reading.kind) {
    case 'list':
      for (const [index, item] of reading.items.entries()) {
        collect(objects, document, item, [...base, ...reading.path, index]);
      }
      return;
    case 'other':
      objects.others++;
      return;
    case 'broken':
      objects.problems.push(problemAt(document, base, reading.message, reading.remedy, ''));
      return;
    case 'object':
      addObject(objects, { object: reading.object, document, base, digest: digestOf(value) });
  }
}

function addObject({ found, problems }: Objects, added: Found): void {
  const key = objectKey(added.object);
  const first = found.get(key);
  if (first === undefined) {
    found.set(key, added);
    return;
  }
  const where = `${first.document.file}:${first.document.offset + 1}`;
  problems.push(
    problemAt(added.document, added.base, `${key} is there twice: the first is in ${where}`, 'keep one', key),
  );
}

/** Of the content, whatever the order of its fields. */
const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(ordered(value)))
    .digest('hex')
    .slice(0, 16);

const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, ordered(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
};

function problemAt(
  document: CalicoDocument,
  path: FieldPath,
  message: string,
  remedy: string,
  key: string,
): ConfigProblem {
  const found = document.source.locate({ path: [...path], at: 'value', message, remedy });
  return { ...shifted(found, document), key };
}

function stateOf(
  { object, document, base, digest }: Found,
  used: ReadonlyMap<string, Good>,
  wanted: ReadonlyMap<string, Good>,
  { problems }: Compiled,
): CalicoObjectState {
  const key = objectKey(object);
  const own = problems.filter((problem) => objectKey(problem.object) === key);
  const place = (
    severity: FieldIssue['severity'] | CalicoProblem['severity'],
    each: Omit<FieldIssue, 'severity'>,
  ) => ({
    ...problemAt(
      document,
      [...base, ...each.path],
      each.message,
      each.remedy,
      `${key} ${fieldText(each.path)}`.trim(),
    ),
    severity: severity === 'fault' ? ('refused' as const) : severity,
  });
  const inForce = used.get(key)?.digest ?? null;
  const isRefused = object.resource === null || own.some(({ severity }) => severity === 'refused');
  const keepsOld = inForce !== null && (object.resource === null || inForce !== wanted.get(key)?.digest);
  return {
    kind: object.kind,
    name: object.name,
    file: document.file,
    line: problemAt(document, base, '', '', '').line,
    state: isRefused
      ? keepsOld
        ? 'lastGood'
        : 'refused'
      : own.some(({ severity }) => severity === 'degraded')
        ? 'degraded'
        : 'applied',
    digest: inForce ?? digest,
    problems: [
      ...object.issues.map((issue) => place(issue.severity, issue)),
      ...own.map((problem) => place(problem.severity, problem)),
    ],
  };
}

/** Of an object whose file can't be read now: why is said of the file. */
const unreadState = ({ resource: { kind, name }, digest, file }: Good): CalicoObjectState => ({
  kind,
  name,
  file,
  line: 0,
  state: 'lastGood',
  digest,
  problems: [],
});

/** Problems with objects that are in no file, such as this node itself. */
const absentOf = ({ problems }: Compiled, found: ReadonlyMap<string, Found>): ConfigProblem[] =>
  problems
    .filter(({ object }) => !found.has(objectKey(object)))
    .map(({ object, message, remedy }) => ({
      file: 'calico',
      line: 0,
      column: 0,
      key: objectKey(object),
      message,
      remedy,
    }));
