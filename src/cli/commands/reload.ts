// `bgpctl reload`: the daemon reads its configuration again; the running one stays in force when the new one is wrong.

import { askDaemon } from '../client.js';
import { type CommandContext, type ExitCode, finish } from '../command.js';

export async function reload(
  context: CommandContext,
  { force = false }: { readonly force?: boolean },
): Promise<ExitCode> {
  const { socketPath } = context;
  const answer = await askDaemon({ socketPath, method: 'POST', path: '/v1/reload', body: { force } });
  return finish<{ readonly message: string }>(context, answer, ({ message }) => `${message}\n`);
}
