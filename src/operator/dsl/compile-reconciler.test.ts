import { expect } from 'chai';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { compile } from './compile.js';
import { Condition, Reconciler } from './decorators.js';
import { Field, ResourceKind } from './kind-decorators.js';
import type { Outcome } from './outcome.js';
import { met } from './outcome.js';
import { Resource } from './resource.js';
import { s } from './schema.js';

class ChairSpec {
  @Field(s.int()) declare legs: number;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Chair', scope: 'Cluster', spec: () => ChairSpec })
class Chair extends Resource<ChairSpec, object, 'Built'> {}

@Reconciler({ for: Chair, name: 'chair' })
class Joiner {
  @Condition('Built') build(): Outcome { return met(); }
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Stool', scope: 'Cluster', spec: () => ChairSpec, status: () => s.object({}) })
class Stool extends Resource<ChairSpec, object, 'Built'> {}

@Reconciler({ for: Stool, name: 'stool' })
class Turner {
  @Condition('Built') build(): Outcome { return met(); }
}

describe('a reconciler with conditions', () => {
  it('needs a kind that has a place for them: API servers would drop them without a word', async () => {
    expect(() => compile([Joiner])).to.throw('Joiner: has conditions, and Chair no status to keep them in, so that API servers drop them; give its @ResourceKind a status, such as () => s.object({})');
    const bed = await testBed(reconcilers(Turner));
    try {
      await bed.api.create(Stool, { metadata: { name: 's' }, spec: { legs: 3 } });
      await bed.settle();
      expect((await bed.api.get(Stool, 's')).status.conditions?.map(({ type, status }) => `${type} ${status}`)).to.deep.equal(['Built True', 'Ready True']);
    } finally {
      await bed.close();
    }
  });
});
