// Runs one contract case on the kernel of the network namespace that this process was started in. Exit code 0: it held.

import { createNetlinkBench } from './bench-netlink.js';
import { CASES } from './contract.js';

const wanted = CASES.find(({ title }) => title === process.argv[2]);
if (wanted === undefined) throw new Error(`no case ${process.argv[2]}`);
await wanted.run(createNetlinkBench(process.argv[3] === 'on' ? 'on' : 'off'));
// A kernel that a failed case left open would keep the process alive.
process.exit(0);
