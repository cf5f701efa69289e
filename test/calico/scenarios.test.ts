// What the resources of each scenario mean for a node, against its text in fixtures/calico/scenarios.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { intentText } from './intent-text.js';
import { compileScenario, nodesOf, scenarioFolder, scenarios } from './scenario.js';

for (const scenario of scenarios) {
  for (const node of nodesOf(scenario)) {
    test(`${scenario}: ${node}`, (t) => {
      const { intent, problems } = compileScenario(scenario, node);
      t.is(intentText(intent, problems), readFileSync(join(scenarioFolder, scenario, `${node}.txt`), 'utf8'));
    });
  }
}

test('there is a scenario for every feature', (t) => {
  t.true(scenarios.length >= 20);
});
