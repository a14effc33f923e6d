import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';

const withRequests = (container: Container): Container =>
  ({ ...container, resources: { ...container.resources, requests: { ...container.resources?.limits, ...container.resources?.requests } } });

/** The spec that a pod made from a template gets from the API server: limits count as requests where there are none. */
export const templateSpec = (spec: PodSpec | undefined): PodSpec => ({
  ...spec,
  containers: (spec?.containers ?? []).map(withRequests),
  ...(spec?.initContainers ? { initContainers: spec.initContainers.map(withRequests) } : {}),
});
