// Imports go one way, and what touches the world is behind one door each. Reads every import under src/.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'ava';

const LAYERS = [
  'base',
  'wire',
  'fsm',
  'rib',
  'policy',
  'rpki',
  'sys',
  'net',
  'kernel',
  'bfd',
  'calico',
  'config',
  'observe',
  'api',
  'daemon',
  'cli',
] as const;

const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  rib: ['fsm'],
  net: ['rib', 'policy'],
  kernel: ['fsm', 'net', 'rib', 'policy', 'wire'],
  cli: ['daemon', 'net', 'kernel', 'sys', 'rib', 'policy'],
};

/** Packages and built-ins that only some folders may use. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  koffi: ['sys'],
  'node:net': ['net', 'daemon', 'cli'],
  'node:worker_threads': ['kernel'],
  'node:child_process': [],
  pino: ['daemon'],
  'pino-pretty': ['daemon'],
  'prom-client': ['api'],
  fastify: ['api'],
  yaml: ['config'],
  zod: ['config'],
  'ip-num': ['config', 'api', 'cli'],
  commander: ['cli', 'daemon'],
  eventemitter3: ['daemon', 'net', 'kernel'],
};

/** Static imports and re-exports at the start of a line, and `import('…')`. */
const IMPORT = /(?:^(?:import|export)\b[^;'=]*?\bfrom |^import |\bimport\()'([^']+)'/gm;

const PURE = ['base', 'wire', 'fsm', 'rib', 'policy', 'rpki'];
const IMPURE =
  /\b(Date\.now|new Date|performance\.now|setTimeout|setInterval|setImmediate|Math\.random|process\.)/;

interface Source {
  readonly file: string;
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const root = resolve(import.meta.dirname, '..', '..');
const src = join(root, 'src');

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? '');
    return { file, layer: file.split('/')[0] ?? '', text, imports };
  });

const layerOf = (source: Source, specifier: string): string =>
  relative(src, resolve(src, dirname(source.file), specifier)).split('/')[0] ?? '';

test('there is something to check', (t) => {
  t.true(sources.length > 10);
});

test('every file lives in a layer', (t) => {
  for (const { file, layer } of sources) t.true((LAYERS as readonly string[]).includes(layer), file);
});

test('a file imports only from its own folder or a layer above it', (t) => {
  for (const source of sources) {
    for (const specifier of source.imports.filter((name) => name.startsWith('.'))) {
      const target = layerOf(source, specifier);
      const rank = (name: string): number => (LAYERS as readonly string[]).indexOf(name);
      t.true(rank(target) <= rank(source.layer), `${source.file} imports ${specifier}`);
      t.false(FORBIDDEN[source.layer]?.includes(target) ?? false, `${source.file} imports ${specifier}`);
    }
  }
});

test('packages with a door are used behind it only', (t) => {
  for (const source of sources) {
    for (const specifier of source.imports) {
      const door = DOORS[specifier];
      if (door !== undefined) t.true(door.includes(source.layer), `${source.file} imports ${specifier}`);
    }
  }
});

test('the core has no clock, no timer, no randomness, no process and no node built-ins', (t) => {
  for (const source of sources.filter(({ layer }) => PURE.includes(layer))) {
    t.notRegex(source.text, IMPURE, source.file);
    t.false(
      source.imports.some((name) => !name.startsWith('.')),
      `${source.file} imports a package`,
    );
  }
});

test('no default exports, no file beyond 400 lines', (t) => {
  for (const { file, text } of sources) {
    t.notRegex(text, /^export default/m, file);
    t.true(text.split('\n').length <= 400, `${file} is too long`);
  }
});
