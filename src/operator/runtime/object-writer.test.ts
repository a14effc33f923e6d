import { expect } from 'chai';
import type { SubjectAccessReview } from 'kubernetes-types/authorization/v1.js';
import type { StepContext } from '../context.js';
import { Owns, Reconciler, Step } from '../dsl/decorators.js';
import { onCreate } from '../dsl/predicate.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { ConfigMap, Namespace, Node, Secret, ServiceAccount } from '../kinds/core.js';
import { typed } from '../kinds/typed.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

describe('what a reconciler applies', () => {
  let bed: TestBed;
  let apply: (owner: ConfigMap, ctx: StepContext<ConfigMap>) => Promise<unknown>;
  @Reconciler({ for: ConfigMap, name: 'owner', root: false, when: ({ object }) => object.metadata.name === 'owner' })
  @Owns(Secret)
  class Owner {
    @Step() async step(owner: ConfigMap, ctx: StepContext<ConfigMap>): Promise<Outcome> {
      await apply(owner, ctx);
      return done();
    }
  }
  const errors = (): string[] => bed.logs.flatMap(({ error }) => (typeof error === 'string' ? [error] : []));
  beforeEach(async () => {
    bed = await testBed(reconcilers(Owner as ReconcilerClass), { findings: 'note' });
  });
  afterEach(() => bed.close());

  it('is never owned from another namespace: Kubernetes would collect it as an orphan', async () => {
    await bed.api.create(Namespace, { metadata: { name: 'elsewhere' } } as never);
    apply = (_owner, ctx) => ctx.apply(Secret, { metadata: { name: 'm', namespace: 'elsewhere' } } as never);
    await bed.api.create(ConfigMap, { metadata: { name: 'owner' } } as never);
    await bed.settle();
    expect(errors()).to.include('apply Secret elsewhere/m: its owner ConfigMap default/owner is in another namespace, so Kubernetes would delete it; owners are cluster-scoped, or in the namespace of what they own');
    expect(await bed.api.find(Secret, { name: 'm', namespace: 'elsewhere' })).to.equal(undefined);
  });

  it('keeps the other owners that it is given', async () => {
    const other = await bed.api.create(ServiceAccount, { metadata: { name: 'other' } } as never);
    const reference = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'other', uid: other.metadata.uid };
    apply = (_owner, ctx) => ctx.apply(Secret, { metadata: { name: 'm', namespace: 'default', ownerReferences: [reference] } } as never);
    const { metadata: { uid } } = await bed.api.create(ConfigMap, { metadata: { name: 'owner' } } as never);
    await bed.settle();
    expect((await bed.api.get(Secret, 'm')).metadata.ownerReferences).to.deep.equal([reference, { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, controller: true, blockOwnerDeletion: true }]);
  });
});

describe('what a reconciler asks', () => {
  it('may be something that is answered and not stored', async () => {
    @ForeignKind({ group: 'authorization.k8s.io', version: 'v1', kind: 'SubjectAccessReview', plural: 'subjectaccessreviews', namespaced: false })
    class AccessReview extends typed<SubjectAccessReview>() {}
    const answers: unknown[] = [];
    @Reconciler({ for: Node, name: 'asker', root: false })
    class Asker {
      @Step() async step(_node: Node, ctx: StepContext<Node>): Promise<Outcome> {
        const { status } = await ctx.create(AccessReview, { metadata: {}, spec: { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'nodes' } } } as never);
        answers.push(status.allowed);
        return done();
      }
    }
    const bed = await testBed(reconcilers(Asker), { findings: 'note' });
    try {
      await bed.api.create(Node, { metadata: { name: 'n' } } as never);
      await bed.settle();
      expect(answers).to.have.length(1);
    } finally {
      await bed.close();
    }
  });
});

describe('what is known of a key', () => {
  it('goes with its object, also where a predicate lets no deletion through', async () => {
    @Reconciler({ for: Node, name: 'born', root: false, when: onCreate() })
    class Born {
      @Step() step(): Outcome { return done(); }
    }
    const bed = await testBed(reconcilers(Born), { findings: 'note' });
    try {
      const names = Array.from({ length: 150 }, (_, index) => `n-${index}`);
      for (const name of names) await bed.api.create(Node, { metadata: { name } } as never);
      await bed.settle();
      for (const name of names) await bed.api.delete(Node, name);
      await bed.settle();
      // Of what is gone, a hundred are remembered for explanations.
      expect(names.filter((name) => bed.operator.inspect('born', name)?.runs.length)).to.have.length(100);
    } finally {
      await bed.close();
    }
  });
});
