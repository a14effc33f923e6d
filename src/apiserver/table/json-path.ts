import { isObject } from '../schema/schema.js';

/** Thrown for a path that is not in the subset of JSONPath that CRDs use. */
export class JsonPathError extends Error {
  readonly reason = 'JsonPath';
  constructor(readonly path: string, readonly position: number, problem: string) {
    super(`invalid JSONPath ${JSON.stringify(path)} at ${position}: ${problem}`);
  }
}

type Step = (values: readonly unknown[]) => unknown[];

/** A compiled path: all values that it leads to, in order. Missing fields lead nowhere. */
export type JsonPath = (root: unknown) => unknown[];

const paths = new Map<string, JsonPath>();

/**
 * Compiles `.spec.x`, `.a['b.c']`, `.a\.b`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `.*`, `..x` and `[?(@.type=="Ready")]`, with or
 * without braces around it. Remembered: paths come out of CRDs.
 * @throws {JsonPathError}
 */
export function jsonPath(path: string): JsonPath {
  let compiled = paths.get(path);
  if (!compiled) {
    const steps = new Parser(path).parse();
    compiled = (root) => steps.reduce<unknown[]>((values, step) => step(values), [root]);
    paths.set(path, compiled);
  }
  return compiled;
}

class Parser {
  private position = 0;
  private readonly text: string;

  constructor(private readonly path: string) {
    this.text = path.trim().replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  }

  parse(): Step[] {
    const steps: Step[] = [];
    while (this.position < this.text.length) steps.push(this.step());
    return steps;
  }

  private step(): Step {
    if (this.take('..')) {
      const name = this.name();
      return (values) => values.flatMap((value) => descend(value, name));
    }
    if (this.take('.')) {
      if (this.take('*')) return (values) => values.flatMap(children);
      // `.[0]` is the same as `[0]`.
      if (this.text[this.position] === '[') return this.bracket();
      const name = this.name();
      return (values) => values.flatMap((value) => field(value, name));
    }
    if (this.text[this.position] === '[') return this.bracket();
    throw this.error('a field begins with a dot');
  }

  private bracket(): Step {
    const end = this.closing();
    const inside = this.text.slice(this.position + 1, end).trim();
    this.position = end + 1;
    if (inside === '*') return (values) => values.flatMap(children);
    const filter = /^\?\((.*)\)$/s.exec(inside)?.[1];
    if (filter !== undefined) return this.filter(filter);
    const names = /^(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*$/.test(inside) ? inside.split(/\s*,\s*/).map((name) => name.slice(1, -1)) : undefined;
    if (names) return (values) => values.flatMap((value) => names.flatMap((name) => field(value, name)));
    const [, from, colon, to] = /^(-?\d+)?\s*(:)?\s*(-?\d+)?$/.exec(inside) ?? [];
    if (inside === '' || (from === undefined && colon === undefined)) throw this.error(`cannot read [${inside}]`);
    if (colon) return (values) => values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]).slice(from === undefined ? undefined : Number(from), to === undefined ? undefined : Number(to)) : []));
    return (values) => values.flatMap((value) => (Array.isArray(value) && (value as unknown[]).at(Number(from)) !== undefined ? [(value as unknown[]).at(Number(from))] : []));
  }

  private filter(expression: string): Step {
    const [, left = '', operator, right = ''] = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/s.exec(expression) ?? [undefined, expression];
    const of = this.operand(left);
    const other = operator === undefined ? undefined : this.operand(right);
    const holds = (item: unknown): boolean => (other ? compare(of(item), operator!, other(item)) : of(item) !== undefined);
    return (values) => values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]).filter(holds) : isObject(value) ? Object.values(value).filter(holds) : []));
  }

  private operand(text: string): (item: unknown) => unknown {
    const trimmed = text.trim();
    if (trimmed.startsWith('@')) {
      const path = jsonPath(trimmed.slice(1));
      return (item) => path(item)[0];
    }
    if (/^(?:'.*'|".*")$/s.test(trimmed)) return () => trimmed.slice(1, -1);
    if (trimmed === 'true' || trimmed === 'false') return () => trimmed === 'true';
    if (trimmed !== '' && !Number.isNaN(Number(trimmed))) return () => Number(trimmed);
    throw this.error(`cannot read ${JSON.stringify(trimmed)} in a filter`);
  }

  private name(): string {
    let name = '';
    while (this.position < this.text.length && !/[.[\]]/.test(this.text[this.position]!)) {
      if (this.text[this.position] === '\\') this.position += 1;
      name += this.text[this.position] ?? '';
      this.position += 1;
    }
    if (name === '') throw this.error('a name is missing');
    return name;
  }

  /** The bracket that closes the one here; brackets in quotes and nested ones do not count. */
  private closing(): number {
    let depth = 0;
    let quoted: string | undefined;
    for (let index = this.position; index < this.text.length; index += 1) {
      const character = this.text[index]!;
      if (quoted) quoted = character === quoted ? undefined : quoted;
      else if (character === '"' || character === "'") quoted = character;
      else if (character === '[') depth += 1;
      else if (character === ']') depth -= 1;
      if (depth === 0) return index;
    }
    throw this.error('a closing ] is missing');
  }

  private take(token: string): boolean {
    if (!this.text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  private error(problem: string): JsonPathError {
    return new JsonPathError(this.path, this.position, problem);
  }
}

const field = (value: unknown, name: string): unknown[] => (isObject(value) && Object.hasOwn(value, name) ? [value[name]] : []);

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

const descend = (value: unknown, name: string): unknown[] => [...field(value, name), ...children(value).flatMap((item) => descend(item, name))];

function compare(left: unknown, operator: string, right: unknown): boolean {
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false;
  const order = left < (right as typeof left) ? -1 : left > (right as typeof left) ? 1 : 0;
  return operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0;
}
