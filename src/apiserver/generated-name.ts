import type { Random } from './contracts.js';

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
/** Longest prefix that five random characters still fit behind, in the 63 of a label. */
const LONGEST_PREFIX = 58;

/** A name that begins with `generateName`. */
export function generatedName({ random }: { readonly random: Random }, prefix: string): string {
  let name = prefix.slice(0, LONGEST_PREFIX);
  for (let count = 0; count < 5; count++) name += NAME_ALPHABET[Math.floor(random.next() * NAME_ALPHABET.length)];
  return name;
}
