/**
 * The structural hash that Karpenter writes into its hash annotations, bit for bit (karpenter-core §2.7, karpenter-aws §1.9):
 * FNV-1 64 over a description of Go values, slices as sets, zero values ignored. Needed so that adopting a cluster that Go
 * Karpenter manages drifts nothing.
 */
const PRIME = 1_099_511_628_211n;
const OFFSET = 14_695_981_039_346_656_037n;
const MASK = (1n << 64n) - 1n;

/** FNV-1 (multiply, then XOR), 64 bits. */
export function fnv1(bytes: Uint8Array): bigint {
  let hash = OFFSET;
  for (const byte of bytes) hash = ((hash * PRIME) & MASK) ^ BigInt(byte);
  return hash;
}

const encoder = new TextEncoder();

function littleEndian(width: number, ...numbers: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(width * numbers.length);
  numbers.forEach((number, index) => {
    for (let byte = 0; byte < width; byte += 1) bytes[index * width + byte] = Number((number >> BigInt(8 * byte)) & 0xffn);
  });
  return bytes;
}

const ordered = (a: bigint, b: bigint): bigint => fnv1(littleEndian(8, a, b));
const finish = (hash: bigint): bigint => fnv1(littleEndian(8, hash));

/** A Go value whose hash is wanted: what {@link hashOf} takes. Absent (`undefined`) is Go's nil. */
export type GoValue =
  | { type: 'string'; value: string }
  | { type: 'bool'; value: boolean }
  | { type: 'int'; bits: 32 | 64; value: number | bigint }
  /** Never skipped as a zero value: a pointer that is set. */
  | { type: 'pointer'; to: GoValue }
  | { type: 'map'; entries: readonly (readonly [string, GoValue])[] }
  | { type: 'slice'; items: readonly GoValue[] }
  /** Fields in declaration order under their Go names. */
  | { type: 'struct'; name: string; fields: readonly (readonly [string, GoValue | undefined])[] };

/** Shorthand for the values that specs are made of; undefined stays undefined. */
export const go = {
  string: (value: string | undefined): GoValue | undefined => (value === undefined ? undefined : { type: 'string', value }),
  bool: (value: boolean | undefined): GoValue | undefined => (value === undefined ? undefined : { type: 'bool', value }),
  int: (value: number | bigint | undefined, bits: 32 | 64 = 64): GoValue | undefined => (value === undefined ? undefined : { type: 'int', bits, value }),
  pointer: (to: GoValue | undefined): GoValue | undefined => (to === undefined ? undefined : { type: 'pointer', to }),
  stringMap: (map: Readonly<Record<string, string>> | undefined): GoValue | undefined =>
    map && { type: 'map', entries: Object.entries(map).map(([key, value]) => [key, { type: 'string', value }] as const) },
  slice: (items: readonly GoValue[] | undefined): GoValue | undefined => items && { type: 'slice', items },
  struct: (name: string, fields: readonly (readonly [string, GoValue | undefined])[]): GoValue => ({ type: 'struct', name, fields }),
};

function isZero(value: GoValue): boolean {
  switch (value.type) {
    case 'string':
      return value.value === '';
    case 'bool':
      return !value.value;
    case 'int':
      return Number(value.value) === 0;
    case 'struct':
      return value.fields.every(([, field]) => field === undefined || isZero(field));
    default:
      return false;
  }
}

/** The 64-bit hash of a value. */
export function hashOf(value: GoValue): bigint {
  switch (value.type) {
    case 'string':
      return fnv1(encoder.encode(value.value));
    case 'bool':
      return fnv1(Uint8Array.of(value.value ? 1 : 0));
    case 'int':
      return fnv1(littleEndian(value.bits / 8, BigInt.asUintN(value.bits, BigInt(value.value))));
    case 'pointer':
      return hashOf(value.to);
    case 'map':
      return finish(value.entries.reduce((hash, [key, item]) => hash ^ ordered(fnv1(encoder.encode(key)), hashOf(item)), 0n));
    case 'slice':
      return value.items.reduce((hash, item) => hash ^ hashOf(item), 0n);
    case 'struct':
      return value.fields.reduce(
        (hash, [name, field]) => (field === undefined || isZero(field) ? hash : finish(hash ^ ordered(fnv1(encoder.encode(name)), hashOf(field)))),
        fnv1(encoder.encode(value.name)),
      );
  }
}
