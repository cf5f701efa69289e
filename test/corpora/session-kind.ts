// What two OPENs make of a session, seen from outside: the contexts in which the messages of each end are decoded.

import type { FamilyIndex } from '../../src/base/family.js';
import { AFI, AS_TRANS, familyLabel, familyOf } from '../../src/wire/iana.js';
import type { Capability, DecodeContext, OpenMessage } from '../../src/wire/types.js';

/** 0 and 1: the two ends of a connection. */
export type End = 0 | 1;

const SEND = 2;
const RECEIVE = 1;

export class Conversation {
  readonly #opens: [OpenMessage | null, OpenMessage | null] = [null, null];

  open(end: End, open: OpenMessage): void {
    this.#opens[end] = open;
  }

  /** Labels of the families that both ends have; null until both OPENs were seen. */
  get agreed(): ReadonlySet<string> | null {
    const [a, b] = this.#opens;
    if (a === null || b === null) return null;
    const theirs = familiesOf(b);
    return new Set([...familiesOf(a)].filter((family) => theirs.has(family)));
  }

  /** For what `end` sends; null until both OPENs were seen. */
  context(end: End): DecodeContext | null {
    const sender = this.#opens[end];
    const receiver = this.#opens[end === 0 ? 1 : 0];
    const { agreed } = this;
    if (sender === null || receiver === null || agreed === null) return null;
    return {
      asn4: hasKind(sender, 'fourOctetAs') && hasKind(receiver, 'fourOctetAs'),
      sessionType: asnOf(sender) === asnOf(receiver) ? 'ibgp' : 'ebgp',
      families: [agreed.has('ipv4-unicast'), agreed.has('ipv6-unicast')],
      addPath: [sendsPathIds(sender, receiver, 0), sendsPathIds(sender, receiver, 1)],
      extendedNextHop: takesIpv6NextHops(receiver),
      aigp: true,
      tunnelEncapsulation: true,
    };
  }

  /** Octets of the largest message; null until both OPENs were seen. */
  get maxMessage(): number | null {
    const [a, b] = this.#opens;
    if (a === null || b === null) return null;
    return hasKind(a, 'extendedMessage') && hasKind(b, 'extendedMessage') ? 65535 : 4096;
  }
}

const hasKind = ({ capabilities }: OpenMessage, kind: Capability['kind']): boolean =>
  capabilities.some((capability) => capability.kind === kind);

/** RFC 4760 8: a speaker that names no family has IPv4 unicast. */
function familiesOf({ capabilities }: OpenMessage): ReadonlySet<string> {
  const named = capabilities.filter((capability) => capability.kind === 'multiprotocol');
  if (named.length === 0) return new Set(['ipv4-unicast']);
  return new Set(named.map(({ afi, safi }) => familyLabel(afi, safi) ?? 'family'));
}

function asnOf({ asn, capabilities }: OpenMessage): number {
  const wide = capabilities.find((capability) => capability.kind === 'fourOctetAs');
  return asn === AS_TRANS && wide !== undefined ? wide.asn : asn;
}

/** RFC 7911 4. */
function sendsPathIds(sender: OpenMessage, receiver: OpenMessage, family: FamilyIndex): boolean {
  const mode = ({ capabilities }: OpenMessage): number =>
    capabilities
      .flatMap((capability) => (capability.kind === 'addPath' ? capability.families : []))
      .find(({ afi, safi }) => familyOf(afi, safi) === family)?.mode ?? 0;
  return (mode(sender) & SEND) !== 0 && (mode(receiver) & RECEIVE) !== 0;
}

/** RFC 8950 4. */
const takesIpv6NextHops = ({ capabilities }: OpenMessage): boolean =>
  capabilities
    .flatMap((capability) => (capability.kind === 'extendedNextHop' ? capability.families : []))
    .some(({ afi, safi, nextHopAfi }) => familyOf(afi, safi) === 0 && nextHopAfi === AFI.ipv6);
