import { customResourceDefinitionBehaviour } from '../crd/behaviour.js';
import type { KindBehaviour } from './behaviour.js';
import { certificateRequestBehaviour } from './core/certificate-request.js';
import { limitRangeBehaviour, namespaceBehaviour, nodeBehaviour } from './core/cluster.js';
import { endpointsBehaviour, secretBehaviour } from './core/config.js';
import { resourceClaimBehaviour, resourceClaimTemplateBehaviour, resourceSliceBehaviour } from './core/dynamic-resources.js';
import { coreEventBehaviour, eventBehaviour } from './core/event.js';
import { endpointSliceBehaviour, mutatingWebhookBehaviour, networkPolicyBehaviour, priorityClassBehaviour, roleBindingBehaviour, validatingWebhookBehaviour } from './core/policies.js';
import { flowSchemaBehaviour, priorityLevelBehaviour } from './core/flow-control.js';
import { leaseBehaviour } from './core/lease.js';
import { ingressBehaviour, ingressClassBehaviour } from './core/ingress.js';
import { resourceQuotaWarnings, runtimeClassWarnings } from './core/object-warnings.js';
import { podBehaviour } from './core/pod.js';
import { validatingAdmissionPolicyBehaviour, validatingAdmissionPolicyBindingBehaviour } from './core/validating-admission-policy.js';
import { ipAddressBehaviour, serviceCidrBehaviour } from './core/service-addresses.js';
import { serviceBehaviour } from './core/service.js';
import { csiDriverBehaviour, persistentVolumeBehaviour, persistentVolumeClaimBehaviour, storageClassBehaviour, volumeAttributesClassBehaviour } from './core/storage.js';
import { horizontalPodAutoscalerBehaviour, horizontalPodAutoscalerV1Behaviour } from './workloads/horizontal-pod-autoscaler.js';
import { jobBehaviour } from './workloads/job.js';
import { cronJobBehaviour, daemonSetBehaviour, deploymentBehaviour, podTemplateBehaviour, replicaSetBehaviour, replicationControllerBehaviour, statefulSetBehaviour } from './workloads/workloads.js';

const countsChanges: KindBehaviour = { tracksGeneration: true };
/** Names such as `system:node`. */
const namedFreely: KindBehaviour = { nameFormat: 'pathSegment' };

/** `apiVersion/Kind` → what sets that kind apart. Kinds that are not here are plain stored objects. */
export const behaviours: Readonly<Record<string, KindBehaviour>> = {
  'v1/ComponentStatus': { deprecationWarning: 'v1 ComponentStatus is deprecated in v1.19+' },
  'v1/Endpoints': { ...endpointsBehaviour, deprecationWarning: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice' },
  'v1/Event': coreEventBehaviour,
  'v1/LimitRange': limitRangeBehaviour,
  'v1/Namespace': namespaceBehaviour,
  'v1/Node': nodeBehaviour,
  'v1/PersistentVolume': persistentVolumeBehaviour,
  'v1/PersistentVolumeClaim': persistentVolumeClaimBehaviour,
  'v1/Pod': podBehaviour,
  'v1/PodTemplate': podTemplateBehaviour,
  'v1/ReplicationController': replicationControllerBehaviour,
  'v1/ResourceQuota': { warnings: resourceQuotaWarnings },
  'v1/Secret': secretBehaviour,
  'v1/Service': serviceBehaviour,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': mutatingWebhookBehaviour,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': validatingAdmissionPolicyBehaviour,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': validatingAdmissionPolicyBindingBehaviour,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': validatingWebhookBehaviour,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': customResourceDefinitionBehaviour,
  'apps/v1/DaemonSet': daemonSetBehaviour,
  'apps/v1/Deployment': deploymentBehaviour,
  'apps/v1/ReplicaSet': replicaSetBehaviour,
  'apps/v1/StatefulSet': statefulSetBehaviour,
  'autoscaling/v1/HorizontalPodAutoscaler': horizontalPodAutoscalerV1Behaviour,
  'autoscaling/v2/HorizontalPodAutoscaler': horizontalPodAutoscalerBehaviour,
  'batch/v1/CronJob': cronJobBehaviour,
  'batch/v1/Job': jobBehaviour,
  'certificates.k8s.io/v1/CertificateSigningRequest': certificateRequestBehaviour,
  'coordination.k8s.io/v1/Lease': leaseBehaviour,
  'discovery.k8s.io/v1/EndpointSlice': endpointSliceBehaviour,
  'events.k8s.io/v1/Event': eventBehaviour,
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': flowSchemaBehaviour,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': priorityLevelBehaviour,
  'networking.k8s.io/v1/IPAddress': ipAddressBehaviour,
  'networking.k8s.io/v1/Ingress': ingressBehaviour,
  'networking.k8s.io/v1/IngressClass': ingressClassBehaviour,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicyBehaviour,
  'networking.k8s.io/v1/ServiceCIDR': serviceCidrBehaviour,
  'node.k8s.io/v1/RuntimeClass': { warnings: runtimeClassWarnings },
  'policy/v1/PodDisruptionBudget': countsChanges,
  'rbac.authorization.k8s.io/v1/ClusterRole': namedFreely,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': { ...roleBindingBehaviour, ...namedFreely },
  'rbac.authorization.k8s.io/v1/Role': namedFreely,
  'rbac.authorization.k8s.io/v1/RoleBinding': { ...roleBindingBehaviour, ...namedFreely },
  'resource.k8s.io/v1/DeviceClass': countsChanges,
  'resource.k8s.io/v1/ResourceClaim': resourceClaimBehaviour,
  'resource.k8s.io/v1/ResourceClaimTemplate': resourceClaimTemplateBehaviour,
  'resource.k8s.io/v1/ResourceSlice': resourceSliceBehaviour,
  'scheduling.k8s.io/v1/PriorityClass': priorityClassBehaviour,
  'storage.k8s.io/v1/CSIDriver': csiDriverBehaviour,
  'storage.k8s.io/v1/StorageClass': storageClassBehaviour,
  'storage.k8s.io/v1/VolumeAttributesClass': volumeAttributesClassBehaviour,
};
