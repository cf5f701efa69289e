// A RIB with its surroundings played by the test: who was woken, whether work is pending, which next hops are asked for.

import { toHex } from '../../src/base/bytes.js';
import type { PeerId, PrefixId } from '../../src/base/ids.js';
import { formatIp, type IpAddress, ipToBytes } from '../../src/base/ip.js';
import { communitiesAllow, mayExport } from '../../src/policy/export-rules.js';
import { exportRewrite } from '../../src/policy/rewrite.js';
import { Rib } from '../../src/rib/core.js';
import type { DecisionOptions } from '../../src/rib/decision-steps.js';
import type { GroupLimits } from '../../src/rib/export/group-limits.js';
import type { OriginValidation } from '../../src/rib/hooks.js';
import type { Reachability } from '../../src/rib/tables/next-hops.js';
import { address } from './routes.js';

export const LOCAL_ASN = 65000;
export const ROUTER_ID = 0x0a0000fe;
export const CLUSTER_ID = 0x0a0000fd;
export const OTHER_CLUSTER_ID = 0x0a0000fc;

export interface TestRibOptions {
  readonly reflector?: boolean;
  readonly tracksNextHops?: boolean;
  readonly limits?: GroupLimits;
  readonly decision?: DecisionOptions;
  readonly validation?: OriginValidation;
}

export class TestRib {
  readonly rib: Rib;
  readonly awake = new Set<PeerId>();
  /** Prefixes of `bestChanged`, by family. */
  readonly bestChanges: { family: number; prefix: PrefixId }[] = [];
  /** Next hops that the RIB wants to know about, with how often it asked. */
  readonly tracked = new Map<string, number>();
  readonly #links = new Map<string, Reachability>();
  readonly reflector: boolean;
  #pending = false;

  constructor(options: TestRibOptions = {}) {
    this.reflector = options.reflector === true;
    this.rib = new Rib({
      routerId: ROUTER_ID,
      seed: 7,
      rules: {
        rewrite: exportRewrite,
        mayExport,
        communitiesAllow,
        isReflector: options.reflector === true,
      },
      clusterIds: options.reflector === true ? [CLUSTER_ID, OTHER_CLUSTER_ID] : [],
      nextHopInterest:
        options.tracksNextHops === true
          ? { track: (ip) => this.#track(ip), untrack: (ip) => this.#untrack(ip) }
          : null,
      ...(options.validation === undefined ? {} : { validation: options.validation }),
      ...(options.decision === undefined ? {} : { decision: options.decision }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      listener: {
        bestChanged: (family, prefix) => this.bestChanges.push({ family, prefix }),
        wake: (peer) => this.awake.add(peer),
        workPending: () => {
          this.#pending = true;
        },
      },
    });
  }

  get workPending(): boolean {
    return this.#pending;
  }

  /** What the network says of an address: told to the RIB when it has asked for it. */
  setLink(text: string, reachable: boolean, cost: number): void {
    const key = formatIp(address(text));
    this.#links.set(key, { reachable, cost });
    if (this.tracked.has(key)) this.rib.setNextHop(address(text), reachable, cost);
  }

  linkState(ip: IpAddress): Reachability {
    return this.#links.get(formatIp(ip)) ?? { reachable: false, cost: 0 };
  }

  /** One slice. True when there is more to do. */
  run(budget = 1000): boolean {
    this.#pending = false;
    const more = this.rib.run(budget);
    if (more) this.#pending = true;
    return more;
  }

  /** Slices until nothing is left to do. */
  settle(budget = 1000): void {
    for (let i = 0; this.#pending; i++) {
      if (i > 100_000) throw new Error('the RIB does not come to rest');
      this.run(budget);
    }
  }

  #track(ip: IpAddress): Reachability {
    const key = formatIp(ip);
    this.tracked.set(key, (this.tracked.get(key) ?? 0) + 1);
    return this.linkState(ip);
  }

  #untrack(ip: IpAddress): void {
    const key = formatIp(ip);
    const left = (this.tracked.get(key) ?? 0) - 1;
    if (left < 0) throw new Error(`untracked too often: ${toHex(ipToBytes(ip))}`);
    if (left === 0) this.tracked.delete(key);
    else this.tracked.set(key, left);
  }
}
