// Roles and ONLY_TO_CUSTOMER (RFC 9234) on routes, with BIRD and FRR: who marks them, and a leak that is not taken.

import type { RouteList, RouteStatus } from '../../src/api/model/types.js';
import { run } from '../support/command.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import { BirdRouter } from '../support/peers/bird.js';
import { protocolName } from '../support/peers/bird-config.js';
import { FrrRouter } from '../support/peers/frr.js';
import { declareKinds, detail, type Kind, OUR_ROUTE, THEIRS, up } from './kind.js';
import { OUR_ASN, OURS, type Pair } from './pair.js';

const theirRoute = async ({ ours }: Pair): Promise<RouteStatus | undefined> => {
  if (!(ours instanceof BgpdRouter)) throw new Error('ours is bgpd');
  const list = (await askBgpd(ours.socket, `/v1/routes?prefix=${THEIRS}&all=true`)) as RouteList;
  return list.routes[0];
};

const shown = async ({ peer }: Pair): Promise<string> => {
  if (peer instanceof FrrRouter) {
    const question = `show bgp ipv4 unicast ${OUR_ROUTE} json`;
    return (await run('vtysh', ['--vty_socket', peer.runDirectory, '-c', question])).stdout;
  }
  if (!(peer instanceof BirdRouter)) throw new Error('neither BIRD nor FRR');
  const question = ['show', 'route', 'all', 'protocol', protocolName(OURS.v4)];
  return (await run('birdc', ['-s', peer.controlSocket, ...question])).stdout;
};

/** Of our route, as the peer has it. */
const markThere = async (pair: Pair): Promise<number | null> => {
  const mark = /(?:"otc":|BGP\.otc:)\s*(\d+)/.exec(await shown(pair));
  return mark === null ? null : Number(mark[1]);
};

const theirRole = (role: string) => ({ bird: [`local role ${role};`], frr: [`local-role ${role}`] });

const KINDS: readonly Kind[] = [
  ...(['bird', 'frr'] as const).flatMap((peer): readonly Kind[] => [
    {
      title: `roles: what ${peer}, our provider, tells us is marked with its AS`,
      peer,
      words: { bgpd: { role: 'customer' }, ...theirRole('provider') },
      play: async (t, pair) => {
        await up(pair);
        await pair.wait('the mark', async () => (await theirRoute(pair))?.onlyToCustomer === 65001);
        t.is(await markThere(pair), null, 'ours is not marked towards a provider');
      },
    },
    {
      title: `roles: what we tell ${peer}, our customer, is marked with our AS`,
      peer,
      words: { bgpd: { role: 'provider' }, ...theirRole('customer') },
      play: async (t, pair) => {
        await up(pair);
        await pair.wait('the mark', async () => (await markThere(pair)) === OUR_ASN);
        await pair.wait('their route', async () => (await theirRoute(pair))?.best === true);
        t.is((await theirRoute(pair))?.onlyToCustomer, null);
      },
    },
  ]),
  {
    title: 'roles: a marked route of BIRD, our customer, is a leak, and is not used',
    peer: 'bird',
    words: {
      bgpd: { role: 'provider' },
      birdChannel: ' export filter { bgp_otc = 65010; accept; };',
    },
    play: async (t, pair) => {
      await up(pair);
      await pair.wait('the leak', async () => (await detail(pair)).loops.onlyToCustomer > 0);
      const route = await theirRoute(pair);
      t.false(route?.best);
      t.regex(route?.decision ?? '', /ONLY_TO_CUSTOMER|leak/i);
    },
  },
];

declareKinds(KINDS);
