import { inject } from 'inversify';
import { NodeClaim, conditionOf } from 'karpenter-ts/api';
import { Cache, Pod } from 'karpenter-ts/operator';
import type { ExplanationNote, ObjectExplainer } from 'karpenter-ts/operator';
import { failedToSchedule, isOwnedByDaemonSet, isOwnedByNode, isScheduled, isTerminal } from 'karpenter-ts/scheduling';
import { SchedulingVerdicts } from '../provisioning/scheduling-verdicts.js';
import type { SchedulingVerdict } from '../provisioning/scheduling-verdicts.js';

const topic = 'Scheduling';

/** Why a pod waits, in the words of the provisioner that decided so. */
export class PodExplainer implements ObjectExplainer {
  readonly kinds = [Pod];

  constructor(@inject(SchedulingVerdicts) private readonly verdicts: SchedulingVerdicts, @inject(Cache) private readonly cache: Cache) {}

  explain(object: Parameters<ObjectExplainer['explain']>[0]): ExplanationNote[] {
    const pod = object as Pod;
    if (isScheduled(pod)) return [{ topic, lines: [`it has a node: ${pod.spec.nodeName}`] }];
    if (isTerminal(pod)) return [{ topic, lines: ['it has ended'] }];
    const own = ownReason(pod);
    if (own) return [{ topic, finding: own, lines: [own] }];
    const verdict = this.verdicts.of(pod);
    if (!verdict) return [{ topic, finding: 'Karpenter has not decided about it yet', lines: ['the provisioner looks at pods in windows: see singleton/provisioner'] }];
    const { finding, lines } = this.tell(verdict);
    return [{ topic, finding, lines, at: this.verdicts.at }];
  }

  private tell(verdict: SchedulingVerdict): { finding: string; lines: readonly string[] } {
    switch (verdict.verdict) {
      case 'ignored':
        return { finding: `Karpenter makes no node for it: ${verdict.problems.join('; ')}`, lines: verdict.problems };
      case 'undecided':
        return { finding: `Karpenter has not decided about it: ${verdict.reason}`, lines: [verdict.reason] };
      case 'fits nowhere': {
        const { verdict: tree, reason } = verdict.failure;
        const remedies = (tree?.nodePools ?? []).flatMap(({ nodePool, remedy }) => (remedy ? [remedy.includes(`NodePool ${nodePool}`) ? remedy : `${remedy} (NodePool ${nodePool})`] : []));
        return { finding: `it fits nowhere${remedies.length > 0 ? `; any of these would let it in: ${remedies.join('; ')}` : `: ${firstReason(tree?.nodePools) ?? reason}`}`, lines: tree?.describe() ?? reason.split('; ') };
      }
      case 'planned':
        return this.planned(verdict);
    }
  }

  private planned({ node, nodeClaim }: Extract<SchedulingVerdict, { verdict: 'planned' }>): { finding: string; lines: readonly string[] } {
    if (node !== undefined) return { finding: `it is expected to run on node ${node}, which kube-scheduler has to agree to`, lines: [`planned for node ${node}`] };
    const claim = this.cache.get(NodeClaim, nodeClaim ?? '');
    const missing = claim && ['Launched', 'Registered', 'Initialized'].find((type) => conditionOf(claim, type)?.status !== 'True');
    const state = !claim ? ', which is gone: it will be planned anew' : missing ? `, which waits to be ${missing}` : '';
    return { finding: `it waits for NodeClaim ${nodeClaim}${state}`, lines: [`planned for NodeClaim ${nodeClaim}; see nodeclaim/${nodeClaim}`] };
  }
}

const firstReason = (pools: readonly { nodePool: string; reason: string }[] | undefined): string | undefined =>
  pools && pools.length > 0 ? pools.map(({ nodePool, reason }) => `${nodePool}: ${reason}`).slice(0, 2).join('; ') : undefined;

/** What about the pod itself keeps Karpenter from making a node for it. */
function ownReason(pod: Pod): string | undefined {
  if (isOwnedByDaemonSet(pod)) return 'it belongs to a DaemonSet: it runs on the nodes that there are, and gets none of its own';
  if (isOwnedByNode(pod)) return 'it is a static pod of its node';
  if (pod.status.nominatedNodeName) return `kube-scheduler makes room for it on node ${pod.status.nominatedNodeName} by preemption`;
  if (!failedToSchedule(pod)) return 'kube-scheduler has not said yet that no node takes it (its condition PodScheduled is not False with reason Unschedulable)';
  return undefined;
}
