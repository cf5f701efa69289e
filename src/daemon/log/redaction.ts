// Keeps secrets out of what is logged, whoever put them there. Knows field names only.

const SECRETS: ReadonlySet<string> = new Set(['password', 'secret', 'md5Key', 'token', 'authorization']);
const REDACTED = '[secret]';
/** Levels below the top that are looked at. */
const DEPTH = 3;

/** `fields` itself where it has no secret: nearly always, and a line must cost little when a thousand sessions end. */
export const withoutSecrets = (fields: Record<string, unknown>): Record<string, unknown> =>
  isPlain(fields) ? redacted(fields, DEPTH) : fields;

function redacted(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let shown = fields;
  for (const key in fields) {
    const value = SECRETS.has(key) ? REDACTED : below(fields[key], depth - 1);
    if (value === fields[key]) continue;
    if (shown === fields) shown = { ...fields };
    shown[key] = value;
  }
  return shown;
}

function below(value: unknown, depth: number): unknown {
  if (depth < 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return belowEach(value, depth);
  return isPlain(value) ? redacted(value, depth) : value;
}

/** An array is a level, too. */
function belowEach(values: readonly unknown[], depth: number): readonly unknown[] {
  const shown = values.map((value) => below(value, depth - 1));
  return shown.some((value, i) => value !== values[i]) ? shown : values;
}

/** What has a class says itself how it is shown. */
function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
