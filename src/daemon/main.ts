#!/usr/bin/env node
// Where `bgpd` begins: what the engine does with memory is settled before anything else is loaded, because loading alone makes
// it take four times as much. Knows nothing of what it starts.

import { boundNewSpace } from '../sys/engine.js';

boundNewSpace();
const { main } = await import('./command.js');
await main();
