import { inject } from 'inversify';
import { Clock, TokenBucket } from 'karpenter-ts/operator';
import type { Pod, TickContext } from 'karpenter-ts/operator';
import { Recently } from '../shared/recently.js';

/** A pod is not told again for this long, in milliseconds. */
const REPEAT = 2 * 60_000;

/** Tells pods where they should go: at most 5 events a second, as thousands may be planned at once (karpenter-core §6.4). */
export class NominationEvents {
  private readonly bucket: TokenBucket;
  /** Those that were told; those that were too many are told at a later look. */
  private readonly told = new Recently(REPEAT);

  constructor(@inject(Clock) clock: Clock) {
    this.bucket = new TokenBucket({ qps: 5, burst: 10 }, clock);
  }

  publish(pods: readonly Pod[], { nodeClaim, node }: { nodeClaim?: string | undefined; node?: string | undefined }, ctx: TickContext): void {
    const target = [nodeClaim && `nodeclaim/${nodeClaim}`, node && `node/${node}`].filter(Boolean).join(', ');
    for (const pod of pods) {
      if (this.told.remaining(pod.metadata.uid, ctx.now()) > 0) continue;
      if (!this.bucket.tryTake()) return;
      this.told.note(pod.metadata.uid, ctx.now());
      ctx.events.normal('Nominated', `Pod should schedule on: ${target}`, { about: pod, dedupe: [pod.metadata.uid] });
    }
  }
}
