// A route server (RFC 7947) whose clients may not be told everything: the best path hides no other one from those with
// `ownBestPath`, a reload switches it, and other groups are as they were.

import test from 'ava';
import type { Attributes } from '../support/test-speaker.js';
import { BASE, passive, withDaemons, type Yaml } from './daemon-rig.js';

const ROUTE = '192.0.2.0/24';
const [SHORT, LONG, CLIENT, OTHER] = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'] as const;

const path = (nextHop: string, ...asns: readonly number[]): Attributes => ({
  asPath: [{ kind: 'sequence', asns }],
  nextHop,
});

const config = (ownBestPath: boolean): Yaml => {
  const client = { routeServerClient: true, import: ['accept-all'] };
  return {
    ...BASE,
    policies: {
      'not-from-65001': [
        { match: { asPath: { contains: [65001] } }, action: 'reject' },
        { action: 'accept' },
      ],
    },
    peers: [
      passive('short', SHORT, 65001, { ...client, export: ['accept-all'] }),
      passive('long', LONG, 65002, { ...client, export: ['accept-all'] }),
      passive('client', CLIENT, 65003, { ...client, export: ['not-from-65001'], ownBestPath }),
      passive('other', OTHER, 65004, { ...client, export: ['not-from-65001'] }),
    ],
  };
};

test('ownBestPath: whose policy refuses the best path is told the next one; switched by a reload', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config(true));
    const join = (address: string, asn: number) =>
      rig.join(daemon, address, { asn, routerId: 0x0a090000 + asn });
    const [short, long] = [await join(SHORT, 65001), await join(LONG, 65002)];
    const [client, other] = [await join(CLIENT, 65003), await join(OTHER, 65004)];
    const has = (asns: readonly number[]) =>
      client.peer.watch.until(
        () =>
          client.told
            .get(ROUTE)
            ?.asPath.flatMap((segment) => segment.asns)
            .join() === asns.join(),
        () => `${ROUTE} with ${asns}; has ${JSON.stringify(client.told.get(ROUTE))}`,
      );
    short.announce([ROUTE], path('10.0.0.2', 65001));
    long.announce([ROUTE, '198.51.100.0/24'], path('10.0.0.3', 65002, 65010));
    await has([65002, 65010]);
    await other.hasRoutes('198.51.100.0/24');
    t.deepEqual(other.routes, ['198.51.100.0/24'], 'hidden');
    t.like(daemon.routes({ prefix: ROUTE })[0], { source: 'short', best: true });
    long.announce([ROUTE], path('10.0.0.3', 65002, 65011));
    await has([65002, 65011]);
    await daemon.reload(config(false));
    await client.peer.watch.until(() => !client.told.has(ROUTE), 'the withdrawal');
    await daemon.reload(config(true));
    await has([65002, 65011]);
    long.withdraw([ROUTE]);
    await client.peer.watch.until(() => !client.told.has(ROUTE), 'the end of what it may be told');
    for (const name of ['short', 'long', 'client', 'other']) t.is(daemon.peer(name).counters.flaps, 0);
  }));
