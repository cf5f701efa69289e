// What changes when Calico's resources change one after the other: which sessions are touched, and why the rest stays.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { playSteps, stepScenarios, stepsFolder } from './steps.js';

for (const scenario of stepScenarios) {
  test(scenario, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bgpd-steps-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    t.is(playSteps(scenario, folder), readFileSync(join(stepsFolder, scenario, 'expected.txt'), 'utf8'));
  });
}
