// A process that does nothing but connect, out of one subnet: it gets no further than its subnet may, another peer comes up
// through it all, and who is there hears its keepalives in time.

import { resolve } from 'node:path';
import test from 'ava';
import type { PeerDetail } from '../../src/api/model/types.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { parseExposition, sampleValue } from '../support/exposition.js';
import { LoggedProcess } from '../support/logged-process.js';
import { waitFor } from '../support/wait.js';
import { type BgpdProcess, withProcess } from './bgpd-process.js';
import { passive } from './daemon-rig.js';

const FLOOD = resolve(import.meta.dirname, 'flood-process.js');
const WITNESS = '127.0.0.2';
const NEWCOMER = '127.0.0.3';
const RANGE_LIMIT = 20;
const CONNECTIONS = 100;
const HOLD = 9;
/** Seconds: half the time that the witness would wait. */
const MOST_LATE = 4.5;

const peerOf = async (bgpd: BgpdProcess, name: string): Promise<PeerDetail> =>
  JSON.parse((await bgpd.ask(`/v1/neighbors/${name}`)).body) as PeerDetail;

const turnedAway = async (bgpd: BgpdProcess): Promise<number> => {
  const metrics = parseExposition((await bgpd.ask('/metrics')).body);
  return sampleValue(metrics, 'bgpd_connections_total', { outcome: 'subnet_rate' }) ?? 0;
};

const more = (bgpd: BgpdProcess, than: number): Promise<unknown> =>
  waitFor(
    `more than ${than} connections beyond the rate of the subnet`,
    async () => (await turnedAway(bgpd)) > than,
  );

test('a flood out of one subnet: another peer comes up, keepalives stay on time, its range does not fill up', (t) =>
  withProcess(async (bgpd) => {
    const running = await bgpd.start({
      peers: [
        { ...passive('witness', WITNESS, 64512), timers: { hold: HOLD, keepalive: 1 } },
        passive('newcomer', NEWCOMER, 64512),
      ],
      originate: [{ prefix: '10.65.1.0/24' }],
      peerGroups: { hosts: { asn: 64512 } },
      dynamicPeers: [{ range: '127.9.9.0/24', group: 'hosts', limit: RANGE_LIMIT }],
    });
    const witness = await bgpd.join(WITNESS, { asn: 64512, routerId: 0x0a090901, holdTime: HOLD });
    const alive = setInterval(() => witness.peer.say(KEEPALIVE), 1000);
    witness.peer.socket.once('close', () => clearInterval(alive));
    const logFile = bgpd.folder.file('flood.log');
    const args = [FLOOD, String(bgpd.port), String(CONNECTIONS)];
    const flood = await LoggedProcess.start('flood', process.execPath, args, { logFile });
    try {
      await more(bgpd, 1000);
      const newcomer = await bgpd.join(NEWCOMER, { asn: 64512, routerId: 0x0a090902 });
      await newcomer.hasRoutes('10.65.1.0/24');
      const heard = witness.peer.count(4);
      await witness.peer.hears(4, heard + 3);
      await more(bgpd, await turnedAway(bgpd));
      t.false(newcomer.peer.closed);
    } finally {
      await flood.kill();
    }
    const { state, counters } = await peerOf(bgpd, 'witness');
    t.is(state, 'Established');
    t.true(counters.keepaliveLateSeconds < MOST_LATE, `${counters.keepaliveLateSeconds} s late`);
    t.is((await peerOf(bgpd, 'newcomer')).counters.flaps, 0);
    const { neighbors } = JSON.parse((await bgpd.ask('/v1/neighbors')).body) as { neighbors: PeerDetail[] };
    t.true(neighbors.filter(({ dynamic }) => dynamic).length <= RANGE_LIMIT);
    t.true(bgpd.log().split('\n').length < 2000, 'the log does not flood');
    t.deepEqual(await running.stop(), { code: 0, signal: null });
  }));
