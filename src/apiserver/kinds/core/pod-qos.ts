import type { PodSpec } from 'kubernetes-types/core/v1.js';
import { compareQuantities, parseQuantity } from '../../schema/quantity.js';

const COMPUTE = ['cpu', 'memory'];

/** The quality-of-service class that follows from a pod's requests and limits of CPU and memory. */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const isSet = (value: unknown): boolean => (parseQuantity(value)?.nano ?? 0n) > 0n;
  const any = containers.some(({ resources }) => COMPUTE.some((name) => isSet(resources?.requests?.[name]) || isSet(resources?.limits?.[name])));
  if (!any) return 'BestEffort';
  const guaranteed = containers.every(({ resources }) =>
    COMPUTE.every((name) => {
      const limit = parseQuantity(resources?.limits?.[name]);
      const request = parseQuantity(resources?.requests?.[name] ?? resources?.limits?.[name]);
      return limit !== undefined && limit.nano > 0n && request !== undefined && compareQuantities(limit, request) === 0;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
