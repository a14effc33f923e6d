import type { Environment } from '@marcbachmann/cel-js';
import { quote } from '../../schema/field-error.js';
import { regularExpression } from '../../schema/regular-expression.js';
import { registerNamespace } from './namespace.js';

const pattern = (source: string): RegExp => {
  const found = regularExpression(source);
  if (!found) throw new Error(`Illegal regex: ${source}`);
  return found;
};

const everyMatch = (text: string, source: string): string[] => {
  const { source: body, flags } = pattern(source);
  return [...text.matchAll(new RegExp(body, `${flags}g`))].map(([match]) => match);
};

function replaceFirst(text: string, search: string, replacement: string, count: number): string {
  const parts = text.split(search);
  if (count < 0 || count >= parts.length - 1) return parts.join(replacement);
  return [parts.slice(0, count + 1).join(replacement), ...parts.slice(count + 1)].join(search);
}

/** The verbs of `'%s is %d'.format([...])`. */
function format(template: string, values: readonly unknown[]): string {
  let next = 0;
  return template.replace(/%%|%(?:\.(\d+))?([sdfebxXo])/g, (whole: string, precision: string | undefined, verb: string) => {
    if (whole === '%%') return '%';
    if (next >= values.length) throw new Error(`index ${next} out of range`);
    const value = values[next];
    next += 1;
    switch (verb) {
      case 'f':
        return Number(value).toFixed(Number(precision ?? 6));
      case 'e':
        return Number(value).toExponential(Number(precision ?? 6)).replace(/e([+-])(\d)$/, 'e$10$2');
      case 'b':
        return (value as bigint).toString(2);
      case 'o':
        return (value as bigint).toString(8);
      case 'x':
        return hexadecimal(value);
      case 'X':
        return hexadecimal(value).toUpperCase();
      default:
        return text(value);
    }
  });
}

const hexadecimal = (value: unknown): string => (typeof value === 'string' ? Array.from(new TextEncoder().encode(value), (byte) => byte.toString(16).padStart(2, '0')).join('') : (value as bigint).toString(16));

function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  if (value instanceof Map) return `{${[...(value as Map<unknown, unknown>)].map(([key, item]) => `${text(key)}: ${text(item)}`).sort().join(', ')}}`;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  return String(value as string | bigint | boolean | null);
}

/** Regular expressions, and the string functions that CEL's core leaves out. */
export function registerStrings(environment: Environment): void {
  environment
    .registerFunction('matches(string, string): bool', (value: string, source: string) => pattern(source).test(value))
    .registerFunction('string.find(string): string', (value: string, source: string) => pattern(source).exec(value)?.[0] ?? '')
    .registerFunction('string.findAll(string): list<string>', (value: string, source: string) => everyMatch(value, source))
    .registerFunction('string.findAll(string, int): list<string>', (value: string, source: string, limit: bigint) => (limit < 0n ? everyMatch(value, source) : everyMatch(value, source).slice(0, Number(limit))))
    .registerFunction('string.replace(string, string): string', (value: string, search: string, replacement: string) => replaceFirst(value, search, replacement, -1))
    .registerFunction('string.replace(string, string, int): string', (value: string, search: string, replacement: string, count: bigint) => replaceFirst(value, search, replacement, Number(count)))
    .registerFunction('string.charAt(int): string', (value: string, index: bigint) => {
      const characters = Array.from(value);
      if (index < 0n || index > BigInt(characters.length)) throw new Error(`index out of range: ${index}`);
      return characters[Number(index)] ?? '';
    })
    .registerFunction('string.reverse(): string', (value: string) => Array.from(value).reverse().join(''))
    .registerFunction('string.format(list): string', (template: string, values: unknown[]) => format(template, values));
  registerNamespace(environment, 'strings');
  environment.registerFunction('strings.quote(string): string', (_namespace: unknown, value: string) => quote(value));
}
