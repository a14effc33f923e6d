import { kubeTime } from '../../../operator/kube/time.js';
import type { NodeCondition, Taint } from 'kubernetes-types/core/v1.js';
import { sameTaint } from '../../../api/taints.js';
import type { Node } from '../model/kinds.js';
import { conditionOf } from '../model/pods.js';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
export const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/** Taints that follow from a node's conditions and its cordon; the node life cycle controller owns these keys. */
const PRESSURES: Record<string, string> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};

const OWNED = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURES)]);

function wantedTaints({ spec, status }: Node): Taint[] {
  const wanted: Taint[] = [];
  const ready = conditionOf<NodeCondition>(status.conditions, 'Ready')?.status ?? 'Unknown';
  if (ready !== 'True') {
    const key = ready === 'False' ? NOT_READY : UNREACHABLE;
    wanted.push({ key, effect: 'NoSchedule' }, { key, effect: 'NoExecute' });
  }
  for (const [type, key] of Object.entries(PRESSURES)) {
    if (conditionOf<NodeCondition>(status.conditions, type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' });
  }
  if (spec.unschedulable) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  return wanted;
}

/** The taints that a node should have by its conditions; undefined when it has them. Taints of others stay as they are. */
export function taintsByCondition(node: Node, now: number): Taint[] | undefined {
  const taints = node.spec.taints ?? [];
  const wanted = wantedTaints(node);
  const keep = taints.filter((taint) => !OWNED.has(taint.key) || wanted.some((other) => sameTaint(other, taint)));
  const added = wanted.filter((taint) => !taints.some((other) => sameTaint(other, taint)));
  if (added.length === 0 && keep.length === taints.length) return undefined;
  return [...keep, ...added.map((taint) => ({ ...taint, timeAdded: kubeTime(now) }))];
}
