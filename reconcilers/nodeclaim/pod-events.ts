import { NodeClaim } from 'karpenter-ts/api';
import { Node, Pod, RBAC, Reconciler, Step, done } from 'karpenter-ts/operator';
import type { ObjectChange, Outcome, StepContext } from 'karpenter-ts/operator';
import { claimByProviderID } from '../shared/indexes.js';

/** Events closer together than this count as one; deliberately less than the wait before a consolidation is confirmed. */
const DEDUPE = 10_000;

const isTerminal = (pod: Pod): boolean => pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';

/** Whether the change alters what its node carries: a pod was bound, became terminal, or started to terminate. */
function concernsNode({ object, old }: ObjectChange<Pod>): boolean {
  if (!old) return true;
  return (!old.spec.nodeName && Boolean(object.spec.nodeName))
    || (!isTerminal(old) && isTerminal(object))
    || (!old.metadata.deletionTimestamp && Boolean(object.metadata.deletionTimestamp));
}

/**
 * Notes on a NodeClaim when pods last came or went: the clock of consolidateAfter (karpenter-core §3.10). A pod that is older
 * than the last note, as after a restart, says nothing new.
 */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims/status'], verbs: ['patch'], why: 'when a pod of a node last came or went' })
@Reconciler({ for: Pod, name: 'nodeclaim.podevents', root: false, concurrency: 1, when: concernsNode, reads: [Node, NodeClaim] })
export class PodEvents {
  @Step({ whileDeleting: true })
  async note(pod: Pod, ctx: StepContext<Pod>): Promise<Outcome> {
    if (!pod.spec.nodeName || pod.metadata.ownerReferences?.some(({ kind, apiVersion }) => kind === 'DaemonSet' && apiVersion === 'apps/v1')) return done();
    const node = ctx.cache.get(Node, pod.spec.nodeName);
    const [claim, ...others] = node?.spec.providerID ? ctx.cache.list(NodeClaim, { index: claimByProviderID, value: node.spec.providerID }) : [];
    if (!claim || others.length > 0) return done();
    const noted = Date.parse(claim.status.lastPodEventTime ?? '1970-01-01T00:00:00Z');
    if (ctx.now() - noted < DEDUPE || lastChange(pod) <= noted) return done();
    await ctx.patch(claim, (draft) => {
      draft.status.lastPodEventTime = new Date(ctx.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    });
    return done();
  }
}

/** When the pod last changed its node's load, in milliseconds: bound, terminal, or terminating. */
function lastChange(pod: Pod): number {
  const times = [
    pod.metadata.deletionTimestamp,
    pod.status.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime,
    ...(isTerminal(pod) ? (pod.status.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt) : []),
  ].flatMap((time) => (time ? [Date.parse(time)] : []));
  return times.length > 0 ? Math.max(...times) : Date.parse(pod.metadata.creationTimestamp);
}
