// The file descriptor of what Node opened, for the calls that Node does not have.

import type { Server, Socket } from 'node:net';

/** The file descriptor behind a socket or a listener; null once it is closed. */
export function descriptorOf(handle: Socket | Server): number | null {
  // node:net keeps it in a property that its types do not show; it has been there since Node 0.x.
  const { _handle: inner } = handle as unknown as { readonly _handle: { readonly fd?: number } | null };
  return inner?.fd !== undefined && inner.fd >= 0 ? inner.fd : null;
}
