import { createReadStream, readFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { CliError } from '../cli-error.js';
import { filesOf } from '../input-files.js';
import { DistantAnchor, InputError } from './input-error.js';
import type { SourceText } from './input-error.js';
import { JsonSplitter, JsonStructureError } from './json-splitter.js';
import { ObjectReader } from './object-reader.js';
import type { InputObject } from './object-reader.js';

/** A value of a question file beside its objects. */
export interface InputMember {
  readonly value: unknown;
  readonly source: SourceText;
}

/** What one path of the command line holds. */
export interface Input {
  readonly path: string;
  /** Of a question file: everything but `objects`. Undefined for plain manifests. */
  readonly question: ReadonlyMap<string, InputMember> | undefined;
  /** In the order of the file. */
  readonly objects: readonly InputObject[];
  /** Where objects stand that others may still refuse; not kept for pods and nodes, of which there may be many. */
  readonly sources: ReadonlyMap<InputObject, SourceText>;
  /** Documents that are no Kubernetes objects, as `file:line`. */
  readonly skipped: readonly string[];
}

/** Members that are read element by element: files may have a hundred thousand. */
const LISTS: ReadonlySet<string> = new Set(['objects', 'items']);
const NO_LISTS: ReadonlySet<string> = new Set();
const MANY: ReadonlySet<string> = new Set(['Pod', 'Node', 'NodeClaim']);
const CHUNK = 1 << 20;

/** Reads a file (a question, or manifests), a folder of manifests, or standard input (`-`). Throws a {@link CliError} or an {@link InputError}. */
export async function readInput(path: string): Promise<Input> {
  const files = path === '-' ? ['/dev/stdin'] : await filesOf(path);
  const collector = new Collector(path);
  for (const file of files) await readFileInto(collector, file);
  return collector.result(files.length > 1);
}

async function readFileInto(collector: Collector, file: string): Promise<void> {
  const before = collector.mark();
  try {
    await readStream(collector, file, LISTS);
  } catch (error) {
    if (!(error instanceof DistantAnchor)) throw error;
    // Anchors and aliases are far apart: the file can only be read as a whole.
    collector.reset(before);
    await readStream(collector, file, NO_LISTS);
  }
}

async function readStream(collector: Collector, file: string, lists: ReadonlySet<string>): Promise<void> {
  let reader: ChunkReader | undefined;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) {
      reader ??= await readerOf(chunk as Buffer, collector, file, lists);
      reader.push(chunk as Buffer);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : new CliError(`${file}: ${(error as Error).message}`, 1, { cause: error });
  }
  reader?.end();
}

/** Takes a file as it comes. */
interface ChunkReader {
  push(chunk: Buffer): void;
  end(): void;
}

const readerOf = (start: Buffer, collector: Collector, file: string, lists: ReadonlySet<string>): ChunkReader | Promise<ChunkReader> =>
  (/\.ya?ml$/.test(file) || !/^\uFEFF?\s*[{[]/.test(start.toString('utf8', 0, 1_024)) ? yamlReader(collector, file, lists) : jsonReader(collector, file));

function jsonReader(collector: Collector, file: string): ChunkReader {
  const reader = new ObjectReader();
  const members = new Map<string, InputMember>();
  const splitter = new JsonSplitter(LISTS, ({ key, index, bytes, line, column }) => {
    if (index === undefined) {
      const source: SourceText = { file, format: 'json', text: bytes.toString(), line, column, path: [key] };
      members.set(key, { value: parsed(source), source });
      return;
    }
    const source: SourceText = { file, format: 'json', get text() { return bytes.toString(); }, line, column, path: [key, index] };
    collector.add(reader.json(bytes, source), source);
  });
  const guarded = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      throw error instanceof JsonStructureError ? new CliError(`${file}:${error.line}:${error.column}: not JSON: ${error.message}`) : error;
    }
  };
  return {
    push: (chunk) => guarded(() => splitter.push(chunk)),
    end() {
      guarded(() => splitter.end());
      collector.document(members, { file, format: 'json', get text() { return readFileSync(file, 'utf8'); }, line: 1, column: 1, path: [] }, reader);
    },
  };
}

function parsed(source: SourceText): unknown {
  try {
    return JSON.parse(source.text) as unknown;
  } catch (error) {
    throw new InputError([], (error as Error).message, source);
  }
}

async function yamlReader(collector: Collector, file: string, lists: ReadonlySet<string>): Promise<ChunkReader> {
  const [{ readYaml }, { YamlSplitter }] = await Promise.all([import('./yaml-reader.js'), import('./yaml-splitter.js')]);
  const reader = new ObjectReader(readYaml);
  const splitter = new YamlSplitter(lists, ({ key, index, text, line }) => {
    const source: SourceText = { file, format: 'yaml', text, line, column: 1, path: key === undefined ? [] : [key, index as number] };
    if (key !== undefined) {
      collector.add(reader.yaml(source), source);
      return;
    }
    const value = readYaml(source);
    if (value === null) return;
    const members = new Map(Object.entries(value as object).map(([name, each]): [string, InputMember] => [name, { value: each, source: { ...source, path: [name], inText: [name] } }]));
    collector.document(members, source, reader);
  });
  const decoder = new StringDecoder('utf8');
  return {
    push: (chunk) => splitter.push(decoder.write(chunk)),
    end() {
      splitter.push(decoder.end());
      splitter.end();
    },
  };
}

/** Puts together what the documents of one input hold. */
class Collector {
  private question: ReadonlyMap<string, InputMember> | undefined;
  private readonly objects: InputObject[] = [];
  private readonly sources = new Map<InputObject, SourceText>();
  private readonly skipped: string[] = [];

  constructor(private readonly path: string) {}

  add(object: InputObject, source: SourceText): void {
    this.objects.push(object);
    if (MANY.has(object.kind)) return;
    // A text of its own: one that is looked up would keep everything that was read with it.
    const { file, format, text, line, column, path, inText = [] } = source;
    this.sources.set(object, { file, format, text, line, column, path, inText });
  }

  mark(): { objects: number; skipped: number } {
    return { objects: this.objects.length, skipped: this.skipped.length };
  }

  reset({ objects, skipped }: { objects: number; skipped: number }): void {
    this.objects.length = objects;
    this.skipped.length = skipped;
    this.question = undefined;
  }

  /** A document without its lists. */
  document(members: ReadonlyMap<string, InputMember>, source: SourceText, reader: ObjectReader): void {
    const kind = members.get('kind')?.value;
    const list = (member: string): void => {
      const values = members.get(member)?.value;
      if (!Array.isArray(values)) return;
      values.forEach((value, index) => {
        const at: SourceText = { ...source, path: [member, index], inText: [member, index] };
        this.add(reader.value(value, at), at);
      });
    };
    if (typeof kind === 'string' && members.has('apiVersion')) {
      if (kind.endsWith('List')) list('items');
      else this.add(reader.value(Object.fromEntries([...members].map(([name, member]) => [name, member.value])), source), source);
    } else if (source.format === 'json' || ['objects', 'instanceTypes', 'options'].some((member) => members.has(member))) {
      this.question = members;
      list('objects');
    } else this.skipped.push(`${source.file}:${source.line}`);
  }

  result(ofFolder: boolean): Input {
    const { path, question, objects, sources, skipped } = this;
    if (ofFolder && question) throw new CliError(`${path}: a folder is read as manifests, and one of its files is a question; name that file itself`);
    if (!question && objects.length === 0) throw new CliError(`${path}: holds neither a question nor a Kubernetes object`);
    return { path, question, objects, sources, skipped };
  }
}
