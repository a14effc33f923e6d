import type { ApiObject } from '../contracts.js';
import type { FieldError } from '../schema/field-error.js';
import { validateJobStatus } from './validation/job-status.js';
import { validatePodStatus } from './validation/pod-status.js';
import * as core from './validation/status-core.js';
import * as workloads from './validation/status-workloads.js';

/** What is checked of a change of the status. */
export interface StatusValidator {
  validateStatus: (object: ApiObject, previous: ApiObject) => FieldError[];
}

/** Checks are written for typed objects; what is stored is plain JSON. */
const validator = <T>(validate: (object: T, previous: T) => FieldError[]): StatusValidator => ({ validateStatus: (object, previous) => validate(object as T, previous as T) });

/** `apiVersion/Kind` → the checks of its status. */
export const statusValidators: Readonly<Record<string, StatusValidator>> = {
  'v1/Namespace': validator(core.validateNamespaceStatus),
  'v1/Node': validator(core.validateNodeStatus),
  'v1/PersistentVolumeClaim': validator(core.validatePersistentVolumeClaimStatus),
  'v1/Pod': validator(validatePodStatus),
  'v1/ReplicationController': validator(workloads.validateReplicaSetStatus),
  'v1/ResourceQuota': validator(core.validateResourceQuotaStatus),
  'v1/Service': validator(core.validateServiceStatus),
  'apps/v1/DaemonSet': validator(workloads.validateDaemonSetStatus),
  'apps/v1/Deployment': validator(workloads.validateDeploymentStatus),
  'apps/v1/ReplicaSet': validator(workloads.validateReplicaSetStatus),
  'apps/v1/StatefulSet': validator(workloads.validateStatefulSetStatus),
  'autoscaling/v1/HorizontalPodAutoscaler': validator(workloads.validateHorizontalPodAutoscalerStatus),
  'autoscaling/v2/HorizontalPodAutoscaler': validator(workloads.validateHorizontalPodAutoscalerStatus),
  'batch/v1/Job': validator(validateJobStatus),
  'networking.k8s.io/v1/Ingress': validator(core.validateIngressStatus),
  'policy/v1/PodDisruptionBudget': validator(workloads.validatePodDisruptionBudgetStatus),
  'resource.k8s.io/v1/ResourceClaim': validator(core.validateResourceClaimStatus),
};
