import { expect } from 'chai';
import { ContainerModule, inject } from 'inversify';
import { Reconciler, Step } from '../dsl/decorators.js';
import { done } from '../dsl/outcome.js';
import type { Outcome } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { token } from '../dsl/token.js';
import { Node } from '../kinds/core.js';
import { testBed } from '../testing/index.js';
import { reconcilers } from './reconcilers.js';

interface Paint { colour: string }
const Paint = token<Paint>('construct.Paint');

@Reconciler({ for: Node, name: 'forgetful', root: false })
class Forgetful {
  constructor(@inject(Paint) protected readonly paint: Paint, protected readonly brush: Paint) {}
  @Step() paintIt(): Outcome { return done(); }
}

@Reconciler({ for: Node, name: 'lonely', root: false })
class Lonely {
  constructor(@inject(Paint) protected readonly paint: Paint) {}
  @Step() paintIt(): Outcome { return done(); }
}

class Broken {
  constructor() { throw new RangeError('no colour left'); }
}
@Reconciler({ for: Node, name: 'unlucky', root: false })
class Unlucky {
  constructor(@inject(Broken) protected readonly broken: Broken) {}
  @Step() paintIt(): Outcome { return done(); }
}

describe('A reconciler that cannot be constructed', () => {
  const failure = async (type: ReconcilerClass): Promise<string> => {
    const services = new ContainerModule(({ bind }) => { bind(Broken).toSelf(); });
    const bed = await testBed(reconcilers(type), services).catch((error: Error) => error);
    if (bed instanceof Error) return `${bed.name}: ${bed.message}`;
    const error = await bed.settle().then(() => undefined, (failed: Error) => failed);
    await bed.close();
    return `${error?.name}: ${error?.message}`;
  };

  it('says which class has a parameter without a token', async () => {
    expect(await failure(Forgetful)).to.equal('CannotConstructError: class Forgetful cannot be constructed: 1 of the 2 parameters of its constructor have @inject(TOKEN), and each needs it: types are not there at run time');
  });

  it('says under which token nothing is bound', async () => {
    expect(await failure(Lonely)).to.equal('CannotConstructError: class Lonely cannot be constructed: nothing is bound under construct.Paint; bind it in a ContainerModule that goes to use(), or to testBed()');
  });

  it('says what a constructor threw', async () => {
    expect(await failure(Unlucky)).to.equal('CannotConstructError: class Unlucky cannot be constructed: no colour left');
  });
});
