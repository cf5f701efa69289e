// BGP roles (RFC 9234): which role the other side must have, and what ONLY_TO_CUSTOMER means between the two.

/** By our role towards the peer; the numbers are those of the capability. */
export const ROLES = {
  provider: { code: 0, counterpart: 'customer', accepts: 'none', marks: false, refuses: false, adds: true },
  routeServer: {
    code: 1,
    counterpart: 'routeServerClient',
    accepts: 'none',
    marks: false,
    refuses: false,
    adds: true,
  },
  routeServerClient: {
    code: 2,
    counterpart: 'routeServer',
    accepts: 'any',
    marks: true,
    refuses: true,
    adds: false,
  },
  customer: { code: 3, counterpart: 'provider', accepts: 'any', marks: true, refuses: true, adds: false },
  peer: { code: 4, counterpart: 'peer', accepts: 'own', marks: true, refuses: true, adds: true },
} as const satisfies Readonly<Record<string, RoleRules>>;

export type RoleName = keyof typeof ROLES;

interface RoleRules {
  readonly code: number;
  readonly counterpart: string;
  /** Ingress: which ONLY_TO_CUSTOMER of the peer is no leak. */
  readonly accepts: 'any' | 'own' | 'none';
  /** Ingress: a route without the attribute gets the peer's AS number. */
  readonly marks: boolean;
  /** Egress: a route with the attribute does not go to the peer. */
  readonly refuses: boolean;
  /** Egress: a route without the attribute gets our AS number. */
  readonly adds: boolean;
}

export const ROLE_NAMES = Object.keys(ROLES) as readonly RoleName[];
