// Declares tests that need network namespaces and other people's daemons: run where both are there, skipped where they
// are not. In CI (CI=true) a missing peer is a failure: there nothing may be skipped in silence.

import test, { type ExecutionContext } from 'ava';
import { missingPrograms } from './peers/router.js';
import type { RouterKind } from './peers/types.js';
import { probePrivilege } from './privilege.js';

const { CI } = process.env;

const privilege = probePrivilege();

const obstacleTo = (kinds: readonly RouterKind[]): string | null => {
  const missing = kinds.flatMap(missingPrograms);
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  return privilege.kind === 'root' ? null : `no network namespaces: ${describePrivilege()}`;
};

const describePrivilege = (): string =>
  privilege.kind === 'none' ? privilege.reason : 'run `npm test`, which makes a user namespace';

/** Serial within its file: files already run side by side. */
export const interop = (
  title: string,
  kinds: readonly RouterKind[],
  body: (t: ExecutionContext) => Promise<void>,
): void => {
  const obstacle = obstacleTo(kinds);
  if (obstacle === null) test.serial(title, body);
  else if (CI === 'true') test.serial(title, (t) => t.fail(obstacle));
  else test.serial.skip(`${title} (${obstacle})`, body);
};
