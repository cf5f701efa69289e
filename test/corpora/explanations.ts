// Why a complaint about recorded traffic is as it should be. What no row explains makes the run fail.

/** What the recording tells about the message. */
export interface Circumstances {
  /** The name of the recording. */
  readonly file: string;
  /** Families that the two ends agreed on, by label; null when the OPENs were not recorded. */
  readonly agreed: ReadonlySet<string> | null;
  /** A route that the recording router originates itself, or a message that it sent. */
  readonly own: boolean;
}

interface Explanation {
  readonly complaint: RegExp;
  readonly when: (circumstances: Circumstances, match: RegExpExecArray) => boolean;
  readonly why: string;
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    complaint: /^disable MP_(?:UN)?REACH_NLRI (\S+) was not negotiated$/,
    when: ({ agreed }, [, family = '']) => agreed === null || agreed.has(family),
    why: 'the two ends carry a family that is not routed here; it is ignored whole (RFC 4760 7)',
  },
  {
    complaint: /^withdraw (?:ORIGIN|AS_PATH) missing/,
    when: ({ own }) => own,
    why: 'a route that the recording router made itself gets its attributes when it is sent',
  },
  {
    complaint: /^discard (?:LOCAL_PREF|ORIGINATOR_ID|CLUSTER_LIST) from an external peer$/,
    when: () => true,
    why: 'some speakers send it to other ASes (BIRD with `allow bgp_local_pref`); it is ignored (RFC 7606 7.5, 7.9, 7.10)',
  },
  {
    complaint: /^withdraw MP_REACH_NLRI IPv6 next hop was not negotiated$/,
    when: ({ file }) => file.includes('gobgp'),
    why: 'GoBGP 3.10 passes on IPv6 next hops of IPv4 routes to peers that did not say they take them (RFC 8950 4)',
  },
];

/** Null: nothing explains it. */
export function explain(complaint: string, circumstances: Circumstances): string | null {
  for (const row of EXPLANATIONS) {
    const match = row.complaint.exec(complaint);
    if (match !== null && row.when(circumstances, match)) return row.why;
  }
  return null;
}
