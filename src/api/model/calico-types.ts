// What the API says of the Calico resources. No behaviour.

export interface CalicoStatus {
  /** The node that we are among the resources. */
  readonly node: string;
  readonly objects: readonly CalicoObjectStatus[];
  /** Resources of kinds that mean nothing to bgpd. */
  readonly otherResources: number;
  /** A line each: files that can't be read, objects that are missing or overridden. */
  readonly problems: readonly string[];
}

export interface CalicoObjectStatus {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** lastGood: the object is wrong, and an earlier version of it is in force. */
  readonly state: 'applied' | 'degraded' | 'lastGood' | 'refused';
  /** The generation of the configuration since which the version in force is; null: none is. */
  readonly generation: number | null;
  readonly problems: readonly string[];
}
