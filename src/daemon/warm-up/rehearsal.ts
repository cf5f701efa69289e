// Sessions of a speaker of their own over the loopback, so that the first real ones meet compiled code from the socket to
// the RIB and back. Shares nothing with the running daemon but the clock. Where the loopback is not to be had, or does not
// answer, it ends.

import { formatIp } from '../../base/ip.js';
import type { Config, PeerConfig } from '../../config/types.js';
import { type Clock, pause } from '../../net/clock.js';
import { createListener, type Listener } from '../../net/listener.js';
import { createEvents } from '../events.js';
import type { DriverFactory } from '../peers/bgp-peer.js';
import { Speaker } from '../speaker.js';
import { InventedClient } from './invented-client.js';
import { HOSTS, ROUTER_ID } from './invented-peers.js';
import { inventedChange, inventedUpdates } from './invented-updates.js';
import {
  type RehearsalClient,
  rehearsalClients,
  rehearsalConfig,
  SPEAKER_ADDRESS,
} from './rehearsal-config.js';

const CLIENTS = 32;
/** Clients that do something in one turn. */
const A_TURN = 4;
/** Changes that each client tells one by one. */
const CHANGES = 60;
/** Milliseconds: between two looks, and that anything is waited for. */
const LOOK = 5;
const PATIENCE = 1000;
/** Looks without anything new after which nothing is expected: sessions that come together wait for each other. */
const QUIET_LOOKS = 12;
const SEED = 0x9e3779b9;

export interface RehearsalOptions {
  readonly config: Config;
  /** What the clients are to be like. */
  readonly like: PeerConfig;
  readonly clock: Clock & { wallClock(): number };
  readonly makeDriver: DriverFactory;
  /** Resolves when the next step may be taken. */
  readonly turn: () => Promise<void>;
}

/** False when it did not come to its end, as when it was `stopped`. What it was made of goes to `specimens`. */
export async function rehearse(
  options: RehearsalOptions,
  specimens: unknown[],
  stopped: () => boolean,
): Promise<boolean> {
  const clients = rehearsalClients(options.like, CLIENTS);
  const stage = await setUp(options, clients);
  if (stage === null) return false;
  specimens.push(stage.speaker);
  const ended = await perform(stage, clients, stopped);
  await takeDown(stage);
  return ended;
}

interface Stage {
  readonly clock: Clock;
  readonly turn: () => Promise<void>;
  readonly speaker: Speaker;
  readonly listener: Listener;
  readonly port: number;
}

async function setUp(
  { config, clock, makeDriver, turn }: RehearsalOptions,
  clients: readonly RehearsalClient[],
): Promise<Stage | null> {
  const speaker = new Speaker({
    config: rehearsalConfig(config, clients),
    routerId: ROUTER_ID,
    kernel: null,
    resolveNextHops: false,
    clock,
    events: createEvents(),
    makeDriver,
    makeFinder: () => ({ watch: () => undefined, obstacle: null, stop: () => undefined }),
    addresses: {
      read: () => HOSTS,
      outdate: () => undefined,
      mayHaveChanged: () => false,
      close: () => undefined,
    },
    seed: SEED,
  });
  const listener = createListener({
    addresses: [{ address: SPEAKER_ADDRESS, port: 0 }],
    clock,
    isListed: (remote) => speaker.peers.isListed(remote.address, remote.interface),
    match: (remote, local) => {
      const peer = speaker.peers.match(remote.address, remote.interface, local);
      return typeof peer === 'string' ? null : peer.driver;
    },
  });
  await listener.start();
  const [bound] = listener.bound();
  if (bound === undefined) return null;
  await speaker.start();
  speaker.peers.start();
  return { clock, turn, speaker, listener, port: bound.port };
}

/** All come and tell, half of them go and return, all change, all go. */
async function perform(
  stage: Stage,
  clients: readonly RehearsalClient[],
  stopped: () => boolean,
): Promise<boolean> {
  const { clock, turn, speaker } = stage;
  const until = (isSo: () => boolean): Promise<boolean> => waitUntil(clock, () => stopped() || isSo());
  const isDown = (count: number) => () => speaker.peers.countDown() === count;
  const half = clients.length / 2;
  const players = await enter(stage, clients);
  let good = await until(isDown(0));
  await speak(stage, players, 0);
  good &&= await until(isQuiet(players));
  // They return while what they told is being withdrawn from the others.
  for (const player of players.slice(half)) player.leave();
  await until(() => speaker.peers.countDown() >= half / 2);
  players.splice(half, half, ...(await enter(stage, clients.slice(half))));
  good &&= await until(isDown(0));
  await speak(stage, players, half);
  good &&= await until(isQuiet(players));
  for (let change = 0; change < CHANGES && good && !stopped(); change++) {
    for (const [i, player] of players.entries()) player.say(inventedChange(i, change));
    await turn();
  }
  good &&= await until(isQuiet(players));
  for (const player of players) player.leave();
  return (await until(isDown(CLIENTS))) && good && !stopped();
}

async function enter({ port, turn }: Stage, clients: readonly RehearsalClient[]): Promise<InventedClient[]> {
  const players: InventedClient[] = [];
  for (const { address, open } of clients) {
    players.push(new InventedClient({ host: formatIp(SPEAKER_ADDRESS), port, localAddress: address }, open));
    if (players.length % A_TURN === 0) await turn();
  }
  return players;
}

/** The clients from `first` on say what they have. */
async function speak({ turn }: Stage, players: readonly InventedClient[], first: number): Promise<void> {
  for (const [i, player] of players.entries()) {
    if (i < first) continue;
    player.say(inventedUpdates(i, 'reach'));
    if (i % A_TURN === 0) await turn();
  }
}

/** True once nobody has been told anything for a while. */
function isQuiet(players: readonly InventedClient[]): () => boolean {
  let before = -1;
  let quiet = 0;
  return () => {
    const told = players.reduce((sum, { received }) => sum + received, 0);
    quiet = told === before ? quiet + 1 : 0;
    before = told;
    return quiet >= QUIET_LOOKS;
  };
}

async function takeDown({ speaker, listener }: Stage): Promise<void> {
  await listener.stop();
  await speaker.stop({ removeRoutes: false, text: '' });
}

/** Whether it came to be so in time. */
async function waitUntil(clock: Clock, isSo: () => boolean): Promise<boolean> {
  const end = clock.now() + PATIENCE;
  while (clock.now() < end) {
    if (isSo()) return true;
    await pause(clock, LOOK);
  }
  return false;
}
