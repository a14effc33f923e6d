import type { ApiObject, ResourceDefinition, Subresource } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import type { WriteOptions } from '../rest/write-options.js';

/** Keeps `managedFields` through a write that is not an apply. */
export function trackUpdate(_ctx: RestContext, _definition: ResourceDefinition, previous: ApiObject | undefined, next: ApiObject, _subresource: Subresource, _options: WriteOptions): void {
  const managed = previous?.metadata.managedFields;
  if (managed) next.metadata.managedFields = managed;
}
