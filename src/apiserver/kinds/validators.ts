import type { ApiObject } from '../contracts.js';
import type { FieldError } from '../schema/field-error.js';
import * as cluster from './validation/cluster.js';
import * as csi from './validation/csi.js';
import { validateConfigMap, validateConfigMapUpdate, validateSecret, validateSecretUpdate } from './validation/config.js';
import { validateCronJob, validateNewCronJob } from './validation/cron-job.js';
import * as devices from './validation/device-claims.js';
import { validateEndpoints, validateEndpointsUpdate } from './validation/endpoints.js';
import * as slices from './validation/endpoint-slice.js';
import { validateHorizontalPodAutoscaler, validateHorizontalPodAutoscalerUpdate, validateNewHorizontalPodAutoscaler } from './validation/horizontal-pod-autoscaler.js';
import * as ingresses from './validation/ingress.js';
import * as jobs from './validation/jobs.js';
import { validateNamespace } from './validation/namespace.js';
import { validateNetworkPolicy } from './validation/network-policy.js';
import * as nodes from './validation/node.js';
import * as volumes from './validation/persistent-volumes.js';
import * as pods from './validation/pod.js';
import { validateLimitRange, validateResourceQuota, validateResourceQuotaUpdate } from './validation/quota.js';
import * as rbac from './validation/rbac.js';
import { validateResourceSlice, validateResourceSliceUpdate } from './validation/resource-slice.js';
import { validateNewRuntimeClass, validateRuntimeClassUpdate } from './validation/runtime-class.js';
import { validateService, validateServiceUpdate } from './validation/service.js';
import * as classes from './validation/storage-classes.js';
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
  'v1/ConfigMap': validator(validateConfigMap, validateConfigMapUpdate),
  'v1/Endpoints': validator(undefined, validateEndpointsUpdate, validateEndpoints),
  'v1/LimitRange': validator(validateLimitRange),
  'v1/Namespace': validator(validateNamespace),
  'v1/Node': validator(nodes.validateNode, nodes.validateNodeUpdate, nodes.validateNewNode),
  'v1/PersistentVolume': validator(volumes.validatePersistentVolume, volumes.validatePersistentVolumeUpdate),
  'v1/PersistentVolumeClaim': validator(volumes.validatePersistentVolumeClaim, volumes.validatePersistentVolumeClaimUpdate),
  'v1/Pod': validator(pods.validatePod, pods.validatePodUpdate),
  'v1/PodTemplate': validator(workloads.validateStandaloneTemplate),
  'v1/ReplicationController': validator(workloads.validateReplicationController),
  'v1/ResourceQuota': validator(validateResourceQuota, validateResourceQuotaUpdate),
  'v1/Secret': validator(validateSecret, validateSecretUpdate),
  'v1/Service': validator(validateService, validateServiceUpdate),
  'apps/v1/ControllerRevision': validator(workloads.validateControllerRevision, workloads.validateControllerRevisionUpdate, workloads.validateNewControllerRevision),
  'apps/v1/DaemonSet': validator(workloads.validateDaemonSet, workloads.validateSelectorUpdate),
  'apps/v1/Deployment': validator(workloads.validateDeployment, workloads.validateSelectorUpdate),
  'apps/v1/ReplicaSet': validator(workloads.validateReplicaSet, workloads.validateSelectorUpdate),
  'apps/v1/StatefulSet': validator(workloads.validateStatefulSet, workloads.validateStatefulSetUpdate, workloads.validateNewStatefulSet),
  'autoscaling/v1/HorizontalPodAutoscaler': validator(validateHorizontalPodAutoscaler, validateHorizontalPodAutoscalerUpdate, validateNewHorizontalPodAutoscaler),
  'autoscaling/v2/HorizontalPodAutoscaler': validator(validateHorizontalPodAutoscaler, validateHorizontalPodAutoscalerUpdate, validateNewHorizontalPodAutoscaler),
  'batch/v1/CronJob': validator(validateCronJob, undefined, validateNewCronJob),
  'batch/v1/Job': validator(jobs.validateJob, jobs.validateJobUpdate, jobs.validateNewJob),
  'coordination.k8s.io/v1/Lease': validator(cluster.validateLease),
  'discovery.k8s.io/v1/EndpointSlice': validator(slices.validateEndpointSlice, slices.validateEndpointSliceUpdate, slices.validateNewEndpointSlice),
  'networking.k8s.io/v1/Ingress': validator(ingresses.validateIngress, undefined, ingresses.validateNewIngress),
  'networking.k8s.io/v1/IngressClass': validator(ingresses.validateIngressClass, ingresses.validateIngressClassUpdate),
  'networking.k8s.io/v1/NetworkPolicy': validator(validateNetworkPolicy),
  'node.k8s.io/v1/RuntimeClass': validator(undefined, validateRuntimeClassUpdate, validateNewRuntimeClass),
  'policy/v1/PodDisruptionBudget': validator(workloads.validatePodDisruptionBudget),
  'rbac.authorization.k8s.io/v1/ClusterRole': validator(rbac.validateClusterRole),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': validator(rbac.validateClusterRoleBinding, rbac.validateBindingUpdate),
  'rbac.authorization.k8s.io/v1/Role': validator(rbac.validateRole),
  'rbac.authorization.k8s.io/v1/RoleBinding': validator(rbac.validateRoleBinding, rbac.validateBindingUpdate),
  'resource.k8s.io/v1/DeviceClass': validator(devices.validateDeviceClass),
  'resource.k8s.io/v1/ResourceClaim': validator(devices.validateResourceClaim, devices.validateResourceClaimUpdate),
  'resource.k8s.io/v1/ResourceClaimTemplate': validator(devices.validateResourceClaimTemplate, devices.validateResourceClaimUpdate),
  'resource.k8s.io/v1/ResourceSlice': validator(validateResourceSlice, validateResourceSliceUpdate),
  'scheduling.k8s.io/v1/PriorityClass': validator(cluster.validatePriorityClass, cluster.validatePriorityClassUpdate),
  'storage.k8s.io/v1/CSIDriver': validator(csi.validateCsiDriver, csi.validateCsiDriverUpdate),
  'storage.k8s.io/v1/CSINode': validator(csi.validateCsiNode, csi.validateCsiNodeUpdate),
  'storage.k8s.io/v1/CSIStorageCapacity': validator(csi.validateCsiStorageCapacity, csi.validateCsiStorageCapacityUpdate),
  'storage.k8s.io/v1/StorageClass': validator(classes.validateStorageClass, classes.validateStorageClassUpdate),
  'storage.k8s.io/v1/VolumeAttachment': validator(csi.validateVolumeAttachment, csi.validateVolumeAttachmentUpdate, csi.validateNewVolumeAttachment),
  'storage.k8s.io/v1/VolumeAttributesClass': validator(classes.validateVolumeAttributesClass, classes.validateVolumeAttributesClassUpdate),
};
