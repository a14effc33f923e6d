import type { Pod, PodSpec, Toleration } from 'kubernetes-types/core/v1.js';
import type { RuntimeClass } from 'kubernetes-types/node/v1.js';
import type { Storage } from '../../contracts.js';
import { compareQuantities, parseQuantity } from '../../schema/quantity.js';
import { forbidden } from '../../status.js';

type Amounts = Readonly<Record<string, string>>;

/**
 * Gives a new pod the overhead of its runtime class, and the nodes where that runs.
 * @throws {StatusError} Forbidden: no such class, another overhead than the class's, or a selector of nodes against the class's.
 */
export function admitRuntimeClass(pod: Pod, spec: PodSpec, storage: Storage): void {
  const refuse = (why: string): Error => forbidden({ group: '', plural: 'pods' }, pod.metadata?.name ?? '', why);
  const name = spec.runtimeClassName;
  const runtimeClass = name === undefined ? undefined : (storage.get('runtimeclasses.node.k8s.io', '', name) as RuntimeClass | undefined);
  if (name !== undefined && !runtimeClass) throw refuse(`pod rejected: RuntimeClass "${name}" not found`);
  const overhead = runtimeClass?.overhead && ((runtimeClass.overhead.podFixed ?? {}) as Amounts);
  if (overhead) {
    if (spec.overhead && Object.keys(spec.overhead).length > 0 && !sameAmounts(overhead, spec.overhead as Amounts)) throw refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    spec.overhead = { ...overhead };
  } else if (spec.overhead) throw refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  const { nodeSelector, tolerations } = runtimeClass?.scheduling ?? {};
  for (const [key, value] of Object.entries((nodeSelector ?? {}) as Amounts)) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) throw refuse(`conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`);
  }
  if (nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  if (tolerations) spec.tolerations = merged([...(spec.tolerations ?? []), ...tolerations]);
}

function sameAmounts(left: Amounts, right: Amounts): boolean {
  const equal = (a: string | undefined, b: string): boolean => {
    const [first, second] = [parseQuantity(a), parseQuantity(b)];
    return first !== undefined && second !== undefined && compareQuantities(first, second) === 0;
  };
  return Object.keys(left).length === Object.keys(right).length && Object.entries(right).every(([resource, amount]) => equal(left[resource], amount));
}

/** Without those that another one covers; of equals the first stays. */
const merged = (all: readonly Toleration[]): Toleration[] =>
  all.filter((one, index) => !all.some((other, place) => place !== index && covers(other, one) && (place < index || !covers(one, other))));

function covers(wide: Toleration, narrow: Toleration): boolean {
  const exists = wide.operator === 'Exists';
  if ((wide.key ?? '') !== (narrow.key ?? '') && !(exists && !wide.key)) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined && (narrow.tolerationSeconds ?? Infinity) > wide.tolerationSeconds) return false;
  return exists || (narrow.operator !== 'Exists' && (wide.value ?? '') === (narrow.value ?? ''));
}
