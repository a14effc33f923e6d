/**
 * Compares two resourceVersions as the integers that they are on every known server: negative, zero or positive.
 * Undefined when one of them is no integer; then nothing may be concluded from their order.
 */
export function compareResourceVersions(left: string, right: string): number | undefined {
  if (!isInteger(left) || !isInteger(right)) return undefined;
  // As text, since they may pass 2^53: longer is larger, equally long compare by their digits.
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

const isInteger = (text: string): boolean => /^[1-9]\d*$/.test(text) || text === '0';
