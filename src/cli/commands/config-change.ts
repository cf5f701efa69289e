// `bgpctl config apply`, `confirm` and `rollback`: the words that are sent, and the verdict printed.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ChangeVerdict } from '../../api/model/preview-types.js';
import { type Answer, askDaemon } from '../client.js';
import { type CommandContext, type ExitCode, finish } from '../command.js';

/** The file as the daemon gets it: its own right to read it does not count. Null: it can't be read, which was said. */
export function readCandidate(
  context: CommandContext,
  file: string,
): { readonly file: string; readonly text: string } | null {
  try {
    return { file: resolve(file), text: readFileSync(file, 'utf8') };
  } catch (error) {
    context.printError(`can't read ${file}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

export interface ApplyWords {
  /** `60s`, `2m`, `60`. */
  readonly confirm?: string;
  readonly save?: boolean;
  readonly force?: boolean;
}

export async function applyConfig(
  context: CommandContext,
  file: string,
  words: ApplyWords,
): Promise<ExitCode> {
  const confirm = words.confirm === undefined ? null : secondsOf(words.confirm);
  if (confirm === undefined) {
    context.printError(`--confirm ${words.confirm}: give a time such as 60s or 5m`);
    return 2;
  }
  const candidate = readCandidate(context, file);
  if (candidate === null) return 1;
  const { save = false, force = false } = words;
  return ask(context, 'apply', { ...candidate, confirm, save, force });
}

export const confirmConfig = (context: CommandContext): Promise<ExitCode> => ask(context, 'confirm', {});
export const rollbackConfig = (context: CommandContext): Promise<ExitCode> => ask(context, 'rollback', {});

async function ask(
  context: CommandContext,
  action: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const { socketPath } = context;
  const answer = await askDaemon({ socketPath, method: 'POST', path: `/v1/config/${action}`, body });
  return finishLines<ChangeVerdict>(context, answer, ({ message }) => `${message}\n`);
}

/** As `finish`; a refusal may have a line for each problem. */
export function finishLines<T>(
  context: CommandContext,
  answer: Answer,
  render: Parameters<typeof finish<T>>[2],
): ExitCode {
  if (answer.ok) return finish(context, answer, render);
  for (const message of answer.message.split('\n')) finish(context, { ok: false, message }, render);
  return 1;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

function secondsOf(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * UNITS[unit]!;
  return seconds > 0 ? seconds : undefined;
}
