const MINUTE = 60_000;

/** How long a command may wait for its replacements, in milliseconds: the longer, the more nodes are being disrupted (karpenter-core §3.3.8). */
export const commandTimeout = (disrupting: number): number => Math.min(Math.max(80 * disrupting, 10 * MINUTE), 60 * MINUTE);
