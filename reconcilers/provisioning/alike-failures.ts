import type { Pod } from 'karpenter-ts/operator';
import type { Unschedulable } from 'karpenter-ts/scheduling';

/** Pods of one workload that fit nowhere for the same reasons. */
export interface AlikeFailures {
  /** The one that has been waiting longest. */
  readonly pod: Pod;
  readonly reason: string;
  /** How many more there are. */
  readonly others: number;
  /** `pod`, or `pod and 4 more of ReplicaSet web-7f9c`. */
  readonly subject: string;
}

const controllerOf = ({ metadata }: Pod): { kind: string; name: string; uid: string } | undefined => metadata.ownerReferences?.find(({ controller }) => controller);

/** One entry for each workload and verdict: thousands of equal events would help nobody. */
export function alikeFailures(failed: readonly Unschedulable[]): AlikeFailures[] {
  const groups = new Map<unknown, Map<string, Unschedulable[]>>();
  for (const each of failed) {
    const { metadata } = each.pod as Pod;
    const why = each.verdict ?? each.reason;
    const workload = controllerOf(each.pod as Pod)?.uid ?? metadata.uid;
    const ofVerdict = groups.get(why) ?? new Map<string, Unschedulable[]>();
    const alike = ofVerdict.get(workload);
    if (alike) alike.push(each);
    else ofVerdict.set(workload, [each]);
    groups.set(why, ofVerdict);
  }
  return [...groups.values()].flatMap((ofVerdict) => [...ofVerdict.values()]).map(([first, ...rest]) => {
    const { pod, reason } = first as Unschedulable;
    const controller = controllerOf(pod as Pod);
    return { pod: pod as Pod, reason, others: rest.length, subject: rest.length > 0 ? `pod and ${rest.length} more of ${controller?.kind} ${controller?.name}` : 'pod' };
  });
}
