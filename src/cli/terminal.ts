// Colours and the standard streams. Colours appear on a terminal only, and never with NO_COLOR set.

import type { Paint, Tone } from './tables.js';
import { plain } from './tables.js';

const CODES = { good: '32', bad: '31', warn: '33', dim: '2', strong: '1' } as const satisfies Record<
  Tone,
  string
>;

const ansi: Paint = (tone, text) => `\u001b[${CODES[tone]}m${text}\u001b[0m`;

export const choosePaint = (isTerminal: boolean, noColor: string | undefined): Paint =>
  isTerminal && (noColor === undefined || noColor === '') ? ansi : plain;

/** A reader that has seen enough, as in `| head`, is no error. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`bgpctl: can't write: ${error.message}\n`);
    process.exit(1);
  });
}
