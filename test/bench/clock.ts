// The time base of the benchmarks: CLOCK_MONOTONIC, which all processes of one machine share.

/** Milliseconds since an arbitrary moment, the same for every process of this machine. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
