import { DO_NOT_DISRUPT_ANNOTATION } from 'karpenter-ts/api';
import { Pod, Reconciler, Step, When, changed, done, timestamp } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { hasInvalidProtection, isActive, protectedUntil, protectionOf } from 'karpenter-ts/scheduling';

/** An end of protection that is longer ago than this, in milliseconds, is no news: this process has just started. */
const NEWS = 60_000;

/** Tells pods what their annotation against disruption means: until when it holds, that it holds no more, or nothing (karpenter-core §2.4). */
@Reconciler({ for: Pod, name: 'pod.protection', root: false, concurrency: 1, jitter: 0, when: changed<Pod>(protectionOf, (pod) => pod.status.startTime) })
export class PodProtection {
  @When()
  annotated(pod: Pod): boolean {
    return protectionOf(pod) !== undefined && isActive(pod);
  }

  @Step()
  explain(pod: Pod, ctx: StepContext<Pod>): Outcome {
    const { uid } = pod.metadata;
    if (hasInvalidProtection(pod)) {
      const value = JSON.stringify(protectionOf(pod));
      ctx.events.warning('InvalidDoNotDisruptAnnotation', `The ${DO_NOT_DISRUPT_ANNOTATION} annotation is ${value}, which is ignored: it must be "true" or a duration above 0 such as "4h"`, { dedupe: [uid, value] });
      return done();
    }
    const until = protectedUntil(pod);
    if (until === undefined || until === Infinity) return done();
    if (ctx.now() < until) {
      const time = timestamp(until);
      ctx.events.normal('DoNotDisruptUntil', `The ${DO_NOT_DISRUPT_ANNOTATION} grace period will elapse at ${time}`, { dedupe: [uid, time] });
      return done().recheck(until - ctx.now());
    }
    if (ctx.now() - until < NEWS) ctx.events.normal('DoNotDisruptGracePeriodElapsed', `The ${DO_NOT_DISRUPT_ANNOTATION} grace period has elapsed, the pod can be disrupted`, { dedupe: [uid] });
    return done();
  }
}
