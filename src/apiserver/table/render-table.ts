import type { ApiObject, JsonObject, ResourceDefinition, TableOptions } from '../contracts.js';

/** Objects as a `meta.k8s.io/v1` Table, the way kubectl asks for lists. */
export function renderTable({ columns }: ResourceDefinition, objects: readonly ApiObject[], { includeObject, now, listMetadata, withColumns }: TableOptions): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMetadata,
    columnDefinitions: withColumns ? columns.definitions : null,
    rows: objects.map((object) => ({
      cells: columns.cells(object, now),
      ...(includeObject !== 'None' && { object: includeObject === 'Object' ? object : partialMetadata(object) }),
    })),
  };
}

/** Only the metadata of an object, as a kind of its own. */
const partialMetadata = ({ metadata }: ApiObject): JsonObject => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
