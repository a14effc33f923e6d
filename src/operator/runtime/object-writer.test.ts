import { expect } from 'chai';
import type { StepContext } from '../context.js';
import { Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap, Node } from '../kinds/core.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

type Work = (map: ConfigMap, ctx: StepContext<Node>) => Promise<unknown>;
/** What the step does with the ConfigMap that it has read, and what came of it. */
const world: { work: Work; came?: unknown } = { work: () => Promise.resolve() };

@Reconciler({ for: Node, name: 'writing', root: false, reads: [ConfigMap] })
class Writing {
  @Step() async step(_node: Node, ctx: StepContext<Node>): Promise<Outcome> {
    const map = ctx.cache.get(ConfigMap, 'm', 'default');
    if (map) world.came = await world.work(map, ctx);
    return done();
  }
}

describe('what a run writes to others', () => {
  let bed: TestBed;
  afterEach(() => bed.close());
  /** Does the work on a ConfigMap, after something happened to it that the run has not seen. */
  const unseen = async (happens: () => Promise<unknown>, work: Work): Promise<unknown> => {
    delete world.came;
    world.work = async (map, ctx) => {
      await happens();
      return work(map, ctx);
    };
    bed = await testBed(reconcilers(Writing), { findings: 'note' });
    await bed.api.create(ConfigMap, { metadata: { name: 'm' } });
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    return world.came;
  };
  const anew = async (): Promise<void> => {
    await bed.api.delete(ConfigMap, 'm');
    await bed.api.create(ConfigMap, { metadata: { name: 'm', labels: { second: 'yes' } } });
  };

  it('never deletes another object of the same name, unless that is meant', async () => {
    expect(await unseen(anew, (map, ctx) => ctx.delete(map))).to.equal(false);
    expect((await bed.api.get(ConfigMap, 'm')).metadata.labels).to.deep.equal({ second: 'yes' });
    await bed.close();
    expect(await unseen(anew, (map, ctx) => ctx.delete(map, { sameUID: false }))).to.equal(true);
    expect(await bed.api.find(ConfigMap, 'm')).to.equal(undefined);
  });

  it('deletes only the state that it saw, if that is meant', async () => {
    const touched = (): Promise<unknown> => bed.api.patch(ConfigMap, 'm', { metadata: { labels: { touched: 'yes' } } });
    expect(await unseen(touched, (map, ctx) => ctx.delete(map, { unchanged: true }))).to.equal(false);
    expect((await bed.api.get(ConfigMap, 'm')).metadata.labels).to.deep.equal({ touched: 'yes' });
  });

  it('is nothing to an object that is gone, and nothing to its successor', async () => {
    const labelled: Work = async (map, ctx) => (await ctx.patch(map, (draft) => void (draft.metadata.labels['ours'] = 'yes'))) ?? 'gone';
    expect(await unseen(() => bed.api.delete(ConfigMap, 'm'), labelled)).to.equal('gone');
    await bed.close();
    expect(await unseen(() => bed.api.delete(ConfigMap, 'm'), (map, ctx) => ctx.delete(map))).to.equal(false);
    await bed.close();
    expect(await unseen(anew, labelled)).to.equal('gone');
    expect((await bed.api.get(ConfigMap, 'm')).metadata.labels).to.deep.equal({ second: 'yes' });
  });
});
