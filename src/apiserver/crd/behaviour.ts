import type { ApiObject } from '../contracts.js';
import type { KindBehaviour } from '../kinds/behaviour.js';
import { unknownFormats } from '../schema/formats.js';
import { CLEANUP_FINALIZER, type CustomResourceDefinition, storageVersionOf } from './custom-resource-definition.js';
import { validateDefinition, validateDefinitionUpdate } from './validate-definition.js';

const WEBHOOK_PORT = 443;

const asDefinition = (object: ApiObject): CustomResourceDefinition => object as unknown as CustomResourceDefinition;

/** Remembers every version that objects were ever stored in: such a version cannot be taken away. */
function recordStorageVersion(crd: CustomResourceDefinition): void {
  const stored = crd.status?.storedVersions ?? [];
  const version = storageVersionOf(crd.spec);
  if (version && !stored.includes(version)) crd.status = { ...crd.status, storedVersions: [...stored, version] };
}

/** CustomResourceDefinitions themselves, as stored objects; {@link installCustomResources} makes them work. */
export const customResourceDefinitionBehaviour: KindBehaviour = {
  tracksGeneration: true,
  deletionFinalizer: CLEANUP_FINALIZER,
  setDefaults(object) {
    const { spec } = asDefinition(object);
    if (!spec) return;
    if (spec.names?.kind) {
      spec.names.singular ||= spec.names.kind.toLowerCase();
      spec.names.listKind ||= `${spec.names.kind}List`;
    }
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= WEBHOOK_PORT;
  },
  prepareForCreate(object) {
    recordStorageVersion(asDefinition(object));
    object['status'] = { conditions: null, ...(object['status'] as object | undefined) };
  },
  prepareForUpdate(object, _previous, subresource) {
    const crd = asDefinition(object);
    if (subresource !== 'status' || (crd.status?.storedVersions ?? []).length === 0) recordStorageVersion(crd);
  },
  warnings: (object) => [...new Set((asDefinition(object).spec.versions ?? []).flatMap(({ schema }) => (schema?.openAPIV3Schema ? unknownFormats(schema.openAPIV3Schema) : [])))].map((format) => `unrecognized format ${JSON.stringify(format)}`),
  validate: (object) => validateDefinition(asDefinition(object)),
  validateUpdate: (object, previous) => validateDefinitionUpdate(asDefinition(object), asDefinition(previous)),
};
