// What a scenario is, in numbers, and which speakers it has: their addresses, AS numbers and own routes. Pure.

import type { FamilyIndex } from '../../../src/base/family.js';
import { formatIpv4, formatIpv6, type IpAddress, type Ipv6Words, ipv4, ipv6 } from '../../../src/base/ip.js';

export const SCENARIO_KINDS = [
  'transit',
  'reflector',
  'churn',
  'reconnect',
  'fanout',
  'sessions',
  'busy',
] as const;

/**
 * transit: one eBGP peer announces a table, the other gets it. reflector: all clients announce host routes at once.
 * churn: single changes at a steady rate after that. reconnect: all clients close at once and return.
 * fanout: one client announces a table, all others get it. sessions: many sessions with a hold time of three seconds, idle
 * and then with churn. busy: fanout with that hold time.
 */
export type ScenarioKind = (typeof SCENARIO_KINDS)[number];

export interface ScenarioPlan {
  readonly kind: ScenarioKind;
  readonly family: FamilyIndex;
  /** Receivers; of reflector, churn and reconnect also the announcers. */
  readonly clients: number;
  /** Host routes of each client; 0 where a table is announced. */
  readonly perClient: number;
  /** Of the table; 0 for the others. */
  readonly routes: number;
  /** Changes a second in all; churn and sessions only. */
  readonly rate: number;
  /** How long the changes go on; churn and sessions only. */
  readonly seconds: number;
}

export const DAEMON_ASN = 64512;
export const FEEDER_ASN = 65001;
export const RECEIVER_ASN = 65002;
/** Identifier and cluster id of the daemon. */
export const ROUTER_ID = '10.10.0.1';
export const ROUTER_ID_WORD = 0x0a0a0001;

const FIRST_CLIENT = 0x0a0a0101;

/** A session of the load generator. */
export interface Speaker {
  readonly address: IpAddress;
  readonly text: string;
  readonly asn: number;
  readonly routerId: number;
  /** Seconds. */
  readonly holdTime: number;
  /** A witness is sent no routes: it only takes the time of keepalives. */
  readonly role: 'feeder' | 'client' | 'witness';
  /** It announces the routes from `first` up to `end`. */
  readonly first: number;
  readonly end: number;
}

/** Their keepalives come one second apart, each at another eighth of a second. */
export const WITNESSES = 8;
const SHORT_HOLD_TIME = 3;
export const KEEPALIVE_INTERVAL_MS = 1000;
const HOLD_TIME = 180;

const v6 = (last: number): Ipv6Words => [0xfd000010, 0, 0, last];

export const daemonAddress = (family: FamilyIndex): IpAddress =>
  family === 0 ? ipv4(ROUTER_ID_WORD) : ipv6(v6(1));

export const addressText = (address: IpAddress): string =>
  address.family === 'ipv4' ? formatIpv4(address.word) : formatIpv6(address.words);

export const announcesTable = ({ kind }: ScenarioPlan): boolean =>
  kind === 'transit' || kind === 'fanout' || kind === 'busy';

export const changesRoutes = ({ kind }: ScenarioPlan): boolean => kind === 'churn' || kind === 'sessions';

const holdsShort = ({ kind }: ScenarioPlan): boolean => kind === 'sessions' || kind === 'busy';

export const routesOf = (plan: ScenarioPlan): number =>
  announcesTable(plan) ? plan.routes : plan.clients * plan.perClient;

/** Prefixes that all receivers together must hold. */
export const deliveriesOf = (plan: ScenarioPlan): number =>
  plan.clients * (announcesTable(plan) ? plan.routes : routesOf(plan) - plan.perClient);

type Part = Pick<Speaker, 'role' | 'asn' | 'first' | 'end'>;

const partsOf = (plan: ScenarioPlan): readonly Part[] => {
  const { kind, clients, perClient, routes } = plan;
  const many = (count: number, part: (index: number) => Part): readonly Part[] =>
    Array.from({ length: count }, (_, index) => part(index));
  if (!announcesTable(plan)) {
    return many(clients, (index) => ({
      role: 'client',
      asn: DAEMON_ASN,
      first: index * perClient,
      end: (index + 1) * perClient,
    }));
  }
  const external = kind === 'transit';
  const feeder = { role: 'feeder', asn: external ? FEEDER_ASN : DAEMON_ASN, first: 0, end: routes } as const;
  const receiver = { role: 'client', asn: external ? RECEIVER_ASN : DAEMON_ASN, first: 0, end: 0 } as const;
  return [feeder, ...many(clients, () => receiver)];
};

const numbered = (plan: ScenarioPlan, parts: readonly Part[], from: number): readonly Speaker[] =>
  parts.map((part, position) => {
    const index = from + position;
    const address = plan.family === 0 ? ipv4(FIRST_CLIENT + index) : ipv6(v6(0x10000 + index));
    const holdTime = part.role === 'witness' || holdsShort(plan) ? SHORT_HOLD_TIME : HOLD_TIME;
    return { ...part, address, text: addressText(address), routerId: FIRST_CLIENT + index, holdTime };
  });

export const speakersOf = (plan: ScenarioPlan): readonly Speaker[] => numbered(plan, partsOf(plan), 0);

export const witnessesOf = (plan: ScenarioPlan): readonly Speaker[] => {
  const witness: Part = { role: 'witness', asn: DAEMON_ASN, first: 0, end: 0 };
  return numbered(plan, Array<Part>(WITNESSES).fill(witness), partsOf(plan).length);
};
