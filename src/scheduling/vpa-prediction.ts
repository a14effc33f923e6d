import type { Container, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { quantityMilli } from '../api/quantity.js';
import { formatResource, parseResources } from '../api/resources.js';
import type { ResourceList } from '../api/resources.js';
import type { ContainerResourcePolicy, StartupBoost, VerticalPodAutoscaler } from '../api/vertical-pod-autoscaler.js';

/** Requests that new pods of a workload will have, by container. */
export type Prediction = ReadonlyMap<string, Readonly<ResourceList>>;

/** CPU while a container starts, in millicores. */
function boosted(cpu: number, { type, factor = 1, quantity }: NonNullable<StartupBoost['cpu']>): number {
  if (type === 'Factor') return factor > 1 ? cpu * factor : cpu;
  return type === 'Quantity' && quantity !== undefined ? cpu + quantityMilli(quantity) : cpu;
}

function requestsOf(target: ResourceList, policy: ContainerResourcePolicy, boost: StartupBoost | undefined): ResourceList {
  const [wanted, least, most] = [parseResources(target), parseResources(policy.minAllowed), parseResources(policy.maxAllowed)];
  return Object.fromEntries((policy.controlledResources ?? ['cpu', 'memory']).flatMap((name) => {
    const amount = wanted[name];
    if (amount === undefined) return [];
    const allowed = amount < (least[name] ?? 0) ? least[name] as number : Math.min(amount, most[name] ?? Number.POSITIVE_INFINITY);
    return [[name, formatResource(name, name === 'cpu' && boost?.cpu ? boosted(allowed, boost.cpu) : allowed)]];
  }));
}

/** What a VerticalPodAutoscaler will make of its target's requests; empty when it leaves them alone (karpenter-core §3.18). Throws an InvalidQuantity. */
export function vpaPrediction({ spec, status }: VerticalPodAutoscaler): Prediction {
  if (spec.updatePolicy?.updateMode === 'Off') return new Map();
  const policies = spec.resourcePolicy?.containerPolicies ?? [];
  return new Map((status.recommendation?.containerRecommendations ?? []).flatMap(({ containerName, target = {} }): [string, ResourceList][] => {
    const policy = policies.find((each) => each.containerName === containerName) ?? policies.find((each) => each.containerName === '*') ?? {};
    if (policy.mode === 'Off') return [];
    const requests = requestsOf(target, policy, policy.startupBoost ?? spec.startupBoost);
    return Object.keys(requests).length > 0 ? [[containerName, requests]] : [];
  }));
}

/** Of several autoscalers of one workload the one that acts: the oldest that changes anything, then the first by name. */
export function strongestPrediction(autoscalers: readonly VerticalPodAutoscaler[]): Prediction {
  const byStrength = autoscalers.toSorted(({ metadata: a }, { metadata: b }) =>
    Date.parse(a.creationTimestamp) - Date.parse(b.creationTimestamp) || (a.name < b.name ? -1 : 1));
  for (const autoscaler of byStrength) {
    const prediction = vpaPrediction(autoscaler);
    if (prediction.size > 0) return prediction;
  }
  return new Map();
}

/** The template with the requests that its pods will have in the place of those that it asks for. */
export function withPrediction(template: PodTemplateSpec, prediction: Prediction): PodTemplateSpec {
  if (prediction.size === 0 || !template.spec) return template;
  const predicted = (container: Container): Container => {
    const requests = prediction.get(container.name);
    return requests ? { ...container, resources: { ...container.resources, requests: { ...container.resources?.requests, ...requests as Record<string, string> } } } : container;
  };
  const { containers, initContainers } = template.spec;
  return { ...template, spec: { ...template.spec, containers: containers.map(predicted), ...(initContainers ? { initContainers: initContainers.map(predicted) } : {}) } };
}
