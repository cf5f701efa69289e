// What every command of `bgpctl` shares: ask, then print the JSON as it came or the text made of it.

import { type Answer, askDaemon } from './client.js';
import { printable } from './format.js';
import type { Paint } from './tables.js';

export interface CommandContext {
  readonly socketPath: string;
  /** Print the API's JSON instead of text. */
  readonly json: boolean;
  readonly paint: Paint;
  print(text: string): void;
  printError(line: string): void;
}

/** 0: done; 1: not done, one line on stderr says why; 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  not done: bgpd is not there, has refused, or has nothing of that name; one line on stderr says why
  2  wrong usage`;

/** A command that reads: `render` turns the parsed answer into text that ends in a line end. */
export async function show<T>(
  context: CommandContext,
  path: string,
  render: (data: T, paint: Paint) => string,
): Promise<ExitCode> {
  const answer = await askDaemon({ socketPath: context.socketPath, method: 'GET', path });
  return finish(context, answer, render);
}

export function finish<T>(
  context: CommandContext,
  answer: Answer,
  render: (data: T, paint: Paint) => string,
): ExitCode {
  if (!answer.ok) {
    context.printError(printable(answer.message));
    return 1;
  }
  try {
    context.print(context.json ? `${answer.body}\n` : render(parseAnswer<T>(answer.body), context.paint));
    return 0;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.printError(
      `can't show the answer (${printable(why)}): bgpd and bgpctl may differ in version; --json prints it raw`,
    );
    return 1;
  }
}

/** The API's types are trusted; its strings may hold what a peer sent, so control characters are made visible. */
const parseAnswer = <T>(body: string): T =>
  JSON.parse(body, (_key, value: unknown) => (typeof value === 'string' ? printable(value) : value)) as T;

/** `/path?a=b` without the keys that have no value. */
export function pathWithQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
