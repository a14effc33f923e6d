import { randomBytes, randomUUID } from 'node:crypto';
import { token } from './dsl/token.js';

/** The only source of randomness, so that a run can be repeated from a seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A version 4 UUID in lower case. */
  uuid(): string;
}

/** The operator's randomness in the container. */
export const Random = token<Random>('karpenter-ts.Random');

/** The real randomness. */
export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() };

/** A text that nobody can guess, 43 characters that need no escaping anywhere. Secrets never come from a seed. */
export const secret = (): string => randomBytes(32).toString('base64url');

/** A reproducible sequence (mulberry32) from a 32-bit seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const uuid = (): string =>
    'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
      const digit = Math.floor(next() * 16);
      return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
    });
  return { next, uuid };
}

/** A random lower-case suffix without vowels, as Kubernetes appends to `generateName`. */
export function nameSuffix(random: Random, length = 5): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  let suffix = '';
  while (suffix.length < length) suffix += alphabet[Math.floor(random.next() * alphabet.length)];
  return suffix;
}
