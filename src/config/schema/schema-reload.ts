// The YAML shape of `reload`: how much of what is announced a change may take away without being forced.

import { z } from 'zod';
import { describe } from '../problem.js';
import { fault, field, integerField } from './fields.js';

const PERCENT = 'a percentage such as 30%, or off';

/** `30%` or `30`; null for `off`, which YAML may read as false. */
const percentField = field<number | null>(PERCENT, (value) => {
  if (value === 'off' || value === false) return null;
  const match = /^(\d{1,3}) ?%?$/.exec(typeof value === 'number' ? String(value) : textOf(value));
  if (match === null) return fault(`is ${describe(value)}`, `give ${PERCENT}`);
  const percent = Number(match[1]);
  return percent >= 1 && percent <= 100
    ? percent
    : fault(`${percent} % is out of range`, 'give 1% to 100%, or off');
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const reloadSchema = z.strictObject({
  maxWithdraw: percentField.optional(),
  minWithdraw: integerField('a number of prefixes', 1, 1_000_000_000).optional(),
});
