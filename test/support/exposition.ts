// Reads the Prometheus text format strictly, as a scraper would: what it does not know is an error.

export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ExposedMetric {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ExposedSample[];
}

export type Exposition = ReadonlyMap<string, ExposedMetric>;

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HEAD = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/;
const SUFFIX = /_(bucket|sum|count)$/;

/** Throws on a line that is not of the format, on a metric that comes twice, and on a series that comes twice. */
export function parseExposition(text: string): Exposition {
  const metrics = new Map<string, { help: string; type: string; samples: ExposedSample[] }>();
  const series = new Set<string>();
  let current = '';
  if (!text.endsWith('\n')) throw new Error('no line end at the end');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const head = HEAD.exec(line);
    if (head !== null) {
      const [, kind, name = '', rest = ''] = head;
      if (kind === 'HELP') {
        if (metrics.has(name)) throw new Error(`${name} comes twice`);
        metrics.set(name, { help: rest, type: '', samples: [] });
        current = name;
      } else if (name === current) metrics.get(name)!.type = rest;
      else throw new Error(`TYPE of ${name} below HELP of ${current}`);
      continue;
    }
    const sample = parseSample(line);
    const metric = metrics.get(current)!;
    const owner =
      metric.type === 'histogram' || metric.type === 'summary'
        ? sample.name.replace(SUFFIX, '')
        : sample.name;
    if (owner !== current) throw new Error(`sample of ${sample.name} below ${current}`);
    const key = line.slice(0, line.lastIndexOf(' '));
    if (series.has(key)) throw new Error(`series comes twice: ${key}`);
    series.add(key);
    metric.samples.push(sample);
  }
  return metrics;
}

function parseSample(line: string): ExposedSample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', labels = '', value = ''] = match;
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : value === 'Nan' ? Number.NaN : Number(value);
  if (Number.isNaN(number) && value !== 'Nan') throw new Error(`not a number: ${line}`);
  return { name, labels: parseLabels(labels), value: number };
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const match = LABEL.exec(rest);
    if (match === null) throw new Error(`not labels: ${text}`);
    const [whole, name = '', value = ''] = match;
    if (name in labels) throw new Error(`label ${name} comes twice: ${text}`);
    labels[name] = value.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\\\', '\\');
    rest = rest.slice(whole.length);
  }
  return labels;
}

/** The value of the one sample with exactly these labels; undefined when there is none. */
export const sampleValue = (
  exposition: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined =>
  exposition
    .get(name)
    ?.samples.find(
      (sample) =>
        Object.keys(sample.labels).length === Object.keys(labels).length &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )?.value;

/** The values of one label over all samples of a metric, in order. */
export const labelValues = (
  exposition: Exposition,
  name: string,
  label: string,
): readonly (string | undefined)[] => exposition.get(name)?.samples.map(({ labels }) => labels[label]) ?? [];
