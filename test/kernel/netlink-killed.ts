// A process that installs the routes it is given on stdin and is then killed without a chance to clean up.

import { readFileSync } from 'node:fs';
import { createNetlinkKernel } from '../../src/kernel/netlink/netlink-kernel.js';
import type { FibIntent, KernelSettings } from '../../src/kernel/types.js';
import { createRecorder, eventually, prefix } from './bench.js';

const input = JSON.parse(readFileSync(0, 'utf8')) as {
  readonly settings: KernelSettings;
  readonly routes: readonly (readonly [string, FibIntent])[];
};
const kernel = createNetlinkKernel(input.settings);
await kernel.start(createRecorder());
for (const [text, intent] of input.routes) kernel.install(prefix(text), intent);
await eventually('everything installed', () =>
  input.routes.every(([text]) => kernel.isInstalled(prefix(text))),
);
process.kill(process.pid, 'SIGKILL');
