import { isObject } from './schema.js';

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /"(?:[^"\\]|\\.)*"|[^\s,\]}]+/y;

/**
 * The value of a valid JSON text, in which what stands twice in an object is one, as Go's decoder leaves it that reads into the same
 * struct twice: objects keep what only the first says, items of a list what the first says in their place.
 */
export function parseDoubled(json: string): unknown {
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [text] = pattern.exec(json)!;
    at += text.length;
    return text;
  };
  const next = (): string | undefined => {
    take(SPACE);
    return json[at];
  };
  /** What is between brackets, with a comma between each. */
  const parts = (end: string, part: () => void): void => {
    for (at += 1; next() !== end; ) {
      if (json[at] === ',') at += 1;
      part();
    }
    at += 1;
  };
  const value = (): unknown => {
    switch (next()) {
      case '{': {
        const fields = new Map<string, unknown>();
        parts('}', () => {
          next();
          const name = JSON.parse(take(SCALAR)) as string;
          next();
          at += 1;
          const said = value();
          fields.set(name, fields.has(name) ? laidOver(fields.get(name), said) : said);
        });
        return Object.fromEntries(fields);
      }
      case '[': {
        const items: unknown[] = [];
        parts(']', () => items.push(value()));
        return items;
      }
      default:
        return JSON.parse(take(SCALAR)) as unknown;
    }
  };
  return value();
}

function laidOver(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second)) return second.map((item: unknown, index) => (index < first.length ? laidOver(first[index], item) : item));
  if (!isObject(first) || !isObject(second)) return second;
  return Object.fromEntries([...Object.entries(first), ...Object.entries(second).map(([name, value]) => [name, Object.hasOwn(first, name) ? laidOver(first[name], value) : value] as const)]);
}
