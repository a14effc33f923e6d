import type { Resources } from 'karpenter-ts/api';
import type { Sample } from 'karpenter-ts/operator';

export const resourceType = (resource: string): string => resource.toLowerCase().replaceAll('-', '_');

/** One sample a resource: CPU in cores, everything else in base units. */
export const amountSamples = (labels: Readonly<Record<string, string>>, amounts: Resources): Sample[] =>
  Object.entries(amounts).map(([resource, amount]) => ({ labels: { ...labels, resource_type: resourceType(resource) }, value: resource === 'cpu' ? amount / 1_000 : amount }));
