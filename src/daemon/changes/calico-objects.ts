// What became of the Calico resources, object by object, and since which generation of the configuration. For the API.

import type { CalicoStatus } from '../../api/model/types.js';
import type { CalicoObjectState, CalicoReport } from '../../config/calico/calico-report.js';
import { formatProblem } from '../../config/problem.js';
import type { ConfigProblem } from '../../config/types.js';

interface Applied {
  readonly digest: string;
  readonly generation: number;
}

export class CalicoObjects {
  #report: CalicoReport | null = null;
  /** Of the objects in force, by kind and name. */
  #applied = new Map<string, Applied>();

  /** The resources were read, and what is good of them is in force as of this generation. */
  loaded(report: CalicoReport | null, generation: number): void {
    const before = this.#applied;
    this.#report = report;
    this.#applied = new Map(
      (report?.objects ?? []).filter(isInForce).map(({ kind, name, digest }) => {
        const key = `${kind}/${name}`;
        const was = before.get(key);
        return [key, was?.digest === digest ? was : { digest, generation }];
      }),
    );
  }

  status(): CalicoStatus | null {
    const report = this.#report;
    if (report === null) return null;
    return {
      node: report.node,
      otherResources: report.others,
      problems: [...report.problems, ...report.absent, ...report.overridden].map(formatProblem),
      objects: report.objects.map((object) => ({
        kind: object.kind,
        name: object.name,
        file: object.file,
        line: object.line,
        state: object.state,
        generation: this.#applied.get(`${object.kind}/${object.name}`)?.generation ?? null,
        problems: object.problems.map(problemText),
      })),
    };
  }
}

const isInForce = ({ state }: CalicoObjectState): boolean => state !== 'refused';

/** The object is named beside it. */
function problemText({ key, ...problem }: ConfigProblem): string {
  return formatProblem({ ...problem, key: key.split(' ').slice(1).join(' ') });
}
