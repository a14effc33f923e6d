/** A set of small integers, 32 a word. Words beyond the end are zero. Treated as immutable once it is shared. */
export type Bits = Uint32Array;

export const emptyBits = (size: number): Bits => new Uint32Array((size + 31) >>> 5);

export function fullBits(size: number): Bits {
  const bits = emptyBits(size).fill(0xffffffff);
  if (size % 32 !== 0) bits[bits.length - 1] = 2 ** (size % 32) - 1;
  return bits;
}

export function bitsOf(members: Iterable<number>): Bits {
  const list = [...members];
  const bits = emptyBits(Math.max(-1, ...list) + 1);
  for (const member of list) setBit(bits, member);
  return bits;
}

export const setBit = (bits: Bits, member: number): void => {
  bits[member >>> 5] = (bits[member >>> 5] as number) | (1 << (member & 31));
};

export const hasBit = (bits: Bits, member: number): boolean => (((bits[member >>> 5] ?? 0) >>> (member & 31)) & 1) === 1;

export function andBits(a: Bits, b: Bits): Bits {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  const both = shorter.slice();
  for (let word = 0; word < both.length; word += 1) both[word] = (both[word] as number) & (longer[word] as number);
  return both;
}

export function orBits(a: Bits, b: Bits): Bits {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  const either = longer.slice();
  for (let word = 0; word < shorter.length; word += 1) either[word] = (either[word] as number) | (shorter[word] as number);
  return either;
}

/** The members of `a` that are not in `b`. */
export function withoutBits(a: Bits, b: Bits): Bits {
  const rest = a.slice();
  for (let word = 0; word < Math.min(a.length, b.length); word += 1) rest[word] = (rest[word] as number) & ~(b[word] as number);
  return rest;
}

export function isEmpty(bits: Bits): boolean {
  for (const word of bits) if (word !== 0) return false;
  return true;
}

export function countBits(bits: Bits): number {
  let count = 0;
  for (let word of bits) {
    for (; word !== 0; word &= word - 1) count += 1;
  }
  return count;
}

/** Calls `visit` with every member, in ascending order. */
export function eachBit(bits: Bits, visit: (member: number) => void): void {
  for (let index = 0; index < bits.length; index += 1) {
    for (let word = bits[index] as number; word !== 0; word &= word - 1) visit(index * 32 + 31 - Math.clz32(word & -word));
  }
}

export function membersOf(bits: Bits): number[] {
  const members: number[] = [];
  eachBit(bits, (member) => members.push(member));
  return members;
}

export function firstBit(bits: Bits): number | undefined {
  for (let index = 0; index < bits.length; index += 1) {
    const word = bits[index] as number;
    if (word !== 0) return index * 32 + 31 - Math.clz32(word & -word);
  }
  return undefined;
}
