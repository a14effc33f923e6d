import { expect } from 'chai';
import type { StepContext, TickContext } from '../context.js';
import { Reconciler, Singleton, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap, Node } from '../kinds/core.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

describe('a read straight from the API server', () => {
  it('ends with its run: an operator that stops waits for no answer', async () => {
    const ended: string[] = [];
    @Reconciler({ for: Node, name: 'live', root: false })
    class Live {
      @Step() async step(_node: Node, ctx: StepContext<Node>): Promise<Outcome> {
        await ctx.cache.live.get(ConfigMap, 'm', 'default').catch((error: unknown) => ended.push((error as Error).message));
        return done();
      }
    }
    @Singleton({ name: 'live-ticks', every: '1h' })
    class LiveTicks {
      async tick(ctx: TickContext): Promise<void> {
        await ctx.cache.live.list(ConfigMap, { namespace: 'default' }).catch((error: unknown) => ended.push((error as Error).message));
      }
    }
    const bed = await testBed(reconcilers(Live, LiveTicks), {
      intercept: (inner) => ({
        ...inner,
        send: (request) => (request.path.includes('/configmaps') ? new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error))) : inner.send(request)),
      }),
    });
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    const before = bed.clock.now();
    await bed.stop();
    expect(ended).to.deep.equal(['the operator stops', 'the operator stops']);
    expect(bed.clock.now()).to.equal(before);
    await bed.close();
  });
});
