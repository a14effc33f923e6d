import type { TableColumns } from '../contracts.js';
import { age } from './age.js';
import { column } from './column.js';

/** What a kind without columns of its own shows. */
export const nameAndAge: TableColumns = {
  definitions: [column('Name'), column('Age')],
  cells: ({ metadata }, now) => [metadata.name ?? '', age(metadata.creationTimestamp, now)],
};
