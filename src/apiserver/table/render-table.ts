import type { ApiObject, JsonObject, TableColumns, TableOptions } from '../contracts.js';
import { badRequest } from '../status.js';

/** Objects as a Table of `meta.k8s.io`, the way kubectl asks for lists. */
export function renderTable(columns: TableColumns, objects: readonly ApiObject[], { includeObject, version, now, listMetadata, withColumns }: TableOptions): JsonObject {
  const apiVersion = `meta.k8s.io/${version}`;
  return {
    kind: 'Table',
    apiVersion,
    metadata: listMetadata,
    columnDefinitions: withColumns ? columns.definitions : null,
    rows: objects.map((object) => {
      const conditions = columns.conditions?.(object) ?? [];
      return {
        cells: columns.cells(object, now),
        ...(conditions.length > 0 && { conditions }),
        object: includeObject === 'None' ? null : includeObject === 'Object' ? object : { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata },
      };
    }),
  };
}

/**
 * What `?includeObject=` says.
 * @throws {StatusError} BadRequest
 */
export function includedObject(asked: string | null): TableOptions['includeObject'] {
  if (!asked || asked === 'Metadata') return 'Metadata';
  if (asked === 'None' || asked === 'Object') return asked;
  throw badRequest(`Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`);
}
