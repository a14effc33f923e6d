import type { ResourceDefinition, ResourceRegistry } from '../contracts.js';
import { compareVersions } from './version-order.js';

/** One version of an API group with its resources. */
export interface ServedVersion {
  version: string;
  resources: ResourceDefinition[];
}

/** An API group; the preferred version comes first. */
export interface ServedGroup {
  name: string;
  versions: ServedVersion[];
}

/** What a registry serves, by group and version; what is built in in its own order, and after it the groups of custom resources by name. */
export function servedGroups(registry: ResourceRegistry): ServedGroup[] {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>();
  for (const definition of registry.list()) {
    const versions = groups.get(definition.group) ?? new Map<string, ResourceDefinition[]>();
    groups.set(definition.group, versions);
    versions.set(definition.version, [...(versions.get(definition.version) ?? []), definition]);
  }
  const isCustom = (group: string): boolean => [...groups.get(group)!.values()].every((resources) => resources.every(({ custom }) => custom));
  const own = [...groups.keys()].filter((group) => !isCustom(group));
  const custom = [...groups.keys()].filter(isCustom).sort();
  return [...own, ...custom].map((name) => [name, groups.get(name)!] as const).map(([name, versions]) => ({
    name,
    versions: [...versions].map(([version, resources]) => ({ version, resources })).sort((a, b) => compareVersions(a.version, b.version)),
  }));
}
