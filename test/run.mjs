// `npm test`: lint, type-check, tests. Prints a closing line `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';

const run = (command, args) => spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;
process.exit(run('npx', ['biome', 'check', '.']) || run('npx', ['tsc', '-p', '.']) || run('npx', ['ava']));
