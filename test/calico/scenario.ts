// The scenarios of fixtures/calico/scenarios: a folder each, with the resources and, for one node, what they come down to.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Compiled, compileCalico } from '../../src/calico/compile.js';
import { readResource } from '../../src/calico/resources/resource.js';
import { readCalicoFiles } from '../../src/config/calico/calico-files.js';

export const scenarioFolder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'calico', 'scenarios');

/** Folders, each with `resources.yaml`, a file `<node>.txt` for each node that is looked at, and some with routes. */
export const scenarios: readonly string[] = readdirSync(scenarioFolder).sort();

export const ROUTES = '.routes.txt';

/** Nodes of which it is written what becomes of routes. */
export const routedNodesOf = (scenario: string): readonly string[] =>
  readdirSync(join(scenarioFolder, scenario))
    .filter((file) => file.endsWith(ROUTES))
    .map((file) => file.slice(0, -ROUTES.length));

export const nodesOf = (scenario: string): readonly string[] =>
  readdirSync(join(scenarioFolder, scenario))
    .filter((file) => file.endsWith('.txt') && !file.endsWith(ROUTES))
    .map((file) => file.slice(0, -'.txt'.length));

/** Scenarios about what bgpd does by default; the others are compared with Calico. */
const AUTO = ['advertise', 'local-workloads'];

/** Secrets are there when their name does not say `missing`. The resources must be without faults. */
export function compileScenario(scenario: string, node: string): Compiled {
  const { documents } = readCalicoFiles([join(scenarioFolder, scenario, 'resources.yaml')], new Map());
  const resources = documents.flatMap(({ source }) => {
    const reading = readResource(source.value);
    if (reading.kind !== 'object' || reading.object.resource === null)
      throw new Error(JSON.stringify(reading));
    return [reading.object.resource];
  });
  return compileCalico(resources, {
    node,
    usePodCidr: scenario.includes('pod-cidr'),
    advertise: AUTO.some((word) => scenario.startsWith(word)) ? 'auto' : 'all',
    externalPools: scenario.includes('external-pools') ? ['public'] : null,
    secretFile: ({ name, key }) => (name.includes('missing') ? null : `secrets/${name}/${key}`),
  });
}
