// Recordings on disk: which files there are, and their octets, unpacked.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export type Recording =
  | { readonly ok: true; readonly octets: Uint8Array }
  | { readonly ok: false; readonly problem: string };

const NOTES = /(?:^|\/)(?:README|LICENSE|SOURCES?)[^/]*$|\.(?:md|txt|json|sha256)$/i;
/** Octets; Node holds no larger file in one piece. */
const LARGEST = 2 ** 31 - 1;

/** Relative paths of the recordings below a folder, none when it is not there; texts beside them are left out. */
export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !NOTES.test(file))
    .sort();
}

/** Unpacks .gz, and .bz2 where the system has bzip2. */
export function readRecording(path: string): Recording {
  try {
    if (path.endsWith('.bz2')) return unpackBzip2(path);
    const octets = readFileSync(path);
    return { ok: true, octets: octets[0] === 0x1f && octets[1] === 0x8b ? gunzipSync(octets) : octets };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function unpackBzip2(path: string): Recording {
  const { status, stdout, stderr, error } = spawnSync('bzip2', ['-dc', path], { maxBuffer: LARGEST });
  if (status === 0) return { ok: true, octets: stdout };
  return { ok: false, problem: error === undefined ? `bzip2: ${stderr}` : `bzip2: ${error.message}` };
}
