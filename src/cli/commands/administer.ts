// `bgpctl peer ...` and `bgpctl clear ...`: what operators do to one peer. Reads the words, asks, prints the verdict.

import type { ClearMode } from '../../api/model/types.js';
import { askDaemon } from '../client.js';
import { type CommandContext, type ExitCode, finish } from '../command.js';

async function ask(
  context: CommandContext,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const answer = await askDaemon({ socketPath: context.socketPath, method: 'POST', path, body });
  return finish<{ readonly message: string }>(context, answer, ({ message }) => `${message}\n`);
}

const neighbor = (name: string, action: string): string =>
  `/v1/neighbors/${encodeURIComponent(name)}/${action}`;

export interface PeerOptions {
  readonly text?: string;
  readonly persist?: boolean;
}

export const switchPeer = (
  context: CommandContext,
  name: string,
  action: 'enable' | 'disable' | 'remove',
  options: PeerOptions,
): Promise<ExitCode> => ask(context, neighbor(name, action), { ...options });

export interface AddOptions {
  readonly address: string;
  readonly asn?: string;
  readonly group?: string;
  readonly set: readonly string[];
  readonly persist?: boolean;
}

/** `--set timers.hold=9`: a key of the configuration, dots for the keys inside; values are YAML's scalars and JSON. */
export function addPeer(context: CommandContext, name: string, options: AddOptions): Promise<ExitCode> {
  const { address, asn, group, set, persist } = options;
  const peer: Record<string, unknown> = {
    name,
    address,
    ...(asn === undefined ? {} : { asn: scalar(asn) }),
    ...(group === undefined ? {} : { group }),
  };
  for (const setting of set) {
    const [, path = '', value = ''] = /^([\w.-]+)=(.*)$/.exec(setting) ?? [];
    if (path === '') {
      context.printError(`--set ${setting}: write KEY=VALUE, such as timers.hold=9`);
      return Promise.resolve(2);
    }
    place(peer, path.split('.'), scalar(value));
  }
  return ask(context, '/v1/neighbors', { peer, persist: persist === true });
}

function place(into: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner = into[key];
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  into[key] = next;
  place(next, rest, value);
}

/** A number, true, false, a list or a mapping where it is one; else the text. Decimals stay text, as in the file. */
function scalar(text: string): unknown {
  if (/^\d+\.\d+$/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const MODES: Readonly<Record<string, ClearMode>> = {
  '': 'hard',
  hard: 'hard',
  soft: 'soft',
  'soft both': 'soft',
  'soft in': 'in',
  'soft out': 'out',
};

export function clearPeer(
  context: CommandContext,
  name: string,
  how: readonly string[],
  options: PeerOptions,
): Promise<ExitCode> {
  const mode = MODES[how.join(' ')];
  if (mode !== undefined) return ask(context, neighbor(name, 'clear'), { mode, ...options });
  context.printError(`clear ${name} ${how.join(' ')}: use hard, soft, soft in or soft out`);
  return Promise.resolve(2);
}
