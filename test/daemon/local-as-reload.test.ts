// What a reload of `localAs` does to a session that is up: the AS that the peer knows us by is agreed on anew, how it stands
// in paths is not.

import test from 'ava';
import type { TestSpeaker } from '../support/test-speaker.js';
import { BASE, OPEN_EBGP, passive, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const ROUTE = '192.0.2.0/24';

const config = (noPrepend: boolean, replaceAs: boolean): Yaml => ({
  ...BASE,
  peers: [
    passive('a', A, 65001, { ...OPEN_EBGP, localAs: { asn: 64999, noPrepend } }),
    passive('b', B, 65002, { ...OPEN_EBGP, localAs: { asn: 64999, replaceAs } }),
  ],
});

const hears = (b: TestSpeaker, path: string): Promise<void> => {
  const has = () =>
    b.told
      .get(ROUTE)
      ?.asPath.flatMap(({ asns }) => asns)
      .join(' ');
  return b.peer.watch.until(
    () => has() === path,
    () => `${path}; has ${has()}`,
  );
};

test('localAs: noPrepend and replaceAs change while the sessions stay, and the reload says so', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config(false, false));
    const a = await rig.join(daemon, A, { asn: 65001, peerAsn: 64999, routerId: 0x0a090901 });
    const b = await rig.join(daemon, B, { asn: 65002, peerAsn: 64999, routerId: 0x0a090902 });
    a.announce([ROUTE], { asPath: [{ kind: 'sequence', asns: [65001] }], nextHop: '10.0.0.9' });
    await hears(b, '64999 64512 64999 65001');
    const { message } = await daemon.reload(config(true, true));
    t.regex(message, /peer a: localAs changed; peer b: localAs changed/);
    t.notRegex(message, /restarted/);
    await hears(b, '64999 65001');
    for (const name of ['a', 'b']) t.like(daemon.peer(name).counters, { established: 1, flaps: 0 });
  }));
