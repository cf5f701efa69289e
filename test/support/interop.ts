// Declares tests that need network namespaces and other people's daemons: run where both are there, skipped where they
// are not. In CI (CI=true) a missing daemon is a failure: there nobody would notice the skip.

import test, { type ExecutionContext } from 'ava';
import { missingPrograms } from './peers/router.js';
import type { RouterKind } from './peers/types.js';
import { inUserNamespace, probePrivilege } from './privilege.js';

/** `zebra`: FRR with its hand on the kernel, which a user namespace does not let it have. */
export type Need = RouterKind | 'zebra';

const { CI } = process.env;

const privilege = probePrivilege();

const missingOf = (needs: readonly Need[]): readonly string[] =>
  needs.flatMap((need) => missingPrograms(need === 'zebra' ? 'frr' : need));

/** Why this machine does not let the test run, whatever is installed. */
const barrierTo = (needs: readonly Need[]): string | null => {
  switch (privilege.kind) {
    case 'none':
      return `no network namespaces: ${privilege.reason}`;
    case 'userNamespace':
      return 'no network namespaces: run `npm test`, which makes a user namespace';
    case 'root':
      return needs.includes('zebra') && inUserNamespace() ? 'zebra needs real root' : null;
  }
};

/** Serial within its file: files already run side by side. */
export const interop = (
  title: string,
  needs: readonly Need[],
  body: (t: ExecutionContext) => Promise<void>,
): void => {
  const missing = missingOf(needs);
  const barrier = barrierTo(needs);
  if (missing.length > 0 && CI === 'true') {
    test.serial(title, (t) => t.fail(`not installed: ${missing.join(', ')}`));
  } else if (missing.length > 0) test.serial.skip(`${title} (not installed: ${missing.join(', ')})`, body);
  else if (barrier !== null) test.serial.skip(`${title} (${barrier})`, body);
  else test.serial(title, body);
};
