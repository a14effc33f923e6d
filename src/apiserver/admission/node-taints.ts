import type { Node } from 'kubernetes-types/core/v1.js';
import type { AdmissionPlugin } from '../rest/context.js';

/** Whoever watches conditions takes it away when the node is ready. */
const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** Kubernetes' plugin TaintNodesByCondition: every node begins its life not ready, so that nothing is put on it too soon. */
export const nodeTaints: AdmissionPlugin = {
  mutate({ operation, definition, subresource, object }) {
    if (operation !== 'CREATE' || definition.storageResource !== 'nodes' || subresource !== '' || !object) return;
    const spec = (object['spec'] ??= {}) as NonNullable<Node['spec']>;
    if (!spec.taints?.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) spec.taints = [...(spec.taints ?? []), { ...NOT_READY }];
  },
};
