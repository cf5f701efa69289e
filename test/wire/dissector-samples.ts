// Messages of every kind for an independent dissector, each with what it must read of them. The values are kept to what
// that dissector understands.

import fc from 'fast-check';
import type { FamilyIndex } from '../../src/base/family.js';
import { formatIpv4 } from '../../src/base/ip.js';
import { CEASE } from '../../src/wire/iana.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import * as notification from '../../src/wire/notification.js';
import { encodeOpen } from '../../src/wire/open.js';
import { encodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { Capability } from '../../src/wire/types.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { type Row, rowOf } from './dissect.js';
import { type Sample, u16, updates } from './dissector-updates.js';
import { u32 } from './samples.js';

const FAMILIES = [
  { afi: 1, safi: 1 },
  { afi: 2, safi: 1 },
] as const;
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const CAPABILITY_CODES: Readonly<Record<string, number>> = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  fqdn: 73,
};

const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.constantFrom(...FAMILIES).map((family): Capability => ({ kind: 'multiprotocol', ...family })),
  fc.constantFrom<Capability>(
    { kind: 'routeRefresh' },
    { kind: 'enhancedRouteRefresh' },
    { kind: 'extendedMessage' },
    { kind: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  ),
  u32.map((asn): Capability => ({ kind: 'fourOctetAs', asn })),
  fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4095 })).map(([restarting, restartTime]): Capability => {
    const families = [{ afi: 1, safi: 1, forwarding: true }];
    return { kind: 'gracefulRestart', restarting, notification: false, restartTime, families };
  }),
  fc
    .constantFrom(1, 2, 3)
    .map(
      (mode): Capability => ({ kind: 'addPath', families: [{ afi: 1, safi: 1, mode: mode as 1 | 2 | 3 }] }),
    ),
  fc.tuple(name, name).map(([host, domain]): Capability => ({ kind: 'fqdn', host, domain })),
);

/** Octets of the value; by the RFCs. */
function capabilityLength(given: Capability): number {
  switch (given.kind) {
    case 'multiprotocol':
    case 'fourOctetAs':
    case 'addPath':
      return 4;
    case 'gracefulRestart':
    case 'extendedNextHop':
      return 6;
    case 'fqdn':
      return 2 + given.host.length + given.domain.length;
    default:
      return 0;
  }
}

const opens = fc
  .record({
    asn: u16,
    holdTime: fc.integer({ min: 3, max: 0xffff }),
    routerId: fc.integer({ min: 1, max: 0xffffffff }),
    capabilities: fc.array(capability, { maxLength: 5 }),
  })
  .map((open): Sample => {
    const { capabilities } = open;
    const frame = encodeOpen({ version: 4, ...open });
    const of = <K extends Capability['kind']>(kind: K) =>
      capabilities.filter((one): one is Extract<Capability, { kind: K }> => one.kind === kind);
    const expected = rowOf({
      type: [1],
      length: [frame.length],
      version: [4],
      openAs: [open.asn],
      holdTime: [open.holdTime],
      identifier: [formatIpv4(open.routerId)],
      parametersLength: [frame.length - 29],
      capability: capabilities.map(({ kind }) => CAPABILITY_CODES[kind]!),
      capabilityLength: capabilities.map(capabilityLength),
      capabilityAfi: of('multiprotocol').map(({ afi }) => afi),
      capabilitySafi: of('multiprotocol').map(({ safi }) => safi),
      fourOctetAs: of('fourOctetAs').map(({ asn }) => asn),
      restartTime: of('gracefulRestart').map(({ restartTime }) => restartTime),
      restarting: of('gracefulRestart').map(({ restarting }) => (restarting ? 1 : 0)),
      addPathMode: of('addPath').flatMap(({ families }) => families.map(({ mode }) => mode)),
      nextHopAfi: of('extendedNextHop').flatMap(({ families }) =>
        families.map(({ nextHopAfi }) => nextHopAfi),
      ),
      host: of('fqdn').map(({ host }) => host),
      domain: of('fqdn').map(({ domain }) => domain),
    });
    return { frame, expected };
  });

