/** Keys and indexes that lead to a value. */
export type FieldPath = readonly (string | number)[];

/** A text is not JSON. */
export class JsonSyntaxError extends Error {
  constructor(message: string, readonly offset: number) {
    super(message);
  }
}

const SPACE = /[ \t\r\n]*/y;
const TOKEN = /[{}[\]:,]|"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Where the value at a path begins in a JSON text; the deepest value on the way when there is none. Slow, for messages. Throws a
 * {@link JsonSyntaxError} where the text stops being JSON.
 */
export function jsonPosition(text: string, path: FieldPath): number {
  let at = 0;
  let found = 0;
  const skip = (): void => {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
  };
  const next = (expected: string, accepts: (token: string) => boolean): string => {
    skip();
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined || !accepts(token)) {
      throw new JsonSyntaxError(at >= text.length ? `the text ends where ${expected} is expected` : `${expected} is expected here, not ${JSON.stringify(text.slice(at, at + 20))}`, at);
    }
    at += token.length;
    return token;
  };
  const peek = (): string | undefined => {
    skip();
    return text[at];
  };
  const entries = (close: string, depth: number, onPath: boolean, keyOf: (index: number) => string | number): void => {
    for (let index = 0; index > 0 || peek() !== close; index += 1) {
      const key = keyOf(index);
      value(depth + 1, onPath && path[depth] === key);
      if (next(`"," or "${close}"`, (token) => token === ',' || token === close) === close) return;
    }
    at += 1;
  };
  const value = (depth: number, onPath: boolean): void => {
    skip();
    if (onPath) found = at;
    const token = next('a value', (each) => !'}]:,'.includes(each));
    if (token === '[') entries(']', depth, onPath, (index) => index);
    if (token === '{') {
      entries('}', depth, onPath, () => {
        const key = next('a key in quotes', (each) => each.startsWith('"'));
        next('":"', (each) => each === ':');
        return JSON.parse(key) as string;
      });
    }
  };
  value(0, true);
  skip();
  if (at < text.length) throw new JsonSyntaxError(`nothing is expected here, not ${JSON.stringify(text.slice(at, at + 20))}`, at);
  return found;
}
