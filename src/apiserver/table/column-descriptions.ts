import { createRequire } from 'node:module';
import type { TableColumns } from '../contracts.js';
import type descriptionsFile from './column-descriptions.json' with { 'resolution-mode': 'require' };

/** By resource and column the index of what kube-apiserver says of it; `tools/column-descriptions.mjs` writes it. */
const { texts, resources } = createRequire(import.meta.url)('./column-descriptions.json') as typeof descriptionsFile;
const indexes: Readonly<Record<string, Readonly<Record<string, number>>>> = resources;

/** The columns of a resource (`plural.group`) with their descriptions. */
export function described(resource: string, columns: TableColumns): TableColumns {
  const known = indexes[resource] ?? {};
  return { ...columns, definitions: columns.definitions.map((definition) => ({ ...definition, description: texts[known[definition.name] ?? -1] ?? definition.description })) };
}
