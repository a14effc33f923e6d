/** How many keys run at once: `min` on one CPU of those that the operator asked for, `max` on 60 and more (karpenter-core §3.0). */
export const scaled = (min: number, max: number): { first: number; perCpu: number; min: number; max: number } => ({ first: min, perCpu: (max - min) / 59, min, max });

/** Upstream's rate limit for controllers without one of their own. */
export const REASONABLE_BACKOFF = { base: '100ms', max: '1m' } as const;
