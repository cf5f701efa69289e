// The one reusable `RouteView` that policies are shown: words of a prefix, the kind of source, attributes on demand.

import type { FamilyIndex } from '../base/family.js';
import type { AttrSetId, PrefixId } from '../base/ids.js';
import { decodeBlock } from '../wire/block.js';
import type { PathAttributes } from '../wire/types.js';
import type { AttrSets } from './attr-sets.js';
import type { RouteView } from './hooks.js';
import type { PrefixTable } from './prefix-table.js';

export class RouteCursor implements RouteView {
  family: FamilyIndex = 0;
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  length = 0;
  source: RouteView['source'] = 'bgp';
  readonly #attrSets: AttrSets;
  #attrs = 0 as AttrSetId;
  #decoded: PathAttributes | null = null;

  constructor(attrSets: AttrSets) {
    this.#attrSets = attrSets;
  }

  show(family: FamilyIndex, table: PrefixTable, prefix: PrefixId, source: RouteView['source']): void {
    this.family = family;
    this.w0 = table.w0[prefix]!;
    if (family === 1) {
      this.w1 = table.w1[prefix]!;
      this.w2 = table.w2[prefix]!;
      this.w3 = table.w3[prefix]!;
    } else this.w1 = this.w2 = this.w3 = 0;
    this.length = table.length[prefix]!;
    this.source = source;
  }

  withAttributes(attrs: AttrSetId): this {
    this.#attrs = attrs;
    this.#decoded = null;
    return this;
  }

  attributes(): PathAttributes {
    const decoded = this.#decoded ?? decodeBlock(this.#attrSets.block(this.#attrs));
    this.#decoded = decoded;
    return decoded;
  }
}
