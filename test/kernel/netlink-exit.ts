// A process that ends while its kernel is open, as a crash does: the blocked worker must not hold it up.

import { createNetlinkKernel } from '../../src/kernel/netlink/netlink-kernel.js';
import { createRecorder, settings } from './bench.js';

const started = await createNetlinkKernel(settings()).start(createRecorder());
process.exit(started.ok ? 0 : 1);
