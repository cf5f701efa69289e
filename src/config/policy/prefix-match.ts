// The one-line language of prefix matches.

import { formatPrefix, maxLength } from '../../base/prefix.js';
import type { PrefixMatch } from '../../policy/types.js';
import { describe } from '../problem.js';
import { type Fault, fault, isFault, readPrefix, textField } from '../schema/fields.js';

const MATCH = '10.0.0.0/8, =10.0.0.0/8, or 10.0.0.0/8 with ge 24 and le 32 or one of them';

export const prefixMatchField = textField<PrefixMatch>(MATCH, readPrefixMatch);

/** `P` (that and all inside), `=P` (only that), `P ge N`, `P le N`, `P ge N le M`. */
export function readPrefixMatch(text: string): PrefixMatch | Fault {
  const form = /^(=?)\s*(\S+?)(?:\s+ge\s+(\d{1,3}))?(?:\s+le\s+(\d{1,3}))?$/.exec(text.trim());
  if (form === null) return fault(`${describe(text)} is no prefix match`, `write ${MATCH}`);
  const [, exact, head = '', geText, leText] = form;
  const prefix = readPrefix(head);
  if (isFault(prefix)) return prefix;
  const longest = maxLength(prefix.address.family);
  if (exact === '=') {
    const bounded = geText !== undefined || leText !== undefined;
    return bounded
      ? fault(`${describe(text)} is exact and has bounds`, 'leave = or the bounds out')
      : { prefix, ge: prefix.length, le: prefix.length };
  }
  const ge = geText === undefined ? prefix.length : Number(geText);
  const le = leText === undefined ? longest : Number(leText);
  if (ge >= prefix.length && ge <= le && le <= longest) return { prefix, ge, le };
  return fault(
    `the bounds ge ${ge} le ${le} leave nothing of ${formatPrefix(prefix)}`,
    `they must fit ${prefix.length} <= ge <= le <= ${longest}`,
  );
}
