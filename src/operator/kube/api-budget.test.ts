import { expect } from 'chai';
import fc from 'fast-check';
import { createApiServer } from '../../apiserver/index.js';
import type { StepContext } from '../context.js';
import { Finalizer, Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { done, released } from '../dsl/outcome.js';
import { ConfigMap, Node } from '../kinds/core.js';
import { seededRandom } from '../random.js';
import { reconcilers } from '../runtime/reconcilers.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ApiBudget } from './api-budget.js';
import { KubeClient } from './client.js';
import { handlerTransport } from './handler-transport.js';

const RATE = { qps: 100, burst: 100, reserved: 0.1 };

/** When requests that are made now are sent, in milliseconds from now. */
async function sent(clock: VirtualClock, budget: ApiBudget, requests: readonly boolean[]): Promise<number[]> {
  const from = clock.now();
  const times = requests.map(async (urgent) => {
    await budget.take(urgent);
    return clock.now() - from;
  });
  const all = Promise.all(times);
  await clock.advance('10m');
  return all;
}

describe('the API budget', () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = new VirtualClock();
  });

  it('lets urgent requests pass a thousand others that wait', async () => {
    const budget = new ApiBudget(RATE, clock);
    const times = await sent(clock, budget, [...Array.from({ length: 1_000 }, () => false), ...Array.from({ length: 20 }, () => true)]);
    // A burst of 10 is kept, of which one was lent, and 10 a second.
    expect(Math.max(...times.slice(1_000, 1_009))).to.equal(0);
    expect(times.at(-1)).to.equal(1_100);
    expect(times[999]).to.be.above(9_000);
  });

  it('makes them wait like all others when nothing is kept', async () => {
    const times = await sent(clock, new ApiBudget({ ...RATE, reserved: 0 }, clock), [...Array.from({ length: 1_000 }, () => false), true]);
    expect(times.at(-1)).to.be.above(9_000);
  });

  it('lends what nobody uses of the share, so that others get the whole rate', async () => {
    const budget = new ApiBudget(RATE, clock);
    let count = 0;
    const work = async (): Promise<void> => {
      while (clock.now() < end) {
        await budget.take(false);
        count += 1;
      }
    };
    const end = clock.now() + 60_000;
    const workers = Array.from({ length: 50 }, () => work());
    await clock.advance('70s');
    await Promise.all(workers);
    expect(count / 60).to.be.within(98, 103);
  });

  it('never lets more through than the rate, and no urgent request waits for longer than its share says', async () => {
    const batch = fc.record({ urgent: fc.integer({ min: 0, max: 30 }), others: fc.integer({ min: 0, max: 200 }), pause: fc.integer({ min: 0, max: 3_000 }) });
    await fc.assert(fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
      const now = new VirtualClock(0);
      const budget = new ApiBudget(RATE, now);
      const passed: number[] = [];
      const waits: Promise<void>[] = [];
      for (const { urgent, others, pause } of batches) {
        for (let index = 0; index < urgent + others; index += 1) {
          const isUrgent = index >= others;
          const [asked, before] = [now.now(), index - others];
          waits.push(budget.take(isUrgent).then(() => {
            passed.push(now.now());
            if (isUrgent && batches.length === 1) expect(now.now() - asked).to.be.at.most((Math.max(0, before - 8) / 10) * 1_000);
          }));
        }
        await now.advance(pause);
      }
      await now.advance('10m');
      await Promise.all(waits);
      passed.sort((left, right) => left - right);
      passed.forEach((time, index) => expect(index + 1).to.be.at.most(RATE.burst + 1 + (time / 1_000) * RATE.qps));
    }), { numRuns: 60 });
  });

  it('refuses a share that leaves nothing, or is none', () => {
    for (const reserved of [1, -0.1, Number.NaN]) expect(() => new ApiBudget({ ...RATE, reserved }, clock)).to.throw(RangeError, `reserved is a fraction from 0 to less than 1, not ${reserved}`);
  });

  it('reports how long each request waited', async () => {
    const waited: number[] = [];
    const server = createApiServer({ clock, random: seededRandom(1) });
    const client = new KubeClient(handlerTransport(server), {
      clock, random: seededRandom(1), rate: { qps: 10, burst: 1 },
      metrics: { limited: (_traits, seconds) => void waited.push(seconds), requested: () => undefined, retried: () => undefined },
    });
    const requests = [client.raw('/version'), client.raw('/version')];
    await clock.advance('1s');
    await Promise.all(requests);
    expect(waited).to.deep.equal([0, 0.1]);
    await server.close();
  });
});

describe('an operator with a small API budget', () => {
  let bed: TestBed;
  afterEach(() => bed.close());

  it('takes finalizers away while hundreds of other runs wait for their requests', async () => {
    @Reconciler({ for: Node, name: 'node.busy', root: false, concurrency: 1_000 })
    class Busy {
      @Finalizer('example.com/busy') gone(): Release { return released(); }

      @Step()
      async step(node: Node, ctx: StepContext<Node>): Promise<Outcome> {
        const wanted = node.metadata.annotations['wanted'];
        if (wanted) await ctx.apply(ConfigMap, { metadata: { name: node.metadata.name, namespace: 'default' }, data: { wanted } } as never);
        return done();
      }
    }
    bed = await testBed(reconcilers(Busy), { operator: { rate: { qps: 8, burst: 16, reserved: 0.25 } } });
    for (let index = 0; index < 300; index += 1) await bed.api.create(Node, { metadata: { name: `n${index}` } } as never);
    await bed.advance('10m');
    for (let index = 0; index < 299; index += 1) await bed.api.patch(Node, `n${index}`, { metadata: { annotations: { wanted: 'yes' } } });
    await bed.settle();
    await bed.api.delete(Node, 'n299');
    await bed.settle();
    expect(await bed.api.list(Node)).to.have.length(299);
    expect((await bed.api.list(ConfigMap)).length).to.be.below(50);
  });
});
