import { inject } from 'inversify';
import { Clock, TokenBucket } from 'karpenter-ts/operator';
import type { Pod, TickContext } from 'karpenter-ts/operator';

/** Tells pods where they should go: at most 5 events a second, as thousands may be planned at once (karpenter-core §6.4). */
export class NominationEvents {
  private readonly bucket: TokenBucket;

  constructor(@inject(Clock) clock: Clock) {
    this.bucket = new TokenBucket({ qps: 5, burst: 10 }, clock);
  }

  publish(pods: readonly Pod[], { nodeClaim, node }: { nodeClaim?: string | undefined; node?: string | undefined }, ctx: TickContext): void {
    const target = [nodeClaim && `nodeclaim/${nodeClaim}`, node && `node/${node}`].filter(Boolean).join(', ');
    for (const pod of pods) {
      if (!this.bucket.tryTake()) return;
      ctx.events.normal('Nominated', `Pod should schedule on: ${target}`, { about: pod, dedupe: [pod.metadata.uid] });
    }
  }
}
