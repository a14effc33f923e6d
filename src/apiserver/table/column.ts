import type { ApiObject, ColumnDefinition, Metadata, TableColumns } from '../contracts.js';
import { age } from './age.js';

/** A column and what it shows of an object. */
export interface Column<T> {
  readonly definition: ColumnDefinition;
  readonly cell: (object: T, now: number) => unknown;
}

/** A column of texts; what it shows may be undefined, and is empty then. */
export function column<T>(name: string, cell: Column<T>['cell'], { type = 'string', format = '', description = '', wide = false }: { type?: ColumnDefinition['type']; format?: string; description?: string; wide?: boolean } = {}): Column<T> {
  return { definition: { name, type, format, description, priority: wide ? 1 : 0 }, cell: (object, now) => cell(object, now) ?? (type === 'integer' ? 0 : '') };
}

/** A column that shows only with `-o wide`. */
export const wide = <T>(name: string, cell: Column<T>['cell']): Column<T> => column(name, cell, { wide: true });

/** A column of whole numbers; what is not there counts as 0. */
export const count = <T>(name: string, cell: Column<T>['cell']): Column<T> => column(name, cell, { type: 'integer' });

type Named = { metadata?: unknown };

const metadataOf = ({ metadata }: Named): Metadata => (metadata ?? {}) as Metadata;

/** As kube-apiserver describes names. */
const NAME_DESCRIPTION = 'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';

/** How the name is declared: clients print the kind before it. */
export const NAME = { format: 'name' } as const;

export const nameColumn: Column<Named> = column('Name', (object) => metadataOf(object).name, { ...NAME, description: NAME_DESCRIPTION });

export const ageColumn: Column<Named> = column('Age', (object, now) => age(metadataOf(object).creationTimestamp, now));

/** The table of a built-in kind: what comes after the name. */
export function tableOf<T extends Named>(...columns: readonly Column<T>[]): TableColumns {
  return rawTable<T>(nameColumn, ...columns);
}

/** A table that does not begin with the name. */
export function rawTable<T>(...columns: readonly Column<T>[]): TableColumns {
  return {
    definitions: columns.map(({ definition }) => definition),
    cells: (object: ApiObject, now) => columns.map(({ cell }) => cell(object as unknown as T, now)),
  };
}

/** Go's zero of a time. */
const NEVER = '0001-01-01T00:00:00Z';

/** What a kind without columns of its own shows: when it was made rather than how old it is. */
export const createdAtTable: TableColumns = tableOf<Named>(column('Created At', (object) => metadataOf(object).creationTimestamp ?? NEVER, { type: 'date' }));
