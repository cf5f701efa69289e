// Policies for the RIB tests: small pure functions of prefix and attributes, so that a model can ask them too.

import type { CompiledPolicy, PolicyVerdict } from '../../src/rib/hooks.js';
import { decodeBlock } from '../../src/wire/block.js';
import type { AttributeEdits } from '../../src/wire/types.js';

const accept = (edits: AttributeEdits | null = null): PolicyVerdict => ({
  action: 'accept',
  edits,
  term: 'taken',
});
const REFUSED: PolicyVerdict = { action: 'reject', term: 'refused' };
const TAKEN = accept();

export const ACCEPT: CompiledPolicy = {
  key: 'accept',
  readsPrefix: false,
  readsAttributes: false,
  readsRpki: false,
  evaluate: () => TAKEN,
};

export const REJECT: CompiledPolicy = { ...ACCEPT, key: 'reject', evaluate: () => REFUSED };

/** Refuses every prefix whose first word is odd in the bit of a /24. */
export const EVEN_PREFIXES: CompiledPolicy = {
  key: 'even prefixes',
  readsPrefix: true,
  readsAttributes: false,
  readsRpki: false,
  evaluate: ({ w0 }) => ((w0 >>> 8) % 2 === 0 ? TAKEN : REFUSED),
};

/** Refuses what carries a MED. */
export const WITHOUT_MED: CompiledPolicy = {
  key: 'without med',
  readsPrefix: false,
  readsAttributes: true,
  readsRpki: false,
  evaluate: ({ bytes, start, end }) => (decodeBlock(bytes.slice(start, end)).med === null ? TAKEN : REFUSED),
};

export const NOT_FROM_KERNEL: CompiledPolicy = {
  key: 'not from the kernel',
  readsPrefix: false,
  readsAttributes: false,
  readsRpki: false,
  evaluate: ({ source }) => (source === 'kernel' ? REFUSED : TAKEN),
};

const PREFER = accept({ localPref: 300 });

/** Sets LOCAL_PREF on import. */
export const PREFERRED: CompiledPolicy = {
  key: 'preferred',
  readsPrefix: false,
  readsAttributes: false,
  readsRpki: false,
  evaluate: () => PREFER,
};

const LOW_MED = accept({ med: 1 });
const HIGH_MED = accept({ med: 999 });

/** Sets a MED by prefix. */
export const MED_BY_PREFIX: CompiledPolicy = {
  key: 'med by prefix',
  readsPrefix: true,
  readsAttributes: false,
  readsRpki: false,
  evaluate: ({ w0 }) => ((w0 >>> 8) % 2 === 0 ? LOW_MED : HIGH_MED),
};
