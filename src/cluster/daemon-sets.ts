import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { Container, Pod } from 'kubernetes-types/core/v1.js';

const withRequests = (container: Container): Container =>
  ({ ...container, resources: { ...container.resources, requests: { ...container.resources?.limits, ...container.resources?.requests } } });

/**
 * The pod that a DaemonSet would put on a new node: its newest live one, or one made from the template with limits where requests are
 * missing. The pin to one node that the DaemonSet controller adds is undone.
 */
export function daemonSetPod({ metadata, spec }: DaemonSet, newest: Pod | undefined): Pod {
  const template = spec?.template;
  const base: Pod = newest ?? {
    metadata: { ...template?.metadata, namespace: metadata?.namespace ?? 'default', name: metadata?.name ?? '' },
    spec: {
      ...template?.spec,
      containers: (template?.spec?.containers ?? []).map(withRequests),
      ...(template?.spec?.initContainers ? { initContainers: template.spec.initContainers.map(withRequests) } : {}),
    },
  };
  const required = template?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const { requiredDuringSchedulingIgnoredDuringExecution: _pin, ...nodeAffinity } = base.spec?.affinity?.nodeAffinity ?? {};
  return {
    ...base,
    spec: {
      ...base.spec,
      containers: base.spec?.containers ?? [],
      affinity: { ...base.spec?.affinity, nodeAffinity: { ...nodeAffinity, ...(required ? { requiredDuringSchedulingIgnoredDuringExecution: required } : {}) } },
    },
  };
}
