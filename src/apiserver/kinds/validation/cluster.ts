import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { oneOf, positive, unchanged, unchangedOr } from './common.js';

const HIGHEST_USER_PRIORITY = 1_000_000_000;

export function validatePriorityClass({ metadata, value, preemptionPolicy }: PriorityClass): FieldError[] {
  const errors = oneOf('preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  if (metadata?.name?.startsWith('system-')) {
    const known = ['system-cluster-critical', 'system-node-critical'].includes(metadata.name);
    return known ? errors : [...errors, forbidden('metadata.name', 'priority class names with \'system-\' prefix are reserved for system use only')];
  }
  return (value ?? 0) > HIGHEST_USER_PRIORITY ? [...errors, forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)] : errors;
}

export const validatePriorityClassUpdate = (object: PriorityClass, previous: PriorityClass): FieldError[] => [
  ...unchangedOr('value', object.value, previous.value, 'may not be changed in an update.'),
  ...unchangedOr('preemptionPolicy', object.preemptionPolicy, previous.preemptionPolicy, 'may not be changed in an update.'),
];

export const validateStorageClass = ({ provisioner, reclaimPolicy, volumeBindingMode }: StorageClass): FieldError[] => [
  ...(provisioner ? [] : [required('provisioner')]),
  ...oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']),
  ...oneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
];

export const validateStorageClassUpdate = (object: StorageClass, previous: StorageClass): FieldError[] => [
  ...unchangedOr('parameters', object.parameters, previous.parameters, 'updates to parameters are forbidden.'),
  ...unchangedOr('provisioner', object.provisioner, previous.provisioner, 'updates to provisioner are forbidden.'),
  ...unchangedOr('reclaimPolicy', object.reclaimPolicy, previous.reclaimPolicy, 'updates to reclaimPolicy are forbidden.'),
  ...unchanged('volumeBindingMode', object.volumeBindingMode, previous.volumeBindingMode),
];

export const validateLease = ({ spec }: Lease): FieldError[] => [
  ...positive('spec.leaseDurationSeconds', spec?.leaseDurationSeconds),
  ...((spec?.leaseTransitions ?? 0) < 0 ? [invalid('spec.leaseTransitions', spec?.leaseTransitions, 'must be greater than or equal to 0')] : []),
];

export function validateHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas, maxReplicas = 0, scaleTargetRef } = spec ?? {};
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 1) errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  for (const field of ['kind', 'name'] as const) if (!scaleTargetRef?.[field]) errors.push(required(`spec.scaleTargetRef.${field}`));
  return errors;
}
