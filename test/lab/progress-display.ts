// Shows how the network converges: one line redrawn in place on a terminal, a new line when it changes otherwise.

import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import { isConverged, type Progress } from './checks.js';
import { progressText } from './presenter.js';

export interface ProgressDisplay {
  show(line: string): void;
  /** Ends the line on a terminal. */
  end(): void;
}

export const createProgressDisplay = (stream: WriteStream | NodeJS.WriteStream): ProgressDisplay => {
  if (stream.isTTY) {
    return {
      show: (line) => {
        stream.write(`\r\u001b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
      },
      end: () => {
        stream.write('\n');
      },
    };
  }
  let last = '';
  return {
    show: (line) => {
      // The seconds at the end change always; what comes before decides.
      const content = line.slice(0, line.lastIndexOf(','));
      if (content !== last) stream.write(`${line}\n`);
      last = content;
    },
    end: () => {},
  };
};

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const CONVERGENCE_LIMIT_MS = 60_000;
const POLL_MS = 200;

/** The last measurement: converged, or taken at the limit. `begin`: when the routers were started. */
export const waitForConvergence = async (
  measure: () => Progress | Promise<Progress>,
  begin: number,
): Promise<Progress> => {
  const display = createProgressDisplay(process.stdout);
  for (;;) {
    const progress = await measure();
    const elapsed = performance.now() - begin;
    display.show(progressText(progress, elapsed / 1000));
    if (isConverged(progress) || elapsed > CONVERGENCE_LIMIT_MS) {
      display.end();
      return progress;
    }
    await sleep(POLL_MS);
  }
};
