import { expect } from 'chai';
import type { StepContext } from '../context.js';
import { Owns, RBAC, Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { ConfigMap, Secret } from '../kinds/core.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { testBed } from './test-bed.js';

describe('a bed under the generated role', () => {
  const findings = async (type: ReconcilerClass): Promise<string[]> => {
    const bed = await testBed(reconcilers(type), { permissions: 'generated', findings: 'note' });
    try {
      await bed.api.create(Secret, { metadata: { name: 'old' } });
      await bed.api.create(ConfigMap, { metadata: { name: 'a' } });
      await bed.settle();
      return bed.findings;
    } finally {
      await bed.close();
    }
  };
  const isFirst = ({ metadata: { name } }: ConfigMap): boolean => name === 'a';

  it('finds what steps do that no decorator tells of', async () => {
    @Reconciler({ for: ConfigMap, name: 'writer', root: false, when: ({ object }) => isFirst(object) })
    @Owns(Secret)
    class Writer {
      @Step()
      async write(map: ConfigMap, ctx: StepContext<ConfigMap>): Promise<Outcome> {
        map.metadata.labels['seen'] = 'yes';
        await ctx.apply(Secret, { metadata: { name: 'owned' } });
        const old = ctx.cache.peek.get(Secret, 'old', 'default');
        if (old) await ctx.delete(old);
        await ctx.apply(ConfigMap, { metadata: { name: 'b' } });
        await ctx.cache.live.list(Secret, { namespace: 'default' });
        return done();
      }
    }
    expect(await findings(Writer)).to.deep.equal([
      `the operator may not delete secrets "old" in "default" under its generated role: add @RBAC({ groups: [''], resources: ['secrets'], verbs: ['delete'], why: '…' }) to the class that does`,
      `the operator may not patch configmaps "b" in "default" under its generated role: add @RBAC({ groups: [''], resources: ['configmaps'], verbs: ['patch'], why: '…' }) to the class that does`,
      `the operator may not patch configmaps "a" in "default" under its generated role: add @RBAC({ groups: [''], resources: ['configmaps'], verbs: ['patch'], why: '…' }) to the class that does`,
    ]);
  });

  it('takes an apply of what is not there for a creation, and keeps to names and namespaces', async () => {
    @Reconciler({ for: ConfigMap, name: 'writer', root: false, when: ({ object }) => isFirst(object) })
    @RBAC({ groups: [''], resources: ['configmaps'], verbs: ['patch'], resourceNames: ['b'], why: 'b' })
    @RBAC({ groups: [''], resources: ['secrets'], verbs: ['create', 'patch'], namespace: 'elsewhere', why: 'elsewhere' })
    class Writer {
      @Step()
      async write(_map: ConfigMap, ctx: StepContext<ConfigMap>): Promise<Outcome> {
        await ctx.apply(ConfigMap, { metadata: { name: 'b' } });
        await ctx.create(Secret, { metadata: { name: 'c' } });
        return done();
      }
    }
    expect((await findings(Writer)).map((finding) => finding.slice(0, finding.indexOf(' under ')))).to.deep.equal([
      'the operator may not create configmaps "b" in "default"', 'the operator may not create secrets in "default"',
    ]);
  });
});
