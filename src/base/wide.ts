// Zero for fields that will hold unsigned words. The engine lays a field out for the number it holds first; one that holds
// a number beyond 31 bits later is laid out anew, and all code that was compiled for its object is thrown away.

/** Equal to 0, and no small integer. */
export const WIDE_ZERO = -0;
