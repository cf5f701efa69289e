// The paths of one prefix as one update group is to be told them: parallel lists that are filled and emptied again and
// again without garbage.

import type { AttrSetId, PathId, PeerId } from '../../base/ids.js';

export class ExportedPaths {
  count = 0;
  /** Rows of the Adj-RIB-In. */
  readonly path: PathId[] = [];
  readonly source: PeerId[] = [];
  /** After export policy and rewrite. */
  readonly attrs: AttrSetId[] = [];

  clear(): void {
    this.count = 0;
  }

  add(path: PathId, source: PeerId, attrs: AttrSetId): void {
    this.path[this.count] = path;
    this.source[this.count] = source;
    this.attrs[this.count] = attrs;
    this.count++;
  }
}
