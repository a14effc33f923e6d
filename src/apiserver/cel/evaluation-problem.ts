import { EvaluationError } from '@marcbachmann/cel-js';

const NO_OVERLOAD = 'no such overload';
const conversion = (type: string): string => `type conversion error from 'string' to '${type}'`;

/** What the library says, and what cel-go says of the same. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^No such key: index out of bounds, index (-?\d+).*$/, 'index out of bounds: $1'],
  [/^No such key/, 'no such key'],
  [/^modulo by zero$/, 'modulus by zero'],
  [/^(unsigned )?integer overflow: .*$/, '$1integer overflow'],
  [/^(int|uint|double)\(\) type error: cannot convert to \w+$/, conversion('$1')],
  [/^bool\(\) conversion error: .*$/, conversion('bool')],
  [/^Invalid duration string: .*$/s, conversion('google.protobuf.Duration')],
  [/^timestamp\(\) requires a string in ISO 8601 format$/, conversion('google.protobuf.Timestamp')],
  [/^Invalid time zone specified: /, 'unknown time zone '],
  [/^Optional value is not present$/, 'optional.none() dereference'],
  // Of operators it does not say which.
  [/^no such overload: (?!\w+\().*$/s, NO_OVERLOAD],
  [/^(Ternary condition must be bool|Logical operator requires bool operands), got .*$/, NO_OVERLOAD],
];

/** What went wrong while an expression ran, in cel-go's words. */
export function evaluationProblem(error: unknown): string {
  const text = error instanceof EvaluationError ? error.summary : (error as Error).message;
  const [said, instead] = WORDS.find(([words]) => words.test(text)) ?? [];
  return said ? text.replace(said, instead!) : text;
}
