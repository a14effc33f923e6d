import type { Pod } from 'kubernetes-types/core/v1.js';
import { NODEPOOL_LABEL } from '../api/labels.js';
import { requirementProblems } from '../api/nodepool-validation.js';
import { Requirements } from '../api/requirements.js';
import { podConstraints } from './pod-constraints.js';
import type { ObjectLookup } from './snapshot.js';
import { claimName, driverOf } from './volumes.js';

/** What a provider adds to the rules for pods. */
export interface PodRules {
  readonly wellKnownLabels?: ReadonlySet<string>;
  /** CSI drivers and provisioners whose volumes cannot be attached to its machines. */
  readonly unsupportedProvisioners?: readonly string[];
  /** Topology keys of storage classes that it refuses. */
  readonly unsupportedTopologyKeys?: readonly string[];
}

/** Whether the pod asks not to run on Karpenter's nodes at all, which is no event. */
export function avoidsKarpenter(pod: Pod): boolean {
  const { required, preferred } = podConstraints(pod, []);
  return [...required, ...preferred].some((term) => Requirements.of(...term).has(NODEPOOL_LABEL)
    && Requirements.of(...term).get(NODEPOOL_LABEL).operator === 'DoesNotExist');
}

/** Everything for which a pod is left to others; empty when nodes can be planned for it (karpenter-core §4.2). */
export function validatePod(pod: Pod, lookup: ObjectLookup, rules: PodRules = {}): string[] {
  const { nodeSelector, required } = podConstraints(pod, []);
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return [
    ...(avoidsKarpenter(pod) ? ['configured to not run on a Karpenter provisioned node'] : []),
    ...[...nodeSelector, ...required.flat()].flatMap((requirement) => requirementProblems(requirement, rules.wellKnownLabels)),
    ...(terms.some(({ matchFields }) => matchFields !== undefined && matchFields.length > 0) ? ['node selector term with matchFields is not supported'] : []),
    ...volumeErrors(pod, lookup, rules),
  ];
}

function volumeErrors(pod: Pod, lookup: ObjectLookup, { unsupportedProvisioners = [], unsupportedTopologyKeys = [] }: PodRules): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const name = claimName(pod, volume);
    if (name === undefined) return [];
    const namespace = pod.metadata?.namespace ?? 'default';
    const claim = lookup.persistentVolumeClaim(namespace, name);
    if (claim === undefined) return [`persistentvolumeclaims "${name}" not found`];
    const at = `(PersistentVolumeClaim=${namespace}/${name})`;
    if (claim.metadata?.deletionTimestamp !== undefined) return [`persistentvolumeclaim is being deleted ${at}`];
    if (claim.status?.phase === 'Lost') return [`persistentvolumeclaim is lost, its volume no longer exists ${at}`];
    const volumeName = claim.spec?.volumeName || undefined;
    const storageClassName = claim.spec?.storageClassName || undefined;
    if (volumeName !== undefined) {
      const persistentVolume = lookup.persistentVolume(volumeName);
      if (persistentVolume === undefined) return [`persistentvolumes "${volumeName}" not found ${at}`];
      if (persistentVolume.metadata?.deletionTimestamp !== undefined) return [`persistentvolume "${volumeName}" is being deleted ${at}`];
      if (claim.metadata?.annotations?.['pv.kubernetes.io/bind-completed'] === undefined) return [`binding to persistentvolume "${volumeName}" is not complete ${at}`];
    } else {
      if (storageClassName === undefined) return [`unbound pvc must define a storage class ${at}`];
      const storageClass = lookup.storageClass(storageClassName);
      if (storageClass === undefined) return [`storageclasses.storage.k8s.io "${storageClassName}" not found ${at}`];
      if (storageClass.volumeBindingMode !== 'WaitForFirstConsumer') return [`pvc with immediate volume binding mode must be bound ${at}`];
      const unsupported = (storageClass.allowedTopologies ?? []).flatMap(({ matchLabelExpressions }) => matchLabelExpressions ?? [])
        .find(({ key }) => unsupportedTopologyKeys.includes(key));
      if (unsupported) return [`storage class "${storageClassName}" uses the unsupported topology key ${unsupported.key} ${at}`];
    }
    const driver = driverOf({ volumeName, storageClassName }, lookup);
    return driver !== undefined && unsupportedProvisioners.includes(driver) ? [`provisioner "${driver}" is not supported ${at}`] : [];
  });
}
