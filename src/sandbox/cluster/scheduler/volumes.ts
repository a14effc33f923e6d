import type { NodeSelectorTerm } from 'kubernetes-types/core/v1.js';
import type { CSINode, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../model/kinds.js';
import { claimNames } from '../model/pods.js';
import { matchesTerms } from '../model/selectors.js';
import { reject } from './filter.js';
import type { FilterPlugin } from './filter.js';

/** Storage objects by name. */
export interface VolumeView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
  csiNode(name: string): CSINode | undefined;
}

/** The provisioner of storage classes that only hand out volumes which exist already. */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/** Where the scheduler tells the provisioner which node a claim's first consumer goes to. */
export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node';

/** A pod's claims that bind when their first consumer is placed. */
export const waitingClaims = (pod: Pod, volumes: VolumeView): PersistentVolumeClaim[] =>
  claimNames(pod)
    .map((name) => volumes.claim(pod.metadata.namespace ?? 'default', name))
    .filter((claim): claim is PersistentVolumeClaim => claim !== undefined && !isBound(claim) && waitsForConsumer(claim, volumes));

export const isBound = ({ spec, status }: PersistentVolumeClaim): boolean => spec.volumeName !== undefined && spec.volumeName !== '' && status.phase === 'Bound';

const waitsForConsumer = ({ spec }: PersistentVolumeClaim, volumes: VolumeView): boolean =>
  volumes.storageClass(spec.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer';

/**
 * What keeps a pod from every node: a claim that is missing, going away, lost, or waits for an immediate binding.
 * Undefined when nodes may be looked at.
 */
export function volumeObstacle(pod: Pod, volumes: VolumeView): string | undefined {
  let unbound = false;
  for (const name of claimNames(pod)) {
    const claim = volumes.claim(pod.metadata.namespace ?? 'default', name);
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
    if (claim.status.phase === 'Lost') return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`;
    if (!isBound(claim) && !waitsForConsumer(claim, volumes)) unbound = true;
  }
  return unbound ? 'pod has unbound immediate PersistentVolumeClaims' : undefined;
}

/** Node affinity of bound volumes, and the allowed topologies of classes that will provision one. */
export const volumeBinding: FilterPlugin = ({ pod }, { volumes }) => {
  const names = claimNames(pod);
  if (names.length === 0) return undefined;
  const bound: NodeSelectorTerm[][] = [];
  const allowed: NodeSelectorTerm[][] = [];
  let cannotBind = false;
  for (const name of names) {
    const claim = volumes.claim(pod.metadata.namespace ?? 'default', name);
    if (!claim) continue;
    if (isBound(claim)) {
      const required = volumes.volume(claim.spec.volumeName as string)?.spec.nodeAffinity?.required;
      if (required) bound.push(required.nodeSelectorTerms);
      continue;
    }
    const storageClass = volumes.storageClass(claim.spec.storageClassName ?? '');
    if (!storageClass || storageClass.provisioner === NO_PROVISIONER) cannotBind = true;
    else if (storageClass.allowedTopologies) {
      allowed.push(storageClass.allowedTopologies.map(({ matchLabelExpressions = [] }) => ({
        matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: 'In', values })),
      })));
    }
  }
  return ({ node }) => {
    if (bound.some((terms) => !matchesTerms(terms, node))) return reject('VolumeBinding', 'node(s) had volume node affinity conflict');
    if (cannotBind || allowed.some((terms) => !matchesTerms(terms, node))) {
      return reject('VolumeBinding', "node(s) didn't find available persistent volumes to bind");
    }
    return undefined;
  };
};

/** How many volumes of a CSI driver the node may still attach. A volume that two pods share counts once. */
export const nodeVolumeLimits: FilterPlugin = ({ pod }, { volumes }) => {
  const wanted = volumesByDriver(pod, volumes);
  if (wanted.size === 0) return undefined;
  return ({ name, pods }) => {
    const drivers = volumes.csiNode(name)?.spec.drivers ?? [];
    for (const [driver, ids] of wanted) {
      const limit = drivers.find((known) => known.name === driver)?.allocatable?.count;
      if (limit === undefined) continue;
      const attached = new Set(ids);
      for (const other of pods.values()) for (const id of volumesByDriver(other.pod, volumes).get(driver) ?? []) attached.add(id);
      if (attached.size > limit) return reject('NodeVolumeLimits', 'node(s) exceed max volume count', true);
    }
    return undefined;
  };
};

/** The volumes that a pod attaches, by CSI driver; a claim that is not bound yet stands for the volume it will have. */
function volumesByDriver(pod: Pod, volumes: VolumeView): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of claimNames(pod)) {
    const namespace = pod.metadata.namespace ?? 'default';
    const claim = volumes.claim(namespace, name);
    const volume = claim?.spec.volumeName ? volumes.volume(claim.spec.volumeName) : undefined;
    const driver = volume ? volume.spec.csi?.driver : volumes.storageClass(claim?.spec.storageClassName ?? '')?.provisioner;
    if (!driver || driver === NO_PROVISIONER) continue;
    const ids = found.get(driver) ?? new Set();
    found.set(driver, ids.add(volume?.spec.csi?.volumeHandle ?? `${namespace}/${name}`));
  }
  return found;
}
