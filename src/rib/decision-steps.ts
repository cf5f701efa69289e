// The steps of the decision by number, and what operators may want otherwise. Data only.

/** The steps in order; their numbers are shown to operators. */
export const DECISION_STEPS = [
  'only path',
  'usable: accepted by import policy and next hop reachable',
  'highest weight',
  'highest LOCAL_PREF',
  'local route before learned ones',
  'lowest AIGP with the cost to the next hop',
  'shortest AS_PATH',
  'lowest ORIGIN',
  'lowest MED of the same neighbour AS',
  'eBGP before iBGP',
  'lowest cost to the next hop',
  'lowest router id or ORIGINATOR_ID',
  'shortest CLUSTER_LIST',
  'lowest peer address',
  'lowest path id',
] as const;

export const STEP = {
  only: 0,
  usable: 1,
  weight: 2,
  localPref: 3,
  local: 4,
  aigp: 5,
  asPath: 6,
  origin: 7,
  med: 8,
  ebgp: 9,
  cost: 10,
  routerId: 11,
  clusterList: 12,
  address: 13,
  pathId: 14,
} as const;

/** How many paths of one family a multipath set may have; 1: only the best. */
export interface MultipathLimits {
  /** Where all are eBGP paths. */
  readonly ebgp: number;
  readonly ibgp: number;
  /** More than 1: eBGP and iBGP paths may stand in one set, so many in all; of each kind those with the lowest cost. */
  readonly eibgp: number;
}

export interface MultipathOptions {
  /** By family index. */
  readonly families: readonly [MultipathLimits, MultipathLimits];
  /** AS_PATHs of the same length will do; false: they must be the same. */
  readonly asPathRelax: boolean;
  /** Weights from link bandwidth communities, where all members have one. */
  readonly linkBandwidth: boolean;
}

/** What operators may want otherwise; the decision is deterministic either way. */
export interface DecisionOptions {
  /** MED is compared between paths of different neighbour ASes, too. */
  readonly alwaysCompareMed: boolean;
  /** A path without MED loses against every other; false: its MED is 0, which is the best. */
  readonly missingMedAsWorst: boolean;
  /** The weight of local routes that were given none; learned ones have 0. */
  readonly localWeight: number;
  /** LOCAL_PREF is compared before local routes win: a workload may move to where a higher one comes from. Absent: no. */
  readonly localByPreference?: boolean;
  readonly multipath: MultipathOptions;
}

/** As Cisco's: a local route wins unless a policy gives a learned one more. */
const LOCAL_WEIGHT = 32768;

const SINGLE: MultipathLimits = { ebgp: 1, ibgp: 1, eibgp: 1 };

export const DEFAULT_DECISION: DecisionOptions = {
  alwaysCompareMed: false,
  missingMedAsWorst: false,
  localWeight: LOCAL_WEIGHT,
  multipath: { families: [SINGLE, SINGLE], asPathRelax: false, linkBandwidth: true },
};

/** Equal options decide alike. */
export const decisionKey = (options: DecisionOptions): string => JSON.stringify(options);
