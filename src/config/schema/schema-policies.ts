// The YAML shape of policies: terms whose sets are looked up once all of the file is read.

import { z } from 'zod';
import type { PolicyConfig, TermConfig } from '../../policy/types.js';
import { editsDraft, setActionsSchema } from '../policy/schema-edits.js';
import { matchSchema } from '../policy/schema-match.js';
import type { LocatedReference, NamedSets } from '../policy/schema-sets.js';
import { choiceField } from './fields.js';

export interface TermDraft {
  readonly references: readonly LocatedReference[];
  readonly make: (sets: NamedSets) => TermConfig;
}

export type PolicyDraft = readonly TermDraft[];

const termSchema = z.strictObject({
  match: matchSchema.optional(),
  set: setActionsSchema.optional(),
  action: choiceField(['accept', 'reject', 'next']),
});

export const policySchema = z.array(
  termSchema.transform(({ match = [], set, action }): TermDraft => {
    const edits = editsDraft(set ?? {});
    return {
      references: [...match.flatMap(({ references }) => references), ...edits.references],
      make: (sets) => ({ match: match.map(({ make }) => make(sets)), edits: edits.make(sets), action }),
    };
  }),
);

export const policyOf = (draft: PolicyDraft, sets: NamedSets): PolicyConfig =>
  draft.map(({ make }) => make(sets));
