import type { FieldPath } from './json-position.js';
import { JsonSyntaxError, jsonPosition } from './json-position.js';

const PLAIN = /^[A-Za-z_$][\w$-]*$/;

/** `spec.containers[0].resources.requests["nvidia.com/gpu"]`. */
export const formatPath = (path: FieldPath): string => path.map((step, at) => (typeof step === 'number' ? `[${step}]` : PLAIN.test(step) ? `${at > 0 ? '.' : ''}${step}` : `[${JSON.stringify(step)}]`)).join('');

/** A piece of a file, kept to say where in the file something stands. */
export interface SourceText {
  readonly file: string;
  readonly format: 'json' | 'yaml';
  readonly text: string;
  /** Where the piece begins, from 1. */
  readonly line: number;
  readonly column: number;
  /** What leads from the file's root to the value that is read here. */
  readonly path: FieldPath;
  /** The end of that path which lies in the text, when the value is only a part of it. */
  readonly inText?: FieldPath;
}

/** A field of an input that cannot be what it is: where, and what would be accepted. */
export class InputError extends Error {
  /** `path` is seen from the source's value; without a source, the place is that of the file. */
  constructor(readonly path: FieldPath, readonly problem: string, readonly source?: SourceText, private readonly offset?: number) {
    super(problem);
  }

  /** The same, in a piece of a file, unless the place is known already. */
  within(source: SourceText): InputError {
    return this.source ? this : new InputError(this.path, this.problem, source);
  }

  /** `file:line:column: field: what is wrong`. Parses the piece once more to find the place. */
  async describe(file: string): Promise<string> {
    if (!this.source) return `${file}: ${[formatPath(this.path), this.problem].filter(Boolean).join(': ')}`;
    const { line, column, problem = this.problem } = await place(this.source, [...this.source.inText ?? [], ...this.path], this.offset);
    const field = formatPath([...this.source.path, ...this.path]);
    return `${this.source.file}:${line}:${column}: ${field ? `${field}: ` : ''}${problem}`;
  }
}

/** A YAML alias whose anchor is not in the same piece of the file. */
export class DistantAnchor extends InputError {}

async function place({ format, text, line, column }: SourceText, path: FieldPath, known?: number): Promise<{ line: number; column: number; problem?: string }> {
  let offset: number;
  let problem: string | undefined;
  if (known !== undefined) offset = known;
  else if (format === 'yaml') offset = (await import('./yaml-reader.js')).yamlPosition(text, path);
  else {
    try {
      offset = jsonPosition(text, path);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      offset = error.offset;
      problem = `not JSON: ${error.message}`;
    }
  }
  const before = text.slice(0, offset).split('\n');
  const last = before.at(-1) as string;
  return { line: line + before.length - 1, column: before.length === 1 ? column + last.length : last.length + 1, ...(problem ? { problem } : {}) };
}
