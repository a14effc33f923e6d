import { InvalidQuantity } from '../api/quantity.js';
import type { Container, ContainerStatus, Pod, ResourceRequirements } from 'kubernetes-types/core/v1.js';
import { addResources, maxResources, parseResources } from '../api/resources.js';
import type { ResourceList, Resources } from '../api/resources.js';

/** Fields newer than the published types. */
type ModernPod = Pod & { spec?: { resources?: ResourceRequirements }; status?: { resize?: string } };

/** Resources that a pod-level request replaces the containers' sum of. */
const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

const isSidecar = (container: Container): boolean => (container as { restartPolicy?: string }).restartPolicy === 'Always';

function isResizeInfeasible(pod: ModernPod): boolean {
  return pod.status?.resize === 'Infeasible'
    || (pod.status?.conditions?.some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible') ?? false);
}

/** A container's requests: what the spec asks for or, while a resize is in progress, the most of that and what it holds. */
function containerRequests(container: Container, status: ContainerStatus | undefined, ignoreSpec: boolean): Resources {
  const wanted = parseResources(container.resources?.requests as ResourceList | undefined);
  if (status?.resources === undefined && status?.allocatedResources === undefined) return wanted;
  const held = maxResources(
    parseResources(status.resources?.requests as ResourceList | undefined),
    parseResources(status.allocatedResources as ResourceList | undefined),
  );
  return ignoreSpec ? held : maxResources(wanted, held);
}

/**
 * What a pod takes from its node, as the Kubernetes scheduler counts it: containers and sidecars summed, at least each init step,
 * pod-level requests instead where given, plus overhead; and `pods: 1` (karpenter-core §4.15).
 */
export function podRequests(pod: Pod): Resources {
  const { spec, status } = pod as ModernPod;
  const ignoreSpec = isResizeInfeasible(pod);
  const statuses = new Map([...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map((each) => [each.name, each]));
  const of = (container: Container): Resources => containerRequests(container, statuses.get(container.name), ignoreSpec);
  let running = addResources(...(spec?.containers ?? []).map(of));
  let sidecars: Resources = {};
  let largestStep: Resources = {};
  for (const container of spec?.initContainers ?? []) {
    const step = of(container);
    if (isSidecar(container)) {
      running = addResources(running, step);
      sidecars = addResources(sidecars, step);
      largestStep = maxResources(largestStep, sidecars);
    } else {
      largestStep = maxResources(largestStep, addResources(step, sidecars));
    }
  }
  const requests: Record<string, number> = { ...maxResources(running, largestStep) };
  const podLevel = parseResources(spec?.resources?.requests as ResourceList | undefined);
  for (const name in podLevel) if (isPodLevel(name)) requests[name] = podLevel[name] as number;
  return { ...addResources(requests, parseResources(spec?.overhead as ResourceList | undefined)), pods: 1 };
}

/** {@link podRequests} of a pod that runs, or will whatever is decided here: amounts that cannot be read count for nothing. */
export function runningRequests(pod: Pod): Resources {
  try {
    return podRequests(pod);
  } catch (error) {
    if (error instanceof InvalidQuantity) return { pods: 1 };
    throw error;
  }
}

/** What a pod may use at most, counted as {@link podRequests} counts requests, from the spec alone; what has no limit is left out. */
export function podLimits(pod: Pod): Resources {
  const limited = (container: Container): Container => ({ ...container, resources: { requests: container.resources?.limits ?? {} } });
  const { spec } = pod as ModernPod;
  const { pods: _, ...limits } = podRequests({
    spec: {
      containers: (spec?.containers ?? []).map(limited),
      initContainers: (spec?.initContainers ?? []).map(limited),
      ...(spec?.resources?.limits ? { resources: { requests: spec.resources.limits } } : {}),
    },
  } as Pod);
  return limits;
}
