// Reading the untyped values of a resource: what a field accepts, and in plain words what would be right. Collects every
// fault with its place; throws nothing, knows no resource.

export type FieldPath = readonly (string | number)[];

/** Something about a field. A `fault` refuses the object; a `note` says what of it has no effect here. */
export interface FieldIssue {
  readonly severity: 'fault' | 'note';
  readonly path: FieldPath;
  readonly message: string;
  readonly remedy: string;
}

/** Where issues go while one object is read. */
export type Issues = FieldIssue[];

/** Reads one value. After a fault the result means nothing. */
export type Field<T> = (value: unknown, path: FieldPath, issues: Issues) => T | null;

/** What a parser of texts answers when it can't. */
export interface Misfit {
  readonly message: string;
  readonly remedy: string;
}

export const misfit = (message: string, remedy: string): Misfit => ({ message, remedy });

export const isMisfit = (value: unknown): value is Misfit =>
  typeof value === 'object' && value !== null && 'remedy' in value && 'message' in value;

export function refuse(issues: Issues, path: FieldPath, message: string, remedy: string): null {
  issues.push({ severity: 'fault', path, message, remedy });
  return null;
}

/** `spec.exportV4[0].cidr` */
export const fieldPathText = (path: FieldPath): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );

/** A value as one would name it to somebody who looks at the file. */
export function named(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 60))}` : String(value);
}

export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text =
  <T>(want: string, read: (text: string) => T | Misfit): Field<T> =>
  (value, path, issues) => {
    if (typeof value !== 'string') return refuse(issues, path, `is ${named(value)}`, `give ${want}`);
    const result = read(value);
    return isMisfit(result) ? refuse(issues, path, result.message, result.remedy) : result;
  };

export const flag: Field<boolean> = (value, path, issues) =>
  typeof value === 'boolean' ? value : refuse(issues, path, `is ${named(value)}`, 'give true or false');

export const integer =
  (min: number, max: number): Field<number> =>
  (value, path, issues) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : refuse(issues, path, `is ${named(value)}`, `give a whole number from ${min} to ${max}`);

export const choice = <const T extends string>(words: readonly T[]): Field<T> =>
  text<T>(
    `one of ${words.join(', ')}`,
    (given) =>
      words.find((word) => word === given) ??
      misfit(`${JSON.stringify(given)} is not known`, `give one of ${words.join(', ')}`),
  );

export const listOf =
  <T>(element: Field<T>, most = Number.POSITIVE_INFINITY): Field<readonly T[]> =>
  (value, path, issues) => {
    if (!Array.isArray(value)) return refuse(issues, path, `is ${named(value)}`, 'give a list');
    if (value.length > most) refuse(issues, path, `has ${value.length} elements`, `give at most ${most}`);
    return value.map((item, index) => element(item, [...path, index], issues) as T);
  };

/** A mapping of texts, such as labels. What is written without quotes counts as its text, as calicoctl has it. */
export const texts: Field<Readonly<Record<string, string>>> = (value, path, issues) => {
  if (!isMapping(value)) return refuse(issues, path, `is ${named(value)}`, 'give a mapping of texts');
  const entries = Object.entries(value).map(([key, inner]) => {
    if (typeof inner === 'string') return [key, inner];
    if (typeof inner === 'boolean' || Number.isSafeInteger(inner)) return [key, String(inner)];
    return [key, refuse(issues, [...path, key], `is ${named(inner)}`, 'give a text')];
  });
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
};

/** A field that is read by others than us. */
export const ignored: Field<unknown> = () => null;

/** A field with values that change nothing here: the object is taken, and its status says so. */
export const noted =
  <T>(field: Field<T>, note: (value: T) => string | null): Field<T> =>
  (value, path, issues) => {
    const before = issues.length;
    const read = field(value, path, issues);
    const message = issues.length > before || read === null ? null : note(read);
    if (message !== null) issues.push({ severity: 'note', path, message, remedy: '' });
    return read;
  };

interface Entry<T, R extends boolean> {
  readonly field: Field<T>;
  readonly required: R;
}

export const required = <T>(field: Field<T>): Entry<T, true> => ({ field, required: true });
export const optional = <T>(field: Field<T>): Entry<T, false> => ({ field, required: false });

type Shape = Readonly<Record<string, Entry<unknown, boolean>>>;

export type Read<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Entry<infer T, infer R> ? (R extends true ? T : T | null) : never;
};

export type ReadBy<F> = F extends Field<infer T> ? T : never;

/** What a field that this version of the daemon does not know does to its object. */
type Unknown = 'fault' | 'note' | 'ignore';

/** A mapping with these fields. Null counts as absent, as in Kubernetes; absent optional fields read as null. */
export const record =
  <S extends Shape>(shape: S, unknown: Unknown = 'fault'): Field<Read<S>> =>
  (value, path, issues) => {
    if (!isMapping(value))
      return refuse(issues, path, `is ${named(value)}`, 'give a mapping: fields with values');
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(shape, key) || unknown === 'ignore') continue;
      const remedy = unknown === 'fault' ? `known fields: ${Object.keys(shape).join(', ')}` : '';
      const message = unknown === 'fault' ? 'unknown field' : 'unknown field: it has no effect here';
      issues.push({ severity: unknown, path: [...path, key], message, remedy });
    }
    const entries = Object.entries(shape).map(([key, { field, required: wanted }]) => {
      const inner = Object.hasOwn(value, key) ? value[key] : null;
      const at = [...path, key];
      if (inner !== null && inner !== undefined) return [key, field(inner, at, issues)];
      if (wanted) refuse(issues, at, 'is missing', 'the field is required');
      return [key, null];
    });
    return Object.fromEntries(entries) as Read<S>;
  };
