import test from 'ava';
import fc from 'fast-check';
import {
  joinBlocks,
  left,
  type Paint,
  plain,
  renderFields,
  renderTable,
  right,
  toned,
} from '../../src/cli/tables.js';

const marked: Paint = (tone, text) => `<${tone}>${text}</${tone}>`;
const stripped = (text: string): string => text.replace(/<\/?(good|bad|warn|dim|strong)>/g, '');

test('columns are aligned, remarks go below', (t) => {
  const rows = [
    { cells: ['tor-a', '7', 'up'] },
    { cells: ['a-long-name', '12345', toned('bad', 'down')], remarks: [toned('warn', 'no route to it')] },
  ];
  t.deepEqual(renderTable([left('Name'), right('Count'), left('State')], rows, plain), [
    'Name         Count  State',
    'tor-a            7  up',
    'a-long-name  12345  down',
    '    no route to it',
  ]);
});

test('a table without rows is its title', (t) => {
  t.deepEqual(renderTable([left('A'), right('B')], [], plain), ['A  B']);
});

test('missing cells are blank', (t) => {
  t.deepEqual(renderTable([left('A'), right('B')], [{ cells: ['x'] }], plain), ['A  B', 'x']);
});

test('fields have their values in one column', (t) => {
  t.deepEqual(
    renderFields(
      [
        ['AS', '64512'],
        ['Router id', toned('dim', '-')],
      ],
      marked,
    ),
    ['AS         64512', 'Router id  <dim>-</dim>'],
  );
});

test('blocks are parted by one blank line, empty ones left out', (t) => {
  t.is(joinBlocks([['a', 'b'], [], ['c']]), 'a\nb\n\nc\n');
});

const tone = fc.constantFrom('good', 'bad', 'warn', 'dim', 'strong' as const);
const cell = fc.string({ unit: fc.constantFrom('a', '1', '-', '漢') });
const tonedCell = fc.oneof(cell, fc.record({ text: cell, tone }));
const row = fc.record({ cells: fc.tuple(tonedCell, tonedCell, tonedCell) });

test('colour changes no width, no line ends in blanks', (t) => {
  const columns = [left('Name'), right('Count'), left('Last')];
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const bare = renderTable(columns, rows, plain);
      const painted = renderTable(columns, rows, marked).map((line) => stripped(line).trimEnd());
      t.deepEqual(painted, bare);
      t.true(bare.every((line) => line === line.trimEnd()));
    }),
  );
});
