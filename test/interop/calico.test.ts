// bgpd with Calico's resources beside BIRD with the configuration that Calico makes of them: given the same kernel routes
// and the same peers, both tell an observer the same and give the kernel the same.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { interop } from '../support/interop.js';
import { waitFor } from '../support/wait.js';
import {
  hasCalicoBird,
  runFolder,
  type Stage,
  seen,
  startCalicoBgpd,
  startCalicoBird,
  withStage,
} from './calico-run.js';

const scenarios = readdirSync(runFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

const bird = (scenario: string) =>
  withStage(scenario, async (stage) => {
    await startCalicoBird(stage, scenario);
    await isSeen(stage, scenario, () => 'BIRD as Calico configures it');
  });

const bgpd = (scenario: string) =>
  withStage(scenario, async (stage) => {
    const log = await startCalicoBgpd(stage, scenario);
    await isSeen(stage, scenario, log);
  });

async function isSeen(stage: Stage, scenario: string, evidence: () => string): Promise<void> {
  const expected = readFileSync(join(runFolder, scenario, 'expected.txt'), 'utf8');
  let text = '';
  const arrived = async (): Promise<boolean> => {
    text = await seen(stage, scenario);
    return text === expected;
  };
  await waitFor('the observer to see what is expected', arrived, {
    timeout: 60_000,
    interval: 200,
    evidence: () => `expected:\n${expected}\nseen:\n${text}\n${evidence()}`,
  });
}

const play = (scenario: string) => async (t: ExecutionContext) => {
  t.timeout(150_000);
  await Promise.all([hasCalicoBird(scenario) ? bird(scenario) : null, bgpd(scenario)]);
  t.pass();
};

for (const scenario of scenarios) interop(`calico: ${scenario}`, ['bird', 'bgpd'], play(scenario));
