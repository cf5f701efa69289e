// Branded ids: numbers that index typed arrays on hot paths. The brand exists only in the type system, so ids of
// different tables cannot be mixed up and cost nothing at run time.

export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** A peer of the RIB. The lowest ids are reserved for local sources, see `KERNEL_SOURCE` and those after it. */
export type PeerId = Brand<number, 'PeerId'>;
/** A row of one family's prefix table. */
export type PrefixId = Brand<number, 'PrefixId'>;
/** A row of the path columns of one family's Adj-RIB-In. */
export type PathId = Brand<number, 'PathId'>;
/** An interned attribute set: equal ids mean equal attributes and next hop. */
export type AttrSetId = Brand<number, 'AttrSetId'>;
/** An update group. */
export type GroupId = Brand<number, 'GroupId'>;

/** Routes that the node agent programmed in the kernel. */
export const KERNEL_SOURCE = 0 as PeerId;
/** Routes that the configuration originates, by their kind. */
export const STATIC_SOURCE = 1 as PeerId;
export const AGGREGATE_SOURCE = 2 as PeerId;
export const SERVICE_SOURCE = 3 as PeerId;
/** The first id that belongs to a BGP peer. */
export const FIRST_PEER = 4 as PeerId;

/** "None" in columns of ids. */
export const NONE = -1;
