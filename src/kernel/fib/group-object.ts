// A group of next hops in the kernel as we know it: data, and what of it is on its way. Decides nothing.

import type { IntentGroup } from './fib-intents.js';

/** One group in the kernel. */
export interface GroupObject {
  /** Place in the registry; rows refer to it. */
  readonly index: number;
  readonly id: number;
  ipv6: boolean;
  /** The kernel never changes it. */
  resilient: boolean;
  /** The set that the kernel has in it, NO_SET when it does not exist there. */
  content: number;
  /** Whose hops it follows; null: nobody's any more, or not yet. */
  owner: IntentGroup | null;
  /** Rows that hold it or are being written with it. */
  users: number;
  /** The set on its way to the kernel, null when none is. */
  writing: number | null;
  gone: boolean;
  /** A route that is not ours uses it. */
  lent: boolean;
}

/** What the kernel has in it, or will have once it has answered. */
export const comingContent = ({ content, writing }: GroupObject): number => writing ?? content;

/** What an answered write was for. */
export type ObjectPending =
  | { readonly kind: 'hop'; readonly id: number }
  | { readonly kind: 'group'; readonly object: GroupObject; readonly set: number }
  | { readonly kind: 'drop' };
