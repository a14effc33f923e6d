import type { Taint, Toleration } from 'kubernetes-types/core/v1.js';

export type { Taint, Toleration };

/** On a node that is being disrupted or terminated. */
export const DISRUPTED_TAINT: Taint = { key: 'karpenter.sh/disrupted', effect: 'NoSchedule' };
/** With which nodes join, until registration removes it. */
export const UNREGISTERED_TAINT: Taint = { key: 'karpenter.sh/unregistered', effect: 'NoExecute' };

/** Taints that a starting node sheds by itself (karpenter-core §2.5); key and effect decide, the value does not. */
const EPHEMERAL_TAINTS: readonly Taint[] = [
  { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', effect: 'NoSchedule' },
  UNREGISTERED_TAINT,
];

/** Whether two taints are the same taint: key and effect. */
export const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

export const isEphemeralTaint = (taint: Taint): boolean =>
  taint.key.startsWith('readiness.k8s.io/') || EPHEMERAL_TAINTS.some((known) => sameTaint(known, taint));

/** Whether a toleration covers a taint, by Kubernetes' rules with the numeric operators Gt and Lt. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator as string | undefined) {
    case 'Exists':
      return true;
    case 'Gt':
    case 'Lt': {
      const bound = Number(toleration.value);
      const value = Number(taint.value);
      if (!Number.isInteger(bound) || !Number.isInteger(value)) return false;
      return toleration.operator === ('Gt' as string) ? value > bound : value < bound;
    }
    default:
      return toleration.key !== undefined && toleration.key !== '' && (toleration.value ?? '') === (taint.value ?? '');
  }
}

/** The first taint that no toleration covers; undefined when all are tolerated. */
export const untolerated = (taints: readonly Taint[], tolerations: readonly Toleration[]): Taint | undefined =>
  taints.find((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
