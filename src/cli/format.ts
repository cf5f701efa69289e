// Values as people read them: durations, numbers, AS paths, times. Pure; knows no table and no terminal.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (value: number): string => String(value).padStart(2, '0');

/** `00:01:12` below a day, `2d03h` from a day on. Seconds in; fractions and negative values count as 0. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= DAY) return `${Math.floor(whole / DAY)}d${two(Math.floor((whole % DAY) / HOUR))}h`;
  return `${two(Math.floor(whole / HOUR))}:${two(Math.floor((whole % HOUR) / MINUTE))}:${two(whole % MINUTE)}`;
}

/** Milliseconds below a second, else seconds. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${trimmed(milliseconds / 1000)} s`;
  return `${trimmed(milliseconds)} ms`;
}

/** Up to three digits behind the point, no trailing zeros. */
const trimmed = (value: number): string => String(Number(value.toFixed(3)));

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 B`, `147.7 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** `2026-01-01 08:00:00 UTC`; what is no ISO 8601 time stays as it is. */
export function formatTime(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(iso);
  return match === null ? iso : `${match[1]} ${match[2]} UTC`;
}

/** A number, or `-` where there is none. */
export const formatNumber = (value: number | null): string => (value === null ? '-' : String(value));

export const orDash = (text: string | null): string => (text === null || text === '' ? '-' : text);

/** `1 neighbor`, `2 neighbors`. */
export const formatCount = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

/** Entries with the separator between them, or `-` for none. */
export const formatList = (items: readonly string[], separator = ', '): string =>
  orDash(items.join(separator));

/** C0 and C1 controls and DEL as `\xNN`: text from peers must not drive the terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
