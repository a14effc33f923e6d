import type { Filter } from '@aws-sdk/client-ec2';

interface SelectorTerm {
  tags?: Record<string, string>;
  id?: string;
  name?: string;
}

/** `tag:key=value`, or `tag-key=key` for the value `*`: all of them must hold. */
export const tagFilters = (tags: Readonly<Record<string, string>>): Filter[] =>
  Object.entries(tags).map(([key, value]) => (value === '*' ? { Name: 'tag-key', Values: [key] } : { Name: `tag:${key}`, Values: [value] }));

/**
 * The queries whose results together are what the terms select: one for all ids, one for all names, one a tag term. In a
 * contradictory term `id` wins over `name`, and `name` over `tags`.
 */
export function selectorQueries(terms: readonly SelectorTerm[], idFilter: string, nameFilter?: string): Filter[][] {
  const ids = terms.flatMap(({ id }) => (id ? [id] : []));
  const names = terms.flatMap(({ id, name }) => (!id && name && nameFilter ? [name] : []));
  const queries = terms.filter(({ id, name }) => !id && !(name && nameFilter)).map(({ tags }) => tagFilters(tags ?? {}));
  if (names.length > 0 && nameFilter) queries.unshift([{ Name: nameFilter, Values: names }]);
  if (ids.length > 0) queries.unshift([{ Name: idFilter, Values: ids }]);
  return queries.filter((filters) => filters.length > 0);
}
