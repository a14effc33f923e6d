import { inject, optional } from 'inversify';
import { NodeClaim, conditionOf, isTrue } from 'karpenter-ts/api';
import { Cache, Clock, Node, Pod, roughly } from 'karpenter-ts/operator';
import type { ExplanationNote, KubeObject, ObjectExplainer } from 'karpenter-ts/operator';
import { isDrainable, isTerminal } from 'karpenter-ts/scheduling';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { DisruptionVerdicts } from '../disruption/disruption-verdicts.js';
import { Evictions } from '../node/eviction-queue.js';
import type { EvictionRequests } from '../node/eviction-queue.js';
import { claimByProviderID, podByNode } from '../shared/indexes.js';

/** Pods that are named one by one. */
const SHOWN = 10;

/** Why a machine is (not) disrupted, and what its drain waits for: told of its Node and of its NodeClaim alike. */
export class NodeExplainer implements ObjectExplainer {
  readonly kinds = [Node, NodeClaim];

  constructor(
    @inject(DisruptionVerdicts) private readonly verdicts: DisruptionVerdicts,
    @inject(Evictions) private readonly evictions: EvictionRequests,
    @inject(Cache) private readonly cache: Cache,
    @inject(Clock) private readonly clock: Clock,
    @inject(DisruptionQueue) @optional() private readonly queue?: DisruptionQueue,
  ) {}

  explain(object: KubeObject): ExplanationNote[] {
    const [node, claim] = object.kind === 'Node' ? [object as Node, this.claimOf(object as Node)] : [this.cache.get(Node, (object as NodeClaim).status.nodeName ?? ''), object as NodeClaim];
    const draining = node?.metadata.deletionTimestamp ? this.drain(node) : [];
    return [...draining, ...(claim ? this.disruption(claim) : [{ topic: 'Disruption', lines: ['no NodeClaim of Karpenter stands behind it: Karpenter leaves it alone'] }])];
  }

  private claimOf({ spec: { providerID } }: Node): NodeClaim | undefined {
    const claims = providerID ? this.cache.list(NodeClaim, { index: claimByProviderID, value: providerID }) : [];
    return claims.length === 1 ? claims[0] : undefined;
  }

  private drain({ metadata: { name } }: Node): ExplanationNote[] {
    const now = this.clock.now();
    const waiting = this.cache.list(Pod, { index: podByNode, value: name }).filter((pod) => !isTerminal(pod) && isDrainable(pod, now));
    if (waiting.length === 0) return [];
    const told = waiting.map((pod) => ({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, refusal: this.evictions.get(pod)?.refusal, asked: this.evictions.get(pod) !== undefined, leaving: pod.metadata.deletionTimestamp !== undefined }));
    const refused = told.filter(({ refusal, leaving }) => refusal !== undefined && !leaving);
    const [first] = refused;
    return [{
      topic: 'Drain',
      finding: `node ${name} waits for ${waiting.length === 1 ? 'a pod' : `${waiting.length} pods`} to leave${first ? `; pod ${first.pod} may not: ${first.refusal}` : ''}`,
      lines: [
        ...told.slice(0, SHOWN).map(({ pod, refusal, asked, leaving }) => `pod ${pod}: ${leaving ? 'is leaving' : refusal ? `may not leave: ${refusal}` : asked ? 'has been asked to leave' : 'its turn has not come: workloads go before daemons, and critical pods last'}`),
        ...(told.length > SHOWN ? [`and ${told.length - SHOWN} more`] : []),
      ],
    }];
  }

  private disruption(claim: NodeClaim): ExplanationNote[] {
    const now = this.clock.now();
    if (claim.metadata.deletionTimestamp) {
      const why = conditionOf(claim, 'DisruptionReason');
      return why ? [{ topic: 'Disruption', lines: [`it was disrupted: ${why.reason}${why.message && why.message !== why.reason ? `: ${why.message}` : ''}`] }] : [];
    }
    if (this.queue?.inFlight().has(claim.status.providerID ?? '')) return [{ topic: 'Disruption', finding: 'a disruption of it has begun: it goes when what takes its place is ready', lines: ['see singleton/disruption.queue'] }];
    const verdicts = this.verdicts.of(claim.metadata.uid);
    const consolidatable = isTrue(claim, 'Consolidatable') ? [] : [`not yet consolidatable: ${isTrue(claim, 'Initialized') ? "consolidateAfter of its NodePool has not passed since pods last came or went, or is Never" : 'it is not initialized'}`];
    const drifted = conditionOf(claim, 'Drifted');
    return [{
      topic: 'Disruption',
      lines: [
        ...(drifted?.status === 'True' ? [`drifted: ${drifted.reason}`] : []),
        ...consolidatable,
        ...verdicts.map(({ type, message, at, since }) => `${type}: ${message} (${at === now ? 'now' : `${roughly(now - at)} ago`}${since < at ? `, first ${roughly(now - since)} ago` : ''})`),
        ...(verdicts.length === 0 && consolidatable.length === 0 ? ['nothing was found that speaks for or against it since it was last looked at; see singleton/disruption'] : []),
      ],
    }];
  }
}
