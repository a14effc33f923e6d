import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pluralOf } from '../../operator/index.js';
import type { Project } from '../project/project.js';

/** A kind that a project declares. */
export interface OwnKind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** The module that exports it, as others beside it import it. */
  readonly module: string;
}

/** Decorator's options up to the class, which has no braces of its own before `extends`. */
const DECLARATION = /@ResourceKind\(\{([\s\S]*?)\}\)[\s\S]*?export class (\w+)/g;
const option = (options: string, name: string): string | undefined => new RegExp(`\\b${name}:\\s*['"]([^'"]+)['"]`).exec(options)?.[1];

/** The kinds that the sources of a project declare, by class name: read and not run, so that what does not compile yet is found, too. */
export async function ownKinds({ folder }: Project): Promise<OwnKind[]> {
  const root = join(folder, 'src');
  const sources = (await readdir(root, { recursive: true }).catch(() => [])).filter((path) => path.endsWith('.ts')).sort();
  const kinds = await Promise.all(sources.map(async (path) => [...(await readFile(join(root, path), 'utf8')).matchAll(DECLARATION)].flatMap(([, options = '', kind = '']): OwnKind[] => {
    const [group, version] = [option(options, 'group'), option(options, 'version')];
    if (group === undefined || version === undefined) return [];
    return [{ kind, group, version, plural: option(options, 'plural') ?? pluralOf(option(options, 'kind') ?? kind), module: `./${relative('.', path).replace(/\.ts$/, '.js')}` }];
  })));
  return kinds.flat();
}
