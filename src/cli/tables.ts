// Tables and field lists for a terminal of 80 to 120 columns: aligned, with lines of remarks below a row. Pure: colour
// comes in as a function and never changes a width.

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';
export type Paint = (tone: Tone, text: string) => string;

export const plain: Paint = (_tone, text) => text;

export interface TonedText {
  readonly text: string;
  readonly tone: Tone;
}
export type Cell = string | TonedText;

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

export interface Row {
  readonly cells: readonly Cell[];
  /** Indented lines below the row. */
  readonly remarks?: readonly TonedText[];
}

export const left = (title: string): Column => ({ title, align: 'left' });
export const right = (title: string): Column => ({ title, align: 'right' });
export const toned = (tone: Tone, text: string): TonedText => ({ tone, text });

const GAP = '  ';
const INDENT = '    ';

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
const widthOf = (text: string): number => [...text].length;

/** Lines without line ends; no line ends in spaces. A table without rows is its title line. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  paint: Paint,
): readonly string[] {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((width, { cells }) => Math.max(width, widthOf(textOf(cells[i] ?? ''))), widthOf(title)),
  );
  const line = (cells: readonly Cell[]): string =>
    columns
      .map(({ align }, i) => renderCell(cells[i] ?? '', align, widths[i] ?? 0, paint))
      .join(GAP)
      .trimEnd();
  const lines = [line(columns.map(({ title }) => toned('strong', title)))];
  for (const { cells, remarks = [] } of rows) {
    lines.push(line(cells), ...remarks.map(({ tone, text }) => INDENT + paint(tone, text)));
  }
  return lines;
}

function renderCell(cell: Cell, align: 'left' | 'right', width: number, paint: Paint): string {
  const text = textOf(cell);
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  const shown = typeof cell === 'string' ? text : paint(cell.tone, text);
  return align === 'left' ? shown + space : space + shown;
}

export type Field = readonly [name: string, value: Cell];

/** One field a line, values in one column. */
export function renderFields(fields: readonly Field[], paint: Paint): readonly string[] {
  const width = fields.reduce((widest, [name]) => Math.max(widest, widthOf(name)), 0);
  return fields.map(([name, value]) =>
    `${name.padEnd(width)}${GAP}${typeof value === 'string' ? value : paint(value.tone, value.text)}`.trimEnd(),
  );
}

/** Blocks with a blank line between them; blocks without lines are left out. */
export const joinBlocks = (blocks: readonly (readonly string[])[]): string =>
  `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
