import { expect } from 'chai';
import type { StepContext } from '../context.js';
import { Owns, Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap, Namespace, Secret } from '../kinds/core.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

describe('what steps write of other objects', () => {
  let bed: TestBed;
  afterEach(() => bed.close());
  const errorOf = (): unknown => bed.logs.find(({ level }) => level === 'ERROR')?.['error'];

  it('goes into the namespace of the reconciled object, unless it says where', async () => {
    @Reconciler({ for: ConfigMap, name: 'writer', root: false })
    @Owns(Secret)
    class Writer {
      @Step()
      async write({ metadata: { name }, data }: ConfigMap, ctx: StepContext<ConfigMap>): Promise<Outcome> {
        await ctx.apply(Secret, { metadata: { name, labels: { of: data?.['nothing'] } }, type: data?.['nothing'], stringData: { a: '1', b: data?.['nothing'] } });
        if (!ctx.cache.peek.get(Secret, `${name}-created`, ctx.object.metadata.namespace)) await ctx.create(Secret, { metadata: { name: `${name}-created` } });
        return done();
      }
    }
    bed = await testBed(reconcilers(Writer));
    await bed.api.create(Namespace, { metadata: { name: 'there' } });
    await bed.api.create(ConfigMap, { metadata: { name: 'a', namespace: 'there' } });
    await bed.settle();
    const { metadata, type, data } = await bed.api.get(Secret, { name: 'a', namespace: 'there' });
    expect(metadata.ownerReferences?.[0]?.name).to.equal('a');
    expect({ labels: metadata.labels, type, data }, 'what is undefined is left out').to.deep.equal({ labels: {}, type: 'Opaque', data: { a: 'MQ==' } });
    expect(await bed.api.find(Secret, { name: 'a-created', namespace: 'there' })).not.to.equal(undefined);
  });

  for (const [what, work, refusal] of [
    ['an apply that names no object', (ctx) => ctx.apply(ConfigMap, { metadata: { generateName: 'x-', namespace: 'default' } }), 'apply ConfigMap: metadata.name is missing'],
    ['a write that has no namespace to go to', (ctx) => ctx.create(ConfigMap, { metadata: { name: 'x' } }), 'create ConfigMap: the kind is namespaced, and no namespace was given'],
    ['a read that can find nothing, as it lacks the namespace', async (ctx) => ctx.cache.get(ConfigMap, 'x'), 'read of ConfigMap "x": the kind is namespaced, and no namespace was given'],
  ] as [string, (ctx: StepContext<Namespace>) => Promise<unknown>, string][]) {
    it(`refuses ${what}`, async () => {
      @Reconciler({ for: Namespace, name: 'refused', root: false, reads: [ConfigMap] })
      class Refused {
        @Step()
        async write(_namespace: Namespace, ctx: StepContext<Namespace>): Promise<Outcome> {
          await work(ctx);
          return done();
        }
      }
      bed = await testBed(reconcilers(Refused));
      await bed.settle();
      expect(errorOf()).to.include(refusal);
    });
  }
});
