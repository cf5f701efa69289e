// BIRD on the same routes: a table that is fed through a pipe again and again, whose filter asks the same and then rejects
// everything, so that nothing is written anywhere. What a pipe costs that rejects without asking is taken off.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, run } from '../support/command.js';
import { LoggedProcess } from '../support/logged-process.js';
import { waitFor } from '../support/wait.js';
import { daemonCommand, type Machine } from './machine.js';
import {
  asnsOf,
  communitiesOf,
  dotted,
  POLICY_CASE_NAMES,
  POLICY_CASES,
  type PolicyCaseName,
  ROUTES,
  routeWord,
  SETS,
} from './policy-cases.js';
import { usageOf } from './process-usage.js';
import { median } from './statistics.js';

const NOTHING = 'nothing';

/** By case: nanoseconds that its filter takes for a route. Cases that BIRD has nothing for are left out. */
export async function birdPolicies(
  machine: Machine,
  rounds: number,
): Promise<ReadonlyMap<PolicyCaseName, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-bench-'));
  const socket = join(folder, 'bird.ctl');
  const file = join(folder, 'bird.conf');
  writeFileSync(file, configuration());
  const [command, args] = daemonCommand(machine, 'bird', [
    '-f',
    '-c',
    file,
    '-s',
    socket,
    '-P',
    join(folder, 'pid'),
  ]);
  const bird = await LoggedProcess.start('bird', command, args, { logFile: join(folder, 'bird.log') });
  try {
    const ask = (question: string): Promise<string> => must('birdc', ['-s', socket, ...question.split(' ')]);
    await waitFor('bird', async () => (await run('birdc', ['-s', socket, 'show', 'status'])).status === 0);
    const fed = async (pipe: string): Promise<number> => fedOf(await ask(`show protocols all p_${pipe}`));
    await settled(() => fed(NOTHING));
    const routes = Number(/for (\d+) networks/.exec(await ask('show route table t_from count'))?.[1]);
    const measure = async (pipe: string): Promise<number> => {
      await settled(() => fed(pipe));
      const values: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const wanted = (await fed(pipe)) + routes;
        const before = usageOf(bird.pid).cpuSeconds;
        await ask(`reload out p_${pipe}`);
        await waitFor('the reload', async () => (await fed(pipe)) >= wanted);
        values.push(((usageOf(bird.pid).cpuSeconds - before) * 1e9) / routes);
      }
      return median(values);
    };
    const base = await measure(NOTHING);
    const found = new Map<PolicyCaseName, number>();
    for (const name of POLICY_CASE_NAMES) {
      if (POLICY_CASES[name].bird !== null) found.set(name, (await measure(nameOf(name))) - base);
    }
    return found;
  } finally {
    await bird.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A symbol of BIRD. */
const nameOf = (name: PolicyCaseName): string => `f_${name.replaceAll('-', '_')}`;

/** Routes that a pipe was shown since it began. */
const fedOf = (text: string): number => Number(/Export updates:\s+(\d+)/.exec(text)?.[1] ?? 0);

/** The number once it has stopped rising. */
async function settled(read: () => Promise<number>): Promise<number> {
  let last = -1;
  await waitFor(
    'the first feed',
    async () => {
      const now = await read();
      const rests = now > 0 && now === last;
      last = now;
      return rests;
    },
    { interval: 200 },
  );
  return last;
}

function configuration(): string {
  const filters = POLICY_CASE_NAMES.flatMap((name) => {
    const { bird } = POLICY_CASES[name];
    if (bird === null) return [];
    const terms = bird().map((condition) => `if ${condition} then reject;`);
    return [`filter ${nameOf(name)} { ${terms.join(' ')} reject; }`, pipe(nameOf(name))];
  });
  return [
    'log stderr { error, fatal };',
    'router id 10.0.0.1;',
    'ipv4 table t_from;',
    'ipv4 table t_to;',
    'protocol device {}',
    `filter ${NOTHING} { reject; }`,
    pipe(NOTHING),
    ...filters,
    'protocol static {',
    '  ipv4 { table t_from; };',
    ...Array.from({ length: ROUTES }, (_, i) => staticRoute(i)),
    '}',
    '',
  ].join('\n');
}

const pipe = (filter: string): string =>
  `protocol pipe p_${filter} { table t_from; peer table t_to; import none; export filter ${filter}; }`;

function staticRoute(i: number): string {
  const set = i % SETS;
  const path = [...asnsOf(set)].reverse().map((asn) => `bgp_path.prepend(${asn});`);
  const communities = communitiesOf(set).map((value) => `bgp_community.add((65000,${value}));`);
  return `  route ${dotted(routeWord(i))}/24 blackhole { ${[...path, ...communities].join(' ')} };`;
}
