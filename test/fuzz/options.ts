// The command line of `npm run fuzz`. Pure.

import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly help: boolean;
  /** Messages of the kernel (rtnetlink) instead of BGP's. */
  readonly netlink: boolean;
  /** Seconds after which the loop ends. */
  readonly seconds: number;
  /** Messages after which the loop ends; null: the time alone counts. */
  readonly messages: number | null;
  /** Null: chosen anew and printed. */
  readonly seed: number | null;
  /** Folder for messages that broke something. */
  readonly save: string;
  /** File for the fewest messages that show every behaviour found; null: they are forgotten. */
  readonly grow: string | null;
}

export type ParsedFuzzOptions =
  | { readonly ok: true; readonly options: FuzzOptions }
  | { readonly ok: false; readonly problem: string };

export const FUZZ_HELP = `npm run fuzz -- [OPTIONS]

Feeds mutated BGP messages to the framer and to every decoder, and what they decode to the encoders and back.

--netlink      messages of the kernel (rtnetlink) instead, to their decoders
--seconds N    how long; default: 10, or an hour with --messages
--messages N   how many
--seed N       repeats the run with this seed
--save DIR     where messages that broke something go, as .case files; default: .build/fuzz
--grow FILE    write the fewest messages that show every behaviour found, seeds included
--help

0 when nothing broke, 1 when something did, 2 for a wrong command line.`;

const OPTIONS = {
  netlink: { type: 'boolean' },
  seconds: { type: 'string' },
  messages: { type: 'string' },
  seed: { type: 'string' },
  save: { type: 'string' },
  grow: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const DEFAULT_SECONDS = 10;
const LONGEST_SECONDS = 3600;

/** Null where there is no such option, NaN where it is no whole number from `least` on. */
const wholeNumber = (text: string | undefined, least: number): number | null => {
  if (text === undefined) return null;
  return /^\d{1,15}$/.test(text) && Number(text) >= least ? Number(text) : Number.NaN;
};

export function parseFuzzOptions(args: readonly string[]): ParsedFuzzOptions {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; args: string[] }>>;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS });
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  const { values } = parsed;
  const seconds = wholeNumber(values.seconds, 1);
  const messages = wholeNumber(values.messages, 1);
  const seed = wholeNumber(values.seed, 0);
  for (const [name, number] of Object.entries({ seconds, messages, seed })) {
    if (Number.isNaN(number)) return { ok: false, problem: `--${name} wants a whole number` };
  }
  return {
    ok: true,
    options: {
      help: values.help === true,
      netlink: values.netlink === true,
      seconds: seconds ?? (messages === null ? DEFAULT_SECONDS : LONGEST_SECONDS),
      messages,
      seed,
      save: values.save ?? '.build/fuzz',
      grow: values.grow ?? null,
    },
  };
}
