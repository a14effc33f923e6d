import type { ColumnDefinition } from '../contracts.js';

/** A column of a built-in kind's table; `wide` ones show only with `-o wide`. */
export function column(name: string, { type = 'string', wide = false }: { type?: ColumnDefinition['type']; wide?: boolean } = {}): ColumnDefinition {
  return { name, type, format: name === 'Name' ? 'name' : '', description: '', priority: wide ? 1 : 0 };
}
