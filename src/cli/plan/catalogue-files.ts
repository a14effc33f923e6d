import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { InstanceType } from '../../cloud/instance-type.js';
import { CliError } from '../cli-error.js';
import { InputError } from './input-error.js';
import type { SourceText } from './input-error.js';
import { InstanceTypeReader } from './instance-type-reader.js';
import type { InstanceTypeFile } from './instance-type-reader.js';
import type { FieldPath } from './json-position.js';
import { listOf, mustBe, only, text } from './shape.js';

/** A catalogue that is written as the difference from another. */
interface Delta {
  readonly $base: string;
  readonly drop?: readonly string[];
  readonly keep?: readonly string[];
  readonly put?: readonly InstanceTypeFile[];
}

const FOLDER = 'catalogues';
const reference = only({ $ref: text }, '$ref');
const delta = only({ $base: text, drop: listOf(text), keep: listOf(text), put: listOf(() => undefined) }, '$base');

const byName = (a: InstanceTypeFile, b: InstanceTypeFile): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const has = (value: unknown, key: string): boolean => typeof value === 'object' && value !== null && key in value;

/** Where catalogues are that others refer to. */
export interface CatalogueShelf {
  /** What a reference in a file means: the same text for the same catalogue. */
  locate(target: string, from: SourceText): Promise<string>;
  /** Undefined when there is none. */
  read(location: string): Promise<{ readonly source: SourceText; readonly value: unknown } | undefined>;
}

/** Files, seen from the nearest folder above the referring one that holds `catalogues/`, or else from its own. */
const FILES: CatalogueShelf = {
  async locate(target, { file }) {
    const own = dirname(resolve(file));
    for (let folder = own; ; folder = dirname(folder)) {
      const info = await stat(join(folder, FOLDER)).catch(() => undefined);
      if (info?.isDirectory()) return join(folder, target);
      if (folder === dirname(folder)) return join(own, target);
    }
  },
  async read(location) {
    try {
      return await readWhole(location);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },
};

/** Reads catalogues of instance types, each file once. */
export class CatalogueFiles {
  private readonly reader = new InstanceTypeReader();
  private readonly files = new Map<string, Promise<readonly InstanceTypeFile[] | undefined>>();
  private readonly catalogues = new WeakMap<readonly InstanceTypeFile[], readonly InstanceType[]>();

  constructor(private readonly shelf: CatalogueShelf = FILES) {}

  /** A list of types, `{$ref}`, or a difference with `$base`. Throws an {@link InputError}. */
  async read(value: unknown, source: SourceText, path: FieldPath = []): Promise<readonly InstanceType[]> {
    try {
      const files = await this.listed(value, source, path);
      let types = this.catalogues.get(files);
      if (types === undefined) {
        types = files.map((file, index) => this.reader.read(file, [...path, index]));
        this.catalogues.set(files, types);
      }
      return types;
    } catch (error) {
      throw error instanceof InputError ? error.within(source) : error;
    }
  }

  private async listed(value: unknown, source: SourceText, path: FieldPath): Promise<readonly InstanceTypeFile[]> {
    if (Array.isArray(value)) return value as InstanceTypeFile[];
    if (has(value, '$ref')) {
      reference(value, path);
      return this.file((value as { $ref: string }).$ref, source, [...path, '$ref']);
    }
    if (!has(value, '$base')) throw mustBe('a list of instance types or a reference {"$ref": "catalogues/…"}', value, path);
    delta(value, path);
    const { $base, drop, keep, put = [] } = value as Delta;
    put.forEach((type, index) => this.reader.read(type, [...path, 'put', index]));
    const left = new Set(keep);
    const gone = new Set([...drop ?? [], ...put.map(({ name }) => name)]);
    const base = await this.file($base, source, [...path, '$base']);
    return [...base.filter(({ name }) => (keep === undefined || left.has(name)) && !gone.has(name)), ...put].sort(byName);
  }

  private async file(target: string, source: SourceText, path: FieldPath): Promise<readonly InstanceTypeFile[]> {
    const location = await this.shelf.locate(target, source);
    let files = this.files.get(location);
    if (files === undefined) {
      files = this.load(location);
      this.files.set(location, files);
    }
    const found = await files;
    if (found === undefined) throw new InputError(path, `${location} does not exist`, source);
    return found;
  }

  private async load(location: string): Promise<readonly InstanceTypeFile[] | undefined> {
    const found = await this.shelf.read(location);
    if (found === undefined) return undefined;
    const { source, value } = found;
    try {
      const files = await this.listed(value, source, []);
      if (Array.isArray(value)) files.forEach((type, index) => this.reader.read(type, [index]));
      return files;
    } catch (error) {
      throw error instanceof InputError ? error.within(source) : error;
    }
  }
}

/** A whole file, JSON or YAML. Throws the errors of the file system, and {@link InputError}. */
async function readWhole(file: string): Promise<{ source: SourceText; value: unknown }> {
  const content = await readFile(file, 'utf8');
  const format = /\.ya?ml$/.test(file) || !/^\uFEFF?\s*[{[]/.test(content) ? 'yaml' : 'json';
  const source: SourceText = { file, format, text: content, line: 1, column: 1, path: [] };
  if (format === 'yaml') return { source, value: (await import('./yaml-reader.js')).readYaml(source) };
  try {
    return { source, value: JSON.parse(content) as unknown };
  } catch (error) {
    throw new InputError([], (error as Error).message, source);
  }
}

/** `--catalogue FILE`: a catalogue for every NodePool, or an object with one a NodePool. Throws a {@link CliError} or an {@link InputError}. */
export async function readCatalogueFile(file: string, catalogues: CatalogueFiles): Promise<ReadonlyMap<string, readonly InstanceType[]>> {
  const { source, value } = await readWhole(file).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof InputError) throw error;
    throw new CliError(`${file}: ${error.code === 'ENOENT' ? 'no such file or directory' : error.message}`);
  });
  const lists = has(value, 'instanceTypes') ? (value as { instanceTypes: unknown }).instanceTypes : value;
  const path = lists === value ? [] : ['instanceTypes'];
  return readCatalogues(lists, source, path, catalogues);
}

/** One catalogue, or one a NodePool with `*` for those without their own. */
export async function readCatalogues(value: unknown, source: SourceText, path: FieldPath, catalogues: CatalogueFiles): Promise<ReadonlyMap<string, readonly InstanceType[]>> {
  if (Array.isArray(value) || has(value, '$ref') || has(value, '$base')) return new Map([['*', await catalogues.read(value, source, path)]]);
  if (typeof value !== 'object' || value === null) throw new InputError(path, 'a list of instance types for each NodePool is expected here, "*" for all others', source);
  const read = new Map<string, readonly InstanceType[]>();
  for (const [pool, list] of Object.entries(value)) read.set(pool, await catalogues.read(list, source, [...path, pool]));
  return read;
}
