/**
 * Recorded cases in which we decide otherwise than Karpenter 1.14 did, by path, each with why ours is right. A case that is listed and
 * agrees fails its test, so that this says no more than is true.
 */
export const DIFFERENCES: Readonly<Record<string, string>> = {};
