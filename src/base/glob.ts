// Interface globs: `*` stands for any characters, `?` for one. Linear in the text, whatever the pattern.

/** `text` is the octets from `start` to `end`: names are ASCII, and a pattern is compared octet by octet. */
export function globMatches(pattern: Uint8Array, text: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let p = 0;
  // Where to go on after the last star when what follows it does not fit.
  let star = -1;
  let resume = start;
  while (at < end) {
    if (p < pattern.length && pattern[p] === STAR) {
      star = p++;
      resume = at;
    } else if (p < pattern.length && (pattern[p] === ONE || pattern[p] === text[at])) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++resume;
    } else return false;
  }
  while (p < pattern.length && pattern[p] === STAR) p++;
  return p === pattern.length;
}

const STAR = 0x2a;
const ONE = 0x3f;
