import type { Pod } from 'karpenter-ts/operator';
import type { Decision, Unschedulable } from 'karpenter-ts/scheduling';

/** What was decided about a pod that waits. */
export type SchedulingVerdict =
  | { readonly verdict: 'fits nowhere'; readonly failure: Unschedulable }
  /** It is to run on a node that is there, or on the machine of a claim. */
  | { readonly verdict: 'planned'; readonly node?: string; readonly nodeClaim?: string }
  | { readonly verdict: 'undecided'; readonly reason: string }
  /** No node of ours could help it. */
  | { readonly verdict: 'ignored'; readonly problems: readonly string[] };

type Decided = Pick<Decision, 'existingNodes' | 'unschedulable' | 'unfinished'>;

const NOTHING: Decided = { existingNodes: [], unschedulable: [], unfinished: [] };

/** The provisioner's last word on pods that wait. What it says of a pod is looked up, and put in words, only for who asks. */
export class SchedulingVerdicts {
  private decision: Decided = NOTHING;
  private decidedAt = 0;
  private readonly ignored = new Map<string, readonly string[]>();
  private claims: ReadonlyMap<string, string> = new Map();

  /** When pods were last decided about, in milliseconds of the clock's time. */
  get at(): number {
    return this.decidedAt;
  }

  /** Takes the place of all that was decided before. */
  decided(decision: Decided | undefined, now: number): void {
    this.decision = decision ?? NOTHING;
    this.decidedAt = now;
  }

  /** The claims that were made for pods, by the pods' uids. */
  planned(claims: ReadonlyMap<string, string>): void {
    this.claims = claims;
  }

  /** Begins to look through the pods that wait. */
  looking(): void {
    this.ignored.clear();
  }

  ignore(pod: Pod, problems: readonly string[]): void {
    this.ignored.set(pod.metadata.uid, problems);
  }

  of({ metadata: { uid } }: Pod): SchedulingVerdict | undefined {
    const is = (other: { metadata?: { uid?: string } }): boolean => other.metadata?.uid === uid;
    const problems = this.ignored.get(uid);
    if (problems) return { verdict: 'ignored', problems };
    const failure = this.decision.unschedulable.find(({ pod }) => is(pod));
    if (failure) return failure.deferred ? { verdict: 'undecided', reason: `it waits for reserved capacity: ${failure.reason}` } : { verdict: 'fits nowhere', failure };
    if (this.decision.unfinished.some(is)) return { verdict: 'undecided', reason: 'the last pass ran out of time before it came to it' };
    const nodeClaim = this.claims.get(uid);
    const node = this.decision.existingNodes.find(({ pods }) => pods.some(is))?.node.node?.metadata?.name;
    return node === undefined && nodeClaim === undefined ? undefined : { verdict: 'planned', ...(node === undefined ? {} : { node }), ...(nodeClaim === undefined ? {} : { nodeClaim }) };
  }
}
