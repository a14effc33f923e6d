import type { ApiObject, Storage } from '../../contracts.js';

/** The newest of the classes that one of the annotations marks as default, of equally old ones the first by name; undefined when there is none. */
export function defaultClass(storage: Storage, resource: string, ...annotations: readonly string[]): string | undefined {
  const age = ({ metadata }: ApiObject): string => metadata.creationTimestamp ?? '';
  const marked = storage.list(resource).filter(({ metadata }) => annotations.some((annotation) => metadata.annotations?.[annotation] === 'true'));
  return marked.sort((a, b) => age(b).localeCompare(age(a)) || (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''))[0]?.metadata.name;
}
