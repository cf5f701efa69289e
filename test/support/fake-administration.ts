// An administration that does nothing and remembers what it was asked, for tests of the API and of `bgpctl`.

import type { PeerAdministration, Verdict } from '../../src/api/model/types.js';

export interface FakeAdministration extends PeerAdministration {
  /** Name of the call and its arguments, in order. */
  readonly calls: (readonly unknown[])[];
}

/** `verdict`: of every call. */
export function fakeAdministration(verdict: Verdict = { ok: true, message: 'done' }): FakeAdministration {
  const calls: (readonly unknown[])[] = [];
  const called = (name: string, ...args: readonly unknown[]): Promise<Verdict> => {
    calls.push([name, ...args]);
    return Promise.resolve(verdict);
  };
  return {
    calls,
    switch: (...args) => called('switch', ...args),
    clear: (...args) => called('clear', ...args),
    add: (...args) => called('add', ...args),
    remove: (...args) => called('remove', ...args),
  };
}
