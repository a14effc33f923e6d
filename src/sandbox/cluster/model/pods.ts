import type { Container, PodCondition, ResourceRequirements } from 'kubernetes-types/core/v1.js';
import type { KubeObject, OwnerReference } from '../../../operator/kube/object.js';
import { addResources, maxResources, parseResources } from '../../../api/resources.js';
import type { ResourceList, Resources } from '../../../api/resources.js';
import type { Pod } from './kinds.js';

/** Restartable init containers run beside the ordinary ones. */
const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

const requestsOf = (resources: ResourceRequirements | undefined): Resources => parseResources(resources?.requests as ResourceList | undefined);

/**
 * What a pod asks of a node: the larger of its steady state (containers and sidecars) and of each init step with the sidecars
 * that run by then; pod-level requests replace the sums they name; the runtime class's overhead on top.
 */
export function podRequests({ spec }: Pod): Resources {
  let sidecars: Resources = {};
  let largestStep: Resources = {};
  for (const container of spec.initContainers ?? []) {
    const own = requestsOf(container.resources);
    if (isSidecar(container)) sidecars = addResources(sidecars, own);
    largestStep = maxResources(largestStep, isSidecar(container) ? sidecars : addResources(sidecars, own));
  }
  const steady = addResources(sidecars, ...spec.containers.map((container) => requestsOf(container.resources)));
  const podLevel = requestsOf((spec as { resources?: ResourceRequirements }).resources);
  return addResources({ ...maxResources(steady, largestStep), ...podLevel }, parseResources(spec.overhead as ResourceList | undefined));
}

/** A port of a node that a pod takes. */
export interface HostPort {
  address: string;
  protocol: string;
  port: number;
}

/** The host ports of a pod's containers and sidecars; an empty address stands for every address. */
export const hostPorts = ({ spec }: Pod): HostPort[] =>
  [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ hostIP, protocol, hostPort }) => ({ address: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort as number })));

/** Whether two host ports collide. */
export const portsCollide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.address === b.address || a.address === '0.0.0.0' || b.address === '0.0.0.0');

/** The name of the claim behind each of a pod's volumes that has one; ephemeral volumes name theirs after pod and volume. */
export const claimNames = ({ metadata, spec }: Pod): string[] =>
  (spec.volumes ?? []).flatMap((volume) =>
    volume.persistentVolumeClaim ? [volume.persistentVolumeClaim.claimName] : volume.ephemeral ? [`${metadata.name}-${volume.name}`] : []);

/** Finished for good: no container of it runs again. */
export const isTerminal = ({ status }: Pod): boolean => status.phase === 'Succeeded' || status.phase === 'Failed';

/** Neither finished nor on its way out. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

export const conditionOf = <C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C | undefined =>
  conditions?.find((condition) => condition.type === type);

export const isReady = ({ status }: Pod): boolean => conditionOf<PodCondition>(status.conditions, 'Ready')?.status === 'True';

/** When a ready pod counts as available, in milliseconds since the epoch; undefined while it is not ready. */
export function availableAt(pod: Pod, minReadySeconds = 0): number | undefined {
  const ready = conditionOf<PodCondition>(pod.status.conditions, 'Ready');
  if (ready?.status !== 'True') return undefined;
  return minReadySeconds === 0 ? 0 : Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1_000;
}

export const isAvailable = (pod: Pod, minReadySeconds: number | undefined, now: number): boolean => {
  const at = availableAt(pod, minReadySeconds);
  return at !== undefined && at <= now;
};

/** The reference to the object that manages this one. */
export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined => metadata.ownerReferences?.find(({ controller }) => controller === true);

/** The reference that an owner's dependents carry. */
export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});
