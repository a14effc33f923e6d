/** How many keys run at once, scaled between the bounds by the CPUs that the operator asked for (karpenter-core §3.0). */
export const scaled = (min: number, max: number): { perCpu: number; min: number; max: number } => ({ perCpu: (max - min) / 59, min, max });

/** Upstream's rate limit for controllers without one of their own. */
export const REASONABLE_BACKOFF = { base: '100ms', max: '1m' } as const;
