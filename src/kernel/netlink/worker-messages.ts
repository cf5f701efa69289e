// What the main thread and the netlink worker post to each other. Octets are whole netlink messages and are transferred,
// not copied.

import type { ListScope, PortFilter } from '../port.js';

export interface WorkerSettings {
  readonly filter: PortFilter;
  /** Octets that the kernel may queue for the event socket. */
  readonly receiveBuffer: number;
  /** One shared counter: octets posted to the main thread and not yet worked off. */
  readonly backlog: Int32Array<SharedArrayBuffer>;
}

export type WorkerRequest =
  | { readonly kind: 'filter'; readonly filter: PortFilter }
  | { readonly kind: 'list'; readonly id: number; readonly scope: ListScope }
  /** `followers`: indexes of messages that are sent only when the one before was carried out. */
  | {
      readonly kind: 'write';
      readonly id: number;
      readonly octets: Uint8Array;
      readonly followers: readonly number[];
    }
  | { readonly kind: 'hurry' }
  | { readonly kind: 'close' };

/** `objects` of `ready`: the kernel knows nexthop objects. */
export type WorkerReport =
  | { readonly kind: 'ready'; readonly eventFd: number; readonly objects: boolean }
  | { readonly kind: 'changes'; readonly octets: Uint8Array }
  | {
      readonly kind: 'listed';
      readonly id: number;
      readonly octets: Uint8Array;
      readonly first: boolean;
      readonly done: boolean;
      readonly errno: string | null;
    }
  | {
      readonly kind: 'written';
      readonly id: number;
      /** [index of the message in the request, errno] */
      readonly failures: readonly (readonly [number, number])[];
    }
  | { readonly kind: 'overrun' }
  | { readonly kind: 'failed'; readonly message: string };

/** Route writes that ask for an acknowledgement: one in so many, and the last of a batch. One send carries as many. */
export const WRITES_PER_SEND = 128;
