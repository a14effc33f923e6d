import { Buffer } from 'node:buffer';

type Value = string | boolean | number | Buffer;

const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;

/** Numbers written as doubles, not as varints. */
export class Double {
  constructor(readonly value: number) {}
}

/** Encodes a protobuf message: texts and nested messages by length, booleans and numbers as varints. */
export function encodeMessage(fields: readonly (readonly [number, Value | Double | readonly Value[] | undefined])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [field, content] of fields) {
    if (content === undefined) continue;
    for (const value of Array.isArray(content) ? (content as Value[]) : [content as Value | Double]) parts.push(...encodeField(field, value));
  }
  return Buffer.concat(parts);
}

function encodeField(field: number, value: Value | Double): Buffer[] {
  if (value instanceof Double) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value.value);
    return [varint(field * 8 + DOUBLE), bytes];
  }
  if (typeof value === 'boolean') return [varint(field * 8 + VARINT), varint(value ? 1 : 0)];
  if (typeof value === 'number') return [varint(field * 8 + VARINT), varint(value)];
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return [varint(field * 8 + BYTES), varint(bytes.length), bytes];
}

/** A whole number of at least 0, seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
