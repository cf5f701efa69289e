// Makes the process log: JSON lines, or readable ones on a terminal. Keeps secrets out of it.

import { createRequire } from 'node:module';
import {
  type DestinationStream,
  type LoggerOptions,
  type Logger as PinoLogger,
  pino,
  stdTimeFunctions,
} from 'pino';
import type { Config } from '../../config/types.js';
import { LogSink } from './log-sink.js';
import { withoutSecrets } from './redaction.js';

/** Without children: what they are bound to is not looked through for secrets. */
export type Logger = Pick<PinoLogger, LogLevel | 'level' | 'flush'>;

type LogLevel = Exclude<LoggerSettings['level'], 'silent'>;

export interface LoggerSettings {
  readonly level: Config['log']['level'];
  /** `auto`: pretty when stdout is a terminal, else JSON. */
  readonly format: Config['log']['format'];
  /** Where the lines go instead of stdout; `auto` then means JSON. */
  readonly stream?: DestinationStream;
}

/** Octets of lines that wait for a slow reader. */
const MAX_WAITING = 4 * 1024 * 1024;
const STDOUT = 1;
const OPTIONS = {
  base: null,
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
} as const satisfies LoggerOptions;

export function createLogger({ level, format, stream }: LoggerSettings): Logger {
  const isTerminal = stream === undefined && process.stdout.isTTY === true;
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const target = stream ?? stdoutSink();
  return pino(
    { ...OPTIONS, formatters: { ...OPTIONS.formatters }, level },
    isPretty ? prettyStream(target, isTerminal) : target,
  );
}

function stdoutSink(): LogSink {
  const sink = new LogSink({ fd: STDOUT, maxWaiting: MAX_WAITING, dropNotice });
  process.on('exit', () => sink.flushSync());
  return sink;
}

const dropNotice = (dropped: number): string => {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'warn', time, msg: 'log lines dropped: the reader was too slow', dropped })}\n`;
};

/** Loaded only for a terminal: a daemon under a supervisor writes JSON and starts faster without it. */
const loadPretty = (): typeof import('pino-pretty') => createRequire(import.meta.url)('pino-pretty');

function prettyStream(target: DestinationStream, isTerminal: boolean): DestinationStream {
  const { prettyFactory } = loadPretty();
  const { NO_COLOR = '' } = process.env;
  const pretty = prettyFactory({
    colorize: isTerminal && NO_COLOR === '',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => target.write(pretty(line)) };
}
