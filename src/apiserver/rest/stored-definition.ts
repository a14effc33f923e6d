import type { ResourceDefinition, ResourceRegistry } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';

/** Finds the definition that a stored resource is written by; undefined once its CRD is gone. */
export function storedDefinitions(registry: ResourceRegistry): (storageResource: string) => ResourceDefinition | undefined {
  let byResource: Map<string, ResourceDefinition> | undefined;
  registry.onChange(() => (byResource = undefined));
  return (storageResource) => {
    if (!byResource) {
      byResource = new Map();
      for (const definition of registry.list()) {
        if (apiVersionOf(definition) === definition.storageApiVersion || !byResource.has(definition.storageResource)) byResource.set(definition.storageResource, definition);
      }
    }
    return byResource.get(storageResource);
  };
}
