import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { templateSpec } from './template-spec.js';

/**
 * The pod that a DaemonSet would put on a new node: its newest live one, or one made from the template. The pin to one node that the DaemonSet controller adds is undone.
 */
export function daemonSetPod({ metadata, spec }: DaemonSet, newest: Pod | undefined): Pod {
  const template = spec?.template;
  const base: Pod = newest ?? {
    metadata: { ...template?.metadata, namespace: metadata?.namespace ?? 'default', name: metadata?.name ?? '' },
    spec: templateSpec(template?.spec),
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
