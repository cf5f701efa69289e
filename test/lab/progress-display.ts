// Shows one changing line: redrawn in place on a terminal, a new line when it changes otherwise.

import type { WriteStream } from 'node:tty';

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
