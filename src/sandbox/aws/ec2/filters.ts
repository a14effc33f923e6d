import type { Tags } from '../account/tags.js';
import { AwsError } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';

/** What a resource holds under a filter's name; undefined when there is no such filter for its kind. */
export type Attribute = (name: string) => readonly (string | undefined)[] | string | undefined;

/** Builds the attribute reader of a resource from a table of its filters and its tags. */
export const attributes =
  (table: Readonly<Record<string, () => readonly (string | undefined)[] | string | undefined>>, tags?: Tags): Attribute =>
  (name) => {
    if (tags && name.startsWith('tag:')) return [tags.get(name.slice(4))];
    if (tags && name === 'tag-key') return [...tags.keys()];
    if (tags && name === 'tag-value') return [...tags.values()];
    const read = table[name];
    return read ? (read() ?? []) : undefined;
  };

interface Filter {
  name: string;
  test: (value: string) => boolean;
}

/** EC2's wildcards: `*` for any run of characters, `?` for one; a backslash takes either literally. */
function pattern(value: string): (text: string) => boolean {
  if (!/[*?\\]/.test(value)) return (text) => text === value;
  const source = value.replace(/\\(.)|[*?]|[^*?\\]+/g, (part, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/\W/g, '\\$&');
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replace(/\W/g, '\\$&');
  });
  const expression = new RegExp(`^${source}$`, 's');
  return (text) => expression.test(text);
}

/**
 * Keeps the items that satisfy every filter of the request (any value of one filter suffices).
 * Throws InvalidParameterValue for a filter that the kind does not have.
 */
export function applyFilters<Item>(input: Parameters, items: readonly Item[], attribute: (item: Item) => Attribute, parameter = 'Filter'): Item[] {
  const filters = input.list(parameter).map((filter): Filter => {
    const tests = filter.texts('Value').map(pattern);
    return { name: filter.required('Name'), test: (value) => tests.some((test) => test(value)) };
  });
  if (filters.length === 0) return [...items];
  return items.filter((item) => {
    const read = attribute(item);
    return filters.every(({ name, test }) => {
      const values = read(name);
      if (values === undefined) throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
      return typeof values === 'string' ? test(values) : values.some((value) => value !== undefined && test(value));
    });
  });
}
