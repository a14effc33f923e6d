import { kubeTime } from '../../../operator/kube/time.js';

/** The parts that every condition of the built-in kinds shares. */
interface AnyCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The conditions with one replaced or added; the transition time moves only when the status does. */
export function withCondition<C extends AnyCondition>(conditions: readonly C[] | undefined, next: C, now: number): C[] {
  const existing = conditions?.find(({ type }) => type === next.type);
  const lastTransitionTime = existing?.status === next.status ? existing.lastTransitionTime : kubeTime(now);
  const stamped = { ...next, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
  if (!existing) return [...(conditions ?? []), stamped];
  return (conditions as readonly C[]).map((condition) => (condition === existing ? stamped : condition));
}
