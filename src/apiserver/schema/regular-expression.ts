const compiled = new Map<string, RegExp | undefined>();

/** POSIX classes of Go's RE2 that JavaScript does not have. */
const CLASSES: Record<string, string> = {
  alnum: '0-9A-Za-z', alpha: 'A-Za-z', digit: '0-9', lower: 'a-z', upper: 'A-Z', xdigit: '0-9A-Fa-f', space: '\\t\\n\\v\\f\\r ', punct: '!-\\/:-@\\[-`{-~', word: '0-9A-Za-z_', blank: '\\t ',
};

/** A pattern in Go's syntax as a JavaScript expression, or undefined when it is none. Remembered: patterns come out of schemas. */
export function regularExpression(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern));
  return compiled.get(pattern);
}

/** What JavaScript has and Go's RE2 has not: looking around, and referring back. */
const FOREIGN = /^(?:[^\\]|\\.)*?(?:\(\?(?:<?[=!])|\\[1-9k])/s;

function compile(pattern: string): RegExp | undefined {
  if (FOREIGN.test(pattern)) return undefined;
  const [, flags = '', body = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  const source = body
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
    .replace(/\[:(\w+):\]/g, (whole, name: string) => CLASSES[name] ?? whole);
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(source, `${flags}${unicode}`);
    } catch {
      // The strict syntax refuses needless escapes that Go allows: tried again without it.
    }
  }
  return undefined;
}

/** What Go says of the patterns that people get wrong; undefined of those that are right. */
export function regularExpressionProblem(pattern: string): string | undefined {
  if (regularExpression(pattern)) return undefined;
  const [foreign] = /\(\?<?[=!]/.exec(pattern) ?? [];
  if (foreign) return `error parsing regexp: invalid or unsupported Perl syntax: \`${foreign}\``;
  if (/(?:^|[^\\])\[[^\]]*$/.test(pattern)) return `error parsing regexp: missing closing ]: \`${pattern.slice(pattern.lastIndexOf('['))}\``;
  if (/^[*+?]/.test(pattern)) return `error parsing regexp: missing argument to repetition operator: \`${pattern[0]}\``;
  const depth = (pattern.match(/(?<!\\)\(/g) ?? []).length - (pattern.match(/(?<!\\)\)/g) ?? []).length;
  return depth < 0 ? `error parsing regexp: unexpected ): \`${pattern}\`` : `error parsing regexp: missing closing ): \`${pattern}\``;
}
