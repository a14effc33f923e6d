import { inject } from 'inversify';
import { CloudProvider } from 'karpenter-ts/cloud';
import { ChangeMonitor, Clock, Pod, index } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { avoidsKarpenter, isProvisionable, validatePod } from 'karpenter-ts/scheduling';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { Settings } from '../settings.js';
import { cacheLookups } from '../state/cluster-lookups.js';
import { DecisionTimes } from './decision-times.js';
import { firstOf } from './nodeclaim-creator.js';
import { SchedulingVerdicts } from './scheduling-verdicts.js';

/** Pods without a node. */
const unboundPods = index(Pod, 'unbound', (pod) => [pod.spec.nodeName ? undefined : 'true']);

/** How long a pod that cannot be scheduled is not told so again. */
export const REPEAT_FAILURE = '5m';

export const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;

/** Preferences that the solver meets where it can, and that can therefore keep nodes from being consolidated. */
const PREFERENCES: readonly { readonly name: string; readonly has: (pod: Pod) => boolean }[] = [
  { name: 'anti-affinity', has: ({ spec }) => (spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0 },
  { name: 'topology spread constraint', has: ({ spec }) => spec.topologySpreadConstraints?.some(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway') ?? false },
];

/** Pods that wait for a node, without those that no node of ours could help (karpenter-core §3.2, §4.2). */
export class PendingPods {
  private readonly warned: ChangeMonitor;

  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
    @inject(DecisionTimes) private readonly times: DecisionTimes,
    @inject(Settings) private readonly settings: Settings,
    @inject(SchedulingVerdicts) private readonly verdicts: SchedulingVerdicts,
    @inject(Clock) clock: Clock,
  ) {
    this.warned = new ChangeMonitor(clock);
  }

  list(ctx: TickContext): Pod[] {
    const waiting = ctx.cache.list(Pod, { index: unboundPods, value: 'true' }).filter(isProvisionable);
    this.verdicts.looking();
    const accepted: Pod[] = [];
    const ignored: Pod[] = [];
    for (const pod of waiting) (this.accept(pod, ctx) ? accepted : ignored).push(pod);
    this.metrics.ignoredPods.set(ignored.length);
    this.times.rejected(ignored);
    if (this.settings.preferencePolicy === 'Respect') this.warnOfPreferences(accepted, ctx);
    return accepted;
  }

  private accept(pod: Pod, ctx: TickContext): boolean {
    const problems = validatePod(pod, cacheLookups(ctx.cache), this.cloud.podRules);
    if (problems.length === 0) return true;
    this.verdicts.ignore(pod, problems);
    ctx.log.debug('ignoring pod', { Pod: nameOf(pod), error: problems.join('; ') });
    if (!avoidsKarpenter(pod)) ctx.events.warning('FailedScheduling', `Failed to schedule pod, ${problems.join('; ')}`, { about: pod, dedupe: [pod.metadata.uid], dedupeFor: REPEAT_FAILURE });
    return false;
  }

  /** Once a day for each pod and preference, in one line for all pods. */
  private warnOfPreferences(pods: readonly Pod[], ctx: TickContext): void {
    for (const { name, has } of PREFERENCES) {
      const news = pods.filter((pod) => has(pod) && this.warned.changed(`${pod.metadata.uid} ${name}`, true));
      if (news.length > 0) ctx.log.info(`pod(s) have a preferred ${name}, which can prevent consolidation`, { Pods: firstOf(news.map(nameOf), 10) });
    }
  }
}
