import type { ApiObject } from '../contracts.js';
import type { FieldError } from '../schema/field-error.js';
import * as cluster from './validation/cluster.js';
import * as core from './validation/core.js';
import * as pods from './validation/pod.js';
import * as rbac from './validation/rbac.js';
import { validateService, validateServiceUpdate } from './validation/service.js';
import { validateWebhooks } from './validation/webhooks.js';
import * as workloads from './validation/workloads.js';

/** What is checked of a kind at birth, and of its changes on top of that. */
export interface Validator {
  validate?: (object: ApiObject) => FieldError[];
  validateUpdate?: (object: ApiObject, previous: ApiObject) => FieldError[];
  validateCreate?: (object: ApiObject) => FieldError[];
}

/** Checks are written for typed objects; what is stored is plain JSON. */
function validator<T>(validate?: (object: T) => FieldError[], validateUpdate?: (object: T, previous: T) => FieldError[], validateCreate?: (object: T) => FieldError[]): Validator {
  return {
    ...(validate && { validate: (object) => validate(object as T) }),
    ...(validateCreate && { validateCreate: (object) => validateCreate(object as T) }),
    ...(validateUpdate && { validateUpdate: (object, previous) => validateUpdate(object as T, previous as T) }),
  };
}

/** `apiVersion/Kind` → its checks. Kinds that are not here are checked for structure only. */
export const validators: Readonly<Record<string, Validator>> = {
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': validator(validateWebhooks),
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': validator(validateWebhooks),
  'v1/ConfigMap': validator(core.validateConfigMap, core.validateConfigMapUpdate),
  'v1/Node': validator(core.validateNode, core.validateNodeUpdate),
  'v1/PersistentVolume': validator(core.validatePersistentVolume, core.validatePersistentVolumeUpdate),
  'v1/PersistentVolumeClaim': validator(core.validatePersistentVolumeClaim, core.validatePersistentVolumeClaimUpdate),
  'v1/Pod': validator(pods.validatePod, pods.validatePodUpdate),
  'v1/PodTemplate': validator(workloads.validateStandaloneTemplate),
  'v1/ReplicationController': validator(workloads.validateReplicationController),
  'v1/Secret': validator(core.validateSecret, core.validateSecretUpdate),
  'v1/Service': validator(validateService, validateServiceUpdate),
  'apps/v1/ControllerRevision': validator(workloads.validateControllerRevision, workloads.validateControllerRevisionUpdate, workloads.validateNewControllerRevision),
  'apps/v1/DaemonSet': validator(workloads.validateDaemonSet, workloads.validateSelectorUpdate),
  'apps/v1/Deployment': validator(workloads.validateDeployment, workloads.validateSelectorUpdate),
  'apps/v1/ReplicaSet': validator(workloads.validateReplicaSet, workloads.validateSelectorUpdate),
  'apps/v1/StatefulSet': validator(workloads.validateStatefulSet, workloads.validateStatefulSetUpdate),
  'autoscaling/v1/HorizontalPodAutoscaler': validator(cluster.validateHorizontalPodAutoscaler),
  'autoscaling/v2/HorizontalPodAutoscaler': validator(cluster.validateHorizontalPodAutoscaler),
  'batch/v1/CronJob': validator(workloads.validateCronJob),
  'batch/v1/Job': validator(workloads.validateJob, workloads.validateJobUpdate),
  'coordination.k8s.io/v1/Lease': validator(cluster.validateLease),
  'policy/v1/PodDisruptionBudget': validator(workloads.validatePodDisruptionBudget),
  'rbac.authorization.k8s.io/v1/ClusterRole': validator(rbac.validateClusterRole),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': validator(rbac.validateClusterRoleBinding, rbac.validateBindingUpdate),
  'rbac.authorization.k8s.io/v1/Role': validator(rbac.validateRole),
  'rbac.authorization.k8s.io/v1/RoleBinding': validator(rbac.validateRoleBinding, rbac.validateBindingUpdate),
  'scheduling.k8s.io/v1/PriorityClass': validator(cluster.validatePriorityClass, cluster.validatePriorityClassUpdate),
  'storage.k8s.io/v1/StorageClass': validator(cluster.validateStorageClass, cluster.validateStorageClassUpdate),
};
