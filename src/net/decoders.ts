// The UPDATE decoders of all sessions: those that agreed on the same things share one. It keeps nothing between two
// messages, and its tables are large: thousands of sessions would hold megabytes that are used one at a time.

import type { DecodeContext } from '../wire/types.js';
import { UpdateDecoder } from '../wire/update.js';

/** By context as text; there are as many contexts as there are ways to set its few flags. */
const decoders = new Map<string, UpdateDecoder>();

/** What it returns must be used up before any session decodes its next message. */
export function decoderFor(context: DecodeContext): UpdateDecoder {
  const key = JSON.stringify(context);
  let decoder = decoders.get(key);
  if (decoder === undefined) {
    decoder = new UpdateDecoder(context);
    decoders.set(key, decoder);
  }
  return decoder;
}
