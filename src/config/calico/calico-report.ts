// What became of the Calico resources at a load: one state an object, with the reasons. Data and its words only.

import { type FieldPath, fieldPathText } from '../../calico/resources/fields.js';
import type { ResourceKind } from '../../calico/resources/resource.js';
import type { ConfigProblem } from '../types.js';

export interface CalicoReport {
  /** The node that we are among the resources. */
  readonly node: string;
  /** Of all files: equal for equal contents. */
  readonly digest: string;
  readonly objects: readonly CalicoObjectState[];
  /** Resources of kinds that mean nothing here. */
  readonly others: number;
  /** Files that can't be read, and what in them is no resource. */
  readonly problems: readonly ConfigProblem[];
  /** What is missing altogether. */
  readonly absent: readonly ConfigProblem[];
  /** What of the objects the operator's own file says otherwise. */
  readonly overridden: readonly ConfigProblem[];
}

/**
 * `applied`: in force as it is in its file. `degraded`: in force, and less than it asks for. `lastGood`: wrong, and an
 * earlier version stays in force. `refused`: wrong, and nothing of it is in force.
 */
export type CalicoObjectStateName = 'applied' | 'degraded' | 'lastGood' | 'refused';

export interface CalicoObjectState {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly state: CalicoObjectStateName;
  /** Of the version that is in force. */
  readonly digest: string;
  /** Faults, and notes on fields that have no effect here. */
  readonly problems: readonly (ConfigProblem & { readonly severity: 'refused' | 'degraded' | 'note' })[];
}

/** Everything that an operator should hear of, as warnings of the configuration. */
export const calicoWarnings = (report: CalicoReport): readonly ConfigProblem[] => [
  ...report.problems,
  ...report.absent,
  ...report.overridden,
  ...report.objects.flatMap(({ state, problems }) =>
    problems
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity: _severity, ...problem }) =>
        state === 'lastGood'
          ? { ...problem, remedy: `${problem.remedy}; until then the last good version stays in force` }
          : problem,
      ),
  ),
];

/** True when something that was asked for is not in force. */
export const hasRefusals = (report: CalicoReport): boolean =>
  report.problems.length > 0 ||
  report.absent.length > 0 ||
  report.objects.some(({ state }) => state === 'refused' || state === 'lastGood');

export const fieldText = (path: FieldPath): string => fieldPathText(path);
