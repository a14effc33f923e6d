import { InputError } from './input-error.js';
import type { SourceText } from './input-error.js';
import { Interned } from './interned.js';
import { JsonSplitter, JsonStructureError } from './json-splitter.js';
import { checkObject, podSpec } from './object-shapes.js';

/** A Kubernetes object out of a file. */
export interface InputObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

/** Members of which a workload's pods have equal ones. */
const SHARED = new Set(['spec', 'status']);
const SHARED_METADATA = ['labels', 'annotations', 'ownerReferences'];

/** Kubernetes writes null for what is not there. In place. */
function withoutNulls<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) value.forEach(withoutNulls);
  else {
    for (const [key, each] of Object.entries(value)) {
      if (each === null) delete (value as Record<string, unknown>)[key];
      else withoutNulls(each);
    }
  }
  return value;
}

/** Members of a block mapping by indentation; undefined when the text is written in another way. */
function yamlMembers(text: string): Map<string, string> | undefined {
  const members = new Map<string, string>();
  let indent: number | undefined;
  let key: string | undefined;
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const at = line.search(/[^ \r]/);
    if (at < 0 || line[at] === '#') continue;
    indent ??= at;
    if (at === indent && line[at] !== '-') {
      if (key !== undefined) members.set(key, lines.join('\n'));
      lines = [];
      key = /^(\w+):(?= |\r?$)/.exec(line.slice(at))?.[1];
      if (key === undefined || members.has(key)) return undefined;
    } else if (at < indent || key === undefined) return undefined;
    lines.push(line);
  }
  return key === undefined ? undefined : members.set(key, lines.join('\n'));
}

/**
 * Reads Kubernetes objects, checked. Pods of one workload share what is equal in them: it is parsed once, and a hundred thousand of them
 * take little memory. Nothing of what it returns may be changed.
 */
export class ObjectReader {
  private readonly members = new Interned<unknown>();
  private readonly metadata = new Interned<unknown>();
  private readonly specs = new WeakSet<object>();

  /** `readYaml` is needed for {@link yaml} only. */
  constructor(private readonly readYaml?: (source: SourceText) => unknown) {}

  /** Throws an {@link InputError} with the object's source. */
  json(bytes: Buffer, source: SourceText): InputObject {
    return this.checked(source, () => {
      const object: Record<string, unknown> = {};
      const splitter = new JsonSplitter(new Set(), ({ key, bytes: value }) => {
        const text = value.toString();
        const read = (): unknown => (text.includes('null') ? withoutNulls(JSON.parse(text) as unknown) : JSON.parse(text) as unknown);
        const found = SHARED.has(key) ? this.members.get(text, read) : read();
        if (found !== null) object[key] = found;
      });
      splitter.push(bytes);
      splitter.end();
      return object;
    });
  }

  yaml(source: SourceText): InputObject {
    return this.checked(source, () => this.yamlPod(source) ?? withoutNulls(this.readYaml?.(source)));
  }

  /** A pod, its shared members looked up; undefined for anything else, and for what only reading it as a whole explains. */
  private yamlPod(source: SourceText): unknown {
    const members = yamlMembers(source.text);
    if (!members || !/^\s*kind: *(["']?)Pod\1\s*$/.test(members.get('kind') ?? '')) return undefined;
    const read = (text: string): Record<string, unknown> => withoutNulls(this.readYaml?.({ ...source, text })) as Record<string, unknown>;
    try {
      const object: Record<string, unknown> = {};
      for (const key of SHARED) {
        const text = members.get(key);
        if (text !== undefined) object[key] = this.members.get(text, () => read(text)[key]);
        members.delete(key);
      }
      // A copy: pieces of a text keep all of it in memory.
      return Object.assign(object, JSON.parse(JSON.stringify(read([...members.values()].join('\n')))));
    } catch {
      return undefined;
    }
  }

  /** Of an object that was parsed already. */
  value(value: unknown, source: SourceText): InputObject {
    return this.checked(source, () => withoutNulls(value));
  }

  private checked(source: SourceText, read: () => unknown): InputObject {
    try {
      const object = read() as InputObject;
      checkObject(object);
      if (object.kind === 'Pod') this.share(object);
      return object;
    } catch (error) {
      if (error instanceof InputError) throw error.within(source);
      if (error instanceof SyntaxError || error instanceof JsonStructureError) throw new InputError([], error.message, source);
      throw error;
    }
  }

  private share({ spec, metadata }: InputObject): void {
    if (spec && !this.specs.has(spec)) {
      podSpec(spec, ['spec']);
      this.specs.add(spec);
    }
    const writable = metadata as Record<string, unknown>;
    for (const field of SHARED_METADATA) if (writable[field] !== undefined) writable[field] = this.metadata.get(JSON.stringify(writable[field]), () => writable[field]);
  }
}
