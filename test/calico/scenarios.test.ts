// What the resources of each scenario mean for a node, against its text in fixtures/calico/scenarios.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { intentText } from './intent-text.js';
import { routesText } from './route-text.js';
import { compileScenario, nodesOf, ROUTES, routedNodesOf, scenarioFolder, scenarios } from './scenario.js';

for (const scenario of scenarios) {
  for (const node of nodesOf(scenario)) {
    test(`${scenario}: ${node}`, (t) => {
      const { intent, problems } = compileScenario(scenario, node);
      t.is(intentText(intent, problems), readFileSync(join(scenarioFolder, scenario, `${node}.txt`), 'utf8'));
    });
  }
}

for (const scenario of scenarios) {
  for (const node of routedNodesOf(scenario)) {
    test(`${scenario}: ${node}: routes`, (t) => {
      const expected = readFileSync(join(scenarioFolder, scenario, `${node}${ROUTES}`), 'utf8');
      t.is(routesText(expected, compileScenario(scenario, node).intent), expected);
    });
  }
}

test('there is a scenario for every feature', (t) => {
  t.true(scenarios.length >= 20);
});
