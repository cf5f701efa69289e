// A file that gets another content at once: who reads it sees the old one or the new one, also after a loss of power.

import { renameSync, statSync, writeFileSync } from 'node:fs';

/** Null when it is done, else why not. The mode of a file that is there stays. */
export function replaceFile(file: string, text: string): string | null {
  try {
    const mode = (statSync(file, { throwIfNoEntry: false })?.mode ?? 0o640) & 0o777;
    const draft = `${file}.new`;
    writeFileSync(draft, text, { mode, flush: true });
    renameSync(draft, file);
    return null;
  } catch (error) {
    return `${file} can't be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}
