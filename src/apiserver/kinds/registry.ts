import type { ResourceDefinition, ResourceRegistry } from '../contracts.js';
import { builtinDefinitions } from './builtin-definition.js';

/** Thrown when two definitions claim the same URL or the same kind. */
export class ResourceTakenError extends Error {
  readonly reason = 'ResourceTaken';
  constructor(readonly definition: ResourceDefinition, taken: string) {
    super(`${definition.group}/${definition.version} ${definition.kind}: ${taken} is served already`);
  }
}

/** A registry that definitions can be added to and taken from. */
export interface MutableRegistry extends ResourceRegistry {
  /** Replaces several definitions at once; listeners are told once. */
  replace(removed: readonly ResourceDefinition[], added: readonly ResourceDefinition[]): void;
}

/** A registry that serves every built-in kind. */
export function createRegistry(definitions: readonly ResourceDefinition[] = builtinDefinitions()): MutableRegistry {
  const byPlural = new Map<string, ResourceDefinition>();
  const byKind = new Map<string, ResourceDefinition>();
  const listeners = new Set<() => void>();

  const add = (definition: ResourceDefinition): void => {
    const { group, version, plural, kind } = definition;
    if (byPlural.has(key(group, version, plural))) throw new ResourceTakenError(definition, `the resource ${plural}`);
    if (byKind.has(key(group, version, kind))) throw new ResourceTakenError(definition, `the kind ${kind}`);
    byPlural.set(key(group, version, plural), definition);
    byKind.set(key(group, version, kind), definition);
  };
  for (const definition of definitions) add(definition);

  return {
    lookup: (group, version, plural) => byPlural.get(key(group, version, plural)),
    lookupKind: (group, version, kind) => byKind.get(key(group, version, kind)),
    list: () => [...byPlural.values()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    replace(removed, added) {
      for (const { group, version, plural, kind } of removed) {
        byPlural.delete(key(group, version, plural));
        byKind.delete(key(group, version, kind));
      }
      for (const definition of added) add(definition);
      for (const listener of listeners) listener();
    },
  };
}

const key = (group: string, version: string, name: string): string => `${group}/${version}/${name}`;
