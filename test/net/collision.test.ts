// Both sides connect at once, hundreds of times, on real sockets: whatever the order of things, one connection stays, the same
// on both sides, and nothing else is left.

import test from 'ava';
import { cease } from '../../src/wire/notification.js';
import { countingClock } from './counting-clock.js';
import { REMOTE, type Rig, type Speaker, withRig } from './rig.js';

const ROUNDS = 240;
const AT_ONCE = 12;
const ADMIN = { kind: 'adminDown', text: '' } as const;

/** Numbers from 0 to `below`; the same in each run. */
function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % below;
  };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

interface Pair {
  readonly left: Speaker;
  readonly right: Speaker;
}

async function pair(rig: Rig, round: number, leftWins: boolean, clock: Rig['clock']): Promise<Pair> {
  const addresses = [`127.0.1.${round + 1}`, `127.0.2.${round + 1}`] as const;
  const speakers: Record<string, Speaker> = {};
  const a = await rig.listener(addresses[0], speakers, clock);
  const b = await rig.listener(addresses[1], speakers, clock);
  const mine = { config: { routerId: leftWins ? 0x0b000000 : 1 }, peer: addresses[1], local: addresses[0] };
  const theirs = { config: REMOTE, peer: addresses[0], local: addresses[1] };
  const left = rig.speaker({ ...mine, port: b.port, clock });
  const right = rig.speaker({ ...theirs, port: a.port, clock });
  speakers[addresses[1]] = left;
  speakers[addresses[0]] = right;
  return { left, right };
}

test('hundreds of collisions: one connection, the same on both sides, no session lost, no timer kept', (t) =>
  withRig(async (rig) => {
    const draw = drawer(4271);
    const clock = countingClock(rig.clock);
    let collisions = 0;
    const play = async (round: number): Promise<void> => {
      const { left, right } = await pair(rig, round, draw(2) === 0, clock);
      const begin = async (speaker: Speaker, after: number): Promise<void> => {
        await turns(after);
        speaker.driver.start();
      };
      await Promise.all([begin(left, draw(4)), begin(right, draw(4))]);
      await Promise.all([left.recorder.until('Established'), right.recorder.until('Established')]);
      const [here, there] = [left.recorder.transports.at(-1)!, right.recorder.transports.at(-1)!];
      t.is(here.localPort, there.remotePort);
      t.is(here.remotePort, there.localPort);
      t.not(here.role, there.role);
      t.deepEqual([left.recorder.downs, right.recorder.downs], [[], []], 'no session was lost');
      if (left.driver.status().counters.sent.open > 1) collisions++;
      await Promise.all([left.driver.stop(cease(2), ADMIN), right.driver.stop(cease(2), ADMIN)]);
    };
    for (let from = 0; from < ROUNDS; from += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => play(from + i)));
    }
    t.true(collisions > ROUNDS / 10, `two connections met ${collisions} times`);
    t.is(clock.timers, 0);
  }));
