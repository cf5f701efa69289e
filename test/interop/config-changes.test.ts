// Another configuration tried on a host beside BIRD, with bgpctl as an operator would: what the diff says, what BIRD then
// has, and both ways back.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse, stringify } from 'yaml';
import type { ConfigPreview, ConfigReport } from '../../src/api/model/types.js';
import { BGPCTL } from '../daemon/bgpd-process.js';
import { type CommandResult, run } from '../support/command.js';
import { interop } from '../support/interop.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import { established, hasRoutes, type Pair, PEERS, start, withPair } from './pair.js';

const V4 = Array.from({ length: 12 }, (_, i) => `10.65.${i}.0/24`);
const V6 = Array.from({ length: 12 }, (_, i) => `2001:db8:65:${i + 1}::/64`);
const GONE = V4.slice(0, 5);
const KEPT = V4.slice(5);

interface Stage {
  readonly pair: Pair;
  readonly ours: BgpdRouter;
  /** The configuration without `GONE`. */
  readonly next: string;
  readonly bgpctl: (...words: readonly string[]) => Promise<CommandResult>;
}

const withStage = (play: (stage: Stage) => Promise<void>): Promise<void> =>
  withPair(
    { peer: 'bird', ourSpec: { announce: [...V4, ...V6].map((prefix) => ({ prefix })) } },
    async (pair) => {
      await start(pair);
      await established(pair);
      const { ours } = pair;
      if (!(ours instanceof BgpdRouter)) throw new Error('ours is bgpd');
      const next = join(ours.node.directory, 'next.yaml');
      const running = parse(readFileSync(ours.configFile, 'utf8')) as { originate: { prefix: string }[] };
      const originate = running.originate.filter(({ prefix }) => !GONE.includes(prefix));
      writeFileSync(next, stringify({ ...running, originate }));
      const bgpctl = (...words: readonly string[]): Promise<CommandResult> =>
        run(process.execPath, [BGPCTL, '--socket', ours.socket, ...words], { timeout: 30_000 });
      await hasAll(pair);
      await play({ pair, ours, next, bgpctl });
    },
  );

const hasAll = async (pair: Pair): Promise<void> => {
  await hasRoutes(pair, pair.peer, 'ipv4-unicast', V4);
  await hasRoutes(pair, pair.peer, 'ipv6-unicast', V6);
};

const configOf = async ({ socket }: BgpdRouter): Promise<ConfigReport> =>
  (await askBgpd(socket, '/v1/config')) as ConfigReport;

const isOver = (stage: Stage): Promise<unknown> =>
  stage.pair.wait('the change to be taken back', async () => (await configOf(stage.ours)).pending === null);

const story = (title: string, play: (t: ExecutionContext, stage: Stage) => Promise<void>): void =>
  interop(title, ['bird'], async (t) => {
    t.timeout(120_000);
    await withStage((stage) => play(t, stage));
  });

story('the diff names what BIRD then loses; unconfirmed, BIRD has it again', async (t, stage) => {
  const { pair, ours, next, bgpctl } = stage;
  const text = await bgpctl('config', 'diff', next, '--all');
  t.is(text.status, 0, text.stderr);
  t.regex(
    text.stdout,
    new RegExp(`${PEERS.v4.replaceAll('.', '\\.')} +stays +ipv4-unicast +12 +\\+0 +-5 +~0`),
  );
  const preview = JSON.parse((await bgpctl('--json', 'config', 'diff', next)).stdout) as ConfigPreview;
  t.deepEqual(
    preview.peers.map(({ name, session, families }) => [
      name,
      session,
      families['ipv4-unicast'].prefixes.withdrawn,
      families['ipv6-unicast'].withdrawn,
    ]),
    [[PEERS.v4, 'stays', GONE, 0]],
  );
  const applied = await bgpctl('config', 'apply', next, '--confirm', '6s');
  t.is(applied.status, 0, applied.stderr);
  await hasRoutes(pair, pair.peer, 'ipv4-unicast', KEPT);
  await hasRoutes(pair, pair.peer, 'ipv6-unicast', V6);
  await isOver(stage);
  await hasAll(pair);
  t.regex((await configOf(ours)).lastRollback?.reason ?? '', /nobody confirmed it within 6 s/);
  t.regex((await bgpctl('show', 'config')).stdout, /Rolled back +.*next\.yaml/);
});

story(
  'BIRD goes away after a change: it is taken back, and BIRD has all when it is there again',
  async (t, stage) => {
    const { pair, ours, next, bgpctl } = stage;
    t.is((await bgpctl('config', 'apply', next, '--confirm', '10m')).status, 0);
    await hasRoutes(pair, pair.peer, 'ipv4-unicast', KEPT);
    await pair.peer.kill();
    await isOver(stage);
    t.regex((await configOf(ours)).lastRollback?.reason ?? '', /^the session of peer .* dropped: /);
    await pair.peer.start();
    await hasAll(pair);
  },
);

story(
  'a change that is confirmed and saved outlives a reload; one that withdraws too much does not come in',
  async (t, stage) => {
    const { pair, ours, next, bgpctl } = stage;
    t.is((await bgpctl('config', 'apply', next, '--confirm', '60s', '--save')).status, 0);
    const reload = await bgpctl('reload');
    t.is(reload.status, 1);
    t.regex(reload.stderr, /waits for confirmation/);
    t.is((await bgpctl('config', 'confirm')).status, 0);
    t.is(readFileSync(ours.configFile, 'utf8'), readFileSync(next, 'utf8'));
    t.regex((await bgpctl('reload')).stdout, /nothing changed/);
    const running = parse(readFileSync(next, 'utf8')) as object;
    writeFileSync(next, stringify({ ...running, originate: [] }));
    const refused = await bgpctl('config', 'apply', next);
    t.is(refused.status, 1);
    t.regex(
      refused.stderr,
      /refused: it would withdraw 19 of 19 prefixes announced \(100 %\) to all peers together;/,
    );
    await hasRoutes(pair, pair.peer, 'ipv4-unicast', KEPT);
    await hasRoutes(pair, pair.peer, 'ipv6-unicast', V6);
  },
);
