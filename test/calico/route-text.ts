// What the filters of a scenario make of single routes: `<node>.routes.txt` in its folder has a line for each, the route to
// the left of the arrow and what becomes of it to the right. The right is worked out here, by the naive interpreter.
//
//   export Global_10_192_0_1  10.65.8.1/32 kernel on cali1 metric 512  =>  accept, local-pref 2147483135
//   import Global_10_192_0_1  192.0.2.0/24 path 65001 65002 com 65001:7  =>  reject
//   kernel                    10.65.9.0/26 local-pref 2147483135 via 10.192.0.3  =>  accept

import { parseIp } from '../../src/base/ip.js';
import type { CalicoIntent, PeerIntent } from '../../src/calico/types.js';
import type { PeerView } from '../../src/rib/hooks.js';
import { NO_ATTRIBUTES } from '../../src/wire/block.js';
import type { AsPathSegment, PathAttributes } from '../../src/wire/types.js';
import { type NaiveRoute, naiveChain } from '../policy/naive.js';
import { prefix } from '../policy/routes.js';

const HIGHEST_LOCAL_PREF = 2_147_483_647;

/** The lines of such a file as they should be. */
export const routesText = (text: string, intent: CalicoIntent): string =>
  text
    .split('\n')
    .map((line) => (line === '' || line.startsWith('#') ? line : judged(line, intent)))
    .join('\n');

function judged(line: string, intent: CalicoIntent): string {
  const given = (line.split('=>')[0] ?? '').trimEnd();
  return `${given}  =>  ${verdictOf(given.split(/\s+/), intent)}`;
}

function verdictOf([way = '', ...words]: readonly string[], intent: CalicoIntent): string {
  if (way === 'kernel') return outcome(intent, intent.install, routeOf(words, 'import', null, intent));
  const [name, ...rest] = words;
  const peer = intent.peers.find((each) => each.name === name);
  if (peer === undefined) throw new Error(`there is no peer ${name}`);
  if (way !== 'import' && way !== 'export') throw new Error(`${way} is no direction`);
  return outcome(intent, peer[way], routeOf(rest, way, peer, intent));
}

function outcome({ policies, asn }: CalicoIntent, chain: readonly string[], route: NaiveRoute): string {
  const terms = chain.map((name) => policies[name] ?? []);
  const result = naiveChain(terms, 'reject', route, asn);
  if (result === null) return 'reject';
  const before = attributesText(route.attributes);
  return ['accept', ...attributesText(result).filter((part) => !before.includes(part))].join(', ');
}

/** Calico's priority is what a metric or LOCAL_PREF stands for; what is in a path is told from the left. */
const attributesText = (attributes: PathAttributes): readonly string[] => [
  ...(attributes.localPref === null ? [] : [`local-pref ${attributes.localPref}`]),
  `path [${attributes.asPath.flatMap(({ asns }) => asns).join(' ')}]`,
  `com ${attributes.communities.map((word) => `${word >>> 16}:${word & 0xffff}`).join(' ')}`.trimEnd(),
  `large ${attributes.largeCommunities.map((words) => words.join(':')).join(' ')}`.trimEnd(),
];

/** `PREFIX [kernel|service|aggregate] [on IFACE] [metric N] [local-pref N] [path AS...] [com A:B...] [large A:B:C...] [via IP]`: words
 * without `kernel` and its like are those of a learned route. */
function routeOf(
  [target = '', ...words]: readonly string[],
  way: 'import' | 'export',
  peer: PeerIntent | null,
  intent: CalicoIntent,
): NaiveRoute {
  const to = prefix(target);
  const given = optionsOf(words);
  const source = (['kernel', 'service', 'aggregate'] as const).find((each) => given.has(each)) ?? 'bgp';
  const metric = source === 'kernel' ? Number(given.get('metric')?.[0] ?? 1024) : null;
  const own = peer?.localAsn ?? intent.asn;
  const type: PeerView['type'] = peer?.asn === own ? 'ibgp' : 'ebgp';
  const told = given.get('local-pref')?.[0];
  const localPref =
    metric === null ? (told === undefined ? null : Number(told)) : HIGHEST_LOCAL_PREF - metric;
  const learned = way === 'import' && peer !== null ? { ...peer, group: null, type } : null;
  return {
    prefix: to,
    source,
    peer: learned,
    session: peer === null ? null : type,
    self: null,
    rpki: 'notFound',
    attributes: {
      ...NO_ATTRIBUTES,
      local: { ...NO_ATTRIBUTES.local, interface: given.get('on')?.[0] ?? null, metric },
      localPref,
      nextHop: parseIp(given.get('via')?.[0] ?? ''),
      asPath: pathOf(given.get('path') ?? []),
      communities: (given.get('com') ?? []).map((text) =>
        numbers(text).reduce((sum, part) => sum * 65536 + part),
      ),
      largeCommunities: (given.get('large') ?? []).map((text) => {
        const [a = 0, b = 0, c = 0] = numbers(text);
        return [a, b, c] as const;
      }),
    },
  };
}

const numbers = (text: string): readonly number[] => text.split(':').map(Number);

const pathOf = (asns: readonly string[]): readonly AsPathSegment[] =>
  asns.length === 0 ? [] : [{ kind: 'sequence', asns: asns.map(Number) }];

const WORDS = ['kernel', 'service', 'aggregate', 'on', 'metric', 'local-pref', 'path', 'com', 'large', 'via'];

function optionsOf(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let now: string[] | undefined;
  for (const word of words) {
    if (WORDS.includes(word)) {
      now = [];
      found.set(word, now);
    } else if (now === undefined) throw new Error(`${word} is not known`);
    else now.push(word);
  }
  return found;
}
