import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import type { ApiObject } from '../contracts.js';
import type { AdmissionPlugin, RestContext } from '../rest/context.js';
import { compareQuantities, parseQuantity, type Quantity } from '../schema/quantity.js';
import { forbidden } from '../status.js';

const claimOf = (object: ApiObject | undefined): PersistentVolumeClaim => object as unknown as PersistentVolumeClaim;
const sizeOf = ({ spec }: PersistentVolumeClaim): Quantity => parseQuantity(spec?.resources?.requests?.['storage'] ?? '0')!;

/** Lets claims ask for more only when they have a volume, of a class that can expand it. */
export function claimResize({ storage }: Pick<RestContext, 'storage'>): AdmissionPlugin {
  return {
    validate({ definition, operation, subresource, object, previous, name }) {
      if (definition.storageResource !== 'persistentvolumeclaims' || operation !== 'UPDATE' || subresource !== '') return;
      const [claim, before] = [claimOf(object), claimOf(previous)];
      if (compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return;
      if (before.status?.phase !== 'Bound') throw forbidden(definition, name, 'Only bound persistent volume claims can be expanded');
      const className = claim.spec?.storageClassName;
      const storageClass = className && className === before.spec?.storageClassName ? (storage.get('storageclasses.storage.k8s.io', '', className) as StorageClass | undefined) : undefined;
      if (!storageClass?.allowVolumeExpansion) throw forbidden(definition, name, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
    },
  };
}
