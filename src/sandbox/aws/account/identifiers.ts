import type { Random } from '../../../operator/random.js';

/** `prefix` and 17 hexadecimal digits, as EC2 names its resources: `i-0123456789abcdef0`. */
export const resourceId = (random: Random, prefix: string): string => `${prefix}-0${random.uuid().replaceAll('-', '').slice(0, 16)}`;

/** A reproducible number in [0, 1) for a text and a seed (FNV-1a, then mixed). */
export function hashFraction(seed: number, text: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** 17 reproducible hexadecimal digits for a text, for the ids of what exists from the start. */
export function hashId(prefix: string, text: string): string {
  const digits = [1, 2, 3].map((seed) => Math.floor(hashFraction(seed, text) * 2 ** 32).toString(16).padStart(8, '0')).join('');
  return `${prefix}-0${digits.slice(0, 16)}`;
}