type Raised = readonly [raised: ReturnType<typeof notification.cease>, fields: Row];

const raised: fc.Arbitrary<Raised> = fc.oneof(
  fc
    .tuple(fc.constantFrom(CEASE.administrativeShutdown, CEASE.administrativeReset), name)
    .map(
      ([subcode, text]): Raised => [
        notification.cease(subcode, text),
        rowOf({ error: [6], ceaseError: [subcode], communication: [text] }),
      ],
    ),
  fc
    .constantFrom(CEASE.peerDeconfigured, CEASE.connectionRejected, CEASE.outOfResources)
    .map((subcode): Raised => [notification.cease(subcode), rowOf({ error: [6], ceaseError: [subcode] })]),
  fc
    .integer({ min: 1, max: 0xffffff })
    .map(
      (limit): Raised => [
        notification.maximumPrefixesReached(2, 1, limit),
        rowOf({ error: [6], ceaseError: [1], errorData: [`000201${limit.toString(16).padStart(8, '0')}`] }),
      ],
    ),
  fc
    .constantFrom(['OpenSent', 1] as const, ['OpenConfirm', 2] as const, ['Established', 3] as const)
    .map(
      ([state, subcode]): Raised => [
        notification.fsmError(state, 5),
        rowOf({ error: [5], stateError: [subcode], errorData: ['05'] }),
      ],
    ),
  fc
    .uint8Array({ minLength: 4, maxLength: 40 })
    .map(
      (data): Raised => [
        notification.updateError(5, data),
        rowOf({ error: [3], updateError: [5], errorData: [Buffer.from(data).toString('hex')] }),
      ],
    ),
  fc.constant<Raised>([notification.holdTimerExpired(), rowOf({ error: [4] })]),
  fc.constant<Raised>([notification.unacceptableHoldTime(), rowOf({ error: [2], openError: [6] })]),
);

const notifications = raised.map(([given, fields]): Sample => {
  const frame = notification.encodeNotification(given);
  return { frame, expected: { ...rowOf({ type: [3], length: [frame.length] }), ...fields } };
});

const refreshes = fc.tuple(fc.constantFrom(...FAMILIES), fc.integer({ min: 0, max: 2 })).map(
  ([{ afi, safi }, subtype]): Sample => ({
    frame: encodeRouteRefresh({ afi, safi, subtype }),
    expected: rowOf({
      type: [5],
      length: [23],
      refreshAfi: [afi],
      refreshSafi: [safi],
      refreshSubtype: [subtype],
    }),
  }),
);

const keepalives = fc.constant<Sample>({ frame: KEEPALIVE, expected: rowOf({ type: [4], length: [19] }) });

const endsOfRib = fc.constantFrom<FamilyIndex>(0, 1).map((family): Sample => {
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  packer.endOfRib(family);
  const frame = packer.take();
  const common = { type: [2], length: [frame.length], withdrawnLength: [0] };
  const expected =
    family === 0
      ? rowOf({ ...common, attributesLength: [0] })
      : rowOf({
          ...common,
          attributesLength: [6],
          code: [15],
          flags: ['0x80'],
          attributeLength: [3],
          mpUnreachAfi: [2],
          mpUnreachSafi: [1],
        });
  return { frame, expected };
});

/** Repeatable. */
export const dissectorSamples = (count: number, seed: number): readonly Sample[] =>
  fc.sample(
    fc.oneof(
      { weight: 12, arbitrary: updates },
      { weight: 3, arbitrary: opens },
      { weight: 2, arbitrary: notifications },
      { weight: 1, arbitrary: refreshes },
      { weight: 1, arbitrary: keepalives },
      { weight: 1, arbitrary: endsOfRib },
    ),
    { numRuns: count, seed },
  );
