import type { Random } from '../../../operator/random.js';
import type { ImageFamily } from './user-data/boot-config.js';

/**
 * Seconds from a machine's launch to its kubelet's first call, by family: hypervisor, kernel, cloud-init, kubelet. Bottlerocket and
 * AL2023 start fewer things than AL2; Windows takes minutes.
 */
const BOOT_SECONDS: Record<ImageFamily, { least: number; typical: number; most: number }> = {
  Bottlerocket: { least: 18, typical: 22, most: 32 },
  AL2023: { least: 20, typical: 26, most: 38 },
  AL2: { least: 26, typical: 33, most: 46 },
  Windows: { least: 150, typical: 200, most: 320 },
};

/** Milliseconds drawn from the triangular distribution of the family. */
export function drawBootDelay(family: ImageFamily, random: Random): number {
  const { least, typical, most } = BOOT_SECONDS[family];
  const draw = random.next();
  const peak = (typical - least) / (most - least);
  const seconds = draw < peak ? least + Math.sqrt(draw * (most - least) * (typical - least)) : most - Math.sqrt((1 - draw) * (most - least) * (most - typical));
  return seconds * 1_000;
}
