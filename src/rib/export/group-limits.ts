// How much an update group may hold for its members, and how much it does hold. Data only.

export interface GroupLimits {
  /** Octets that a queue may hold before slow members leave it. */
  readonly queueBytes: number;
  /** Prefixes packed at one pull of a member that catches up. */
  readonly slicePrefixes: number;
}

export const DEFAULT_LIMITS: GroupLimits = {
  queueBytes: 16 * 1024 * 1024,
  slicePrefixes: 2048,
};

export interface GroupMemory {
  readonly adjRibOut: number;
  /** What became of attribute sets. */
  readonly memo: number;
  /** Room for the changes of a pass. */
  readonly pending: number;
  /** Packets that members have not taken. */
  readonly queue: number;
  /** The same of those who are behind, with what is owed to them. */
  readonly catchUps: number;
}
