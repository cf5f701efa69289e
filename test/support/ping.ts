// The arguments and the answer of iputils ping. Pure.

export interface PingOptions {
  /** Default 1. */
  readonly count?: number;
  /** Milliseconds between two requests, default 200. */
  readonly interval?: number;
  /** Seconds to wait for an answer, default 1. */
  readonly wait?: number;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Mean round trip in milliseconds; null when nothing came back. */
  readonly meanMs: number | null;
}

export const pingArguments = (address: string, options: PingOptions = {}): readonly string[] => [
  '-n',
  '-q',
  '-c',
  String(options.count ?? 1),
  '-i',
  String((options.interval ?? 200) / 1000),
  '-W',
  String(options.wait ?? 1),
  address,
];

export const parsePing = (output: string): PingResult => {
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(output);
  const times = /= [\d.]+\/([\d.]+)\//.exec(output);
  return {
    sent: Number(counts?.[1] ?? 0),
    received: Number(counts?.[2] ?? 0),
    meanMs: times === null ? null : Number(times[1]),
  };
};
