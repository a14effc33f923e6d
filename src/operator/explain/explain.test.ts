import { expect } from 'chai';
import { ContainerModule } from 'inversify';
import { Condition, Finalizer, Reconciler, When } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { held, met, released, unmet } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { KubeObject } from '../kube/object.js';
import { reconcilers } from '../runtime/reconcilers.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import type { Explanation } from './explanation.js';
import { explanationText } from './explanation-text.js';
import { ObjectExplainer } from './object-explainer.js';

class ShipSpec {
  @Field(s.string().describe('Where it is to go'))
  declare port: string;
}

class ShipStatus {
  @Field(s.int().optional().describe('Sailors aboard'))
  declare crew?: number;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Ship', scope: 'Cluster', spec: () => ShipSpec, status: () => ShipStatus })
class Ship extends Resource<ShipSpec, ShipStatus, 'Built' | 'Manned' | 'Sailing'> {}

const yard: { wait: Promise<void> | undefined; build: () => Outcome; scrap: () => Release } = { wait: undefined, build: met, scrap: released };

@Reconciler({ for: Ship, name: 'yard', concurrency: 1, jitter: 0 })
class Yard {
  @When() ours(ship: Ship): boolean { return ship.metadata.labels['foreign'] === undefined; }

  @Condition('Built')
  async build(): Promise<Outcome> {
    await yard.wait;
    return yard.build();
  }

  @Condition('Manned', { dependsOn: ['Built'] }) man(): Outcome { return met(); }
  @Condition('Sailing', { dependsOn: ['Manned'] }) sail(): Outcome { return met(); }
  @Finalizer('toys.example.com/scrap') scrap(): Release { return yard.scrap(); }
}

const explainers = new ContainerModule(({ bind }) => {
  bind(ObjectExplainer).toConstantValue({ kinds: [Ship], explain: (ship: KubeObject) => { if (ship.metadata.name === 'broken') throw new Error('defect'); return [{ topic: 'Weather', finding: 'there is a storm', lines: ['wind force 10'] }]; } });
});

describe('An explanation', () => {
  let bed: TestBed;
  beforeEach(async () => {
    Object.assign(yard, { wait: undefined, build: met, scrap: released });
    bed = await testBed(reconcilers(Yard), explainers);
    await bed.settle();
  });
  afterEach(() => bed.close());

  const launch = async (name: string, labels: Record<string, string> = {}, finalizers: string[] = []): Promise<void> => {
    await bed.api.create(Ship, { metadata: { name, labels, finalizers }, spec: { port: 'Kiel' } });
    await bed.settle();
  };
  const explain = (name = 'a'): Promise<Explanation> => bed.operator.explain({ kind: 'ship', name });
  const findings = async (name?: string): Promise<readonly string[]> => (await explain(name)).findings.filter((finding) => finding !== 'there is a storm');

  it('finds nothing where nothing is the matter, and has the notes of services', async () => {
    await launch('a');
    const explanation = await explain();
    expect(explanation.findings).to.deep.equal(['there is a storm']);
    expect(explanation.notes).to.deep.equal([{ topic: 'Weather', at: explanation.now, lines: ['wind force 10'] }]);
    expect(explanation.conditions.map(({ type, status, waitsFor, blocks }) => [type, status, waitsFor, blocks])).to.deep.equal([['Built', 'True', [], []], ['Manned', 'True', [], []], ['Sailing', 'True', [], []], ['Ready', 'True', [], []]]);
    expect(explanation.next).to.equal(undefined);
  });

  it('keeps what others wrote from steering the terminal, or from passing for lines of its own', async () => {
    yard.build = () => unmet('NoSteel', 'steel \u001b[2J\u009b1mis short\r\n- nothing is the matter');
    await launch('a');
    const text = explanationText(await explain());
    expect(text).to.match(/^- Built is False .*\(NoSteel\): steel \\u001b\[2J\\u009b1mis short\\r\\n- nothing is the matter$/m);
    expect(text).to.not.match(/[^\P{Cc}\n]/u);
  });

  it('tells causes before effects, and who blocks whom', async () => {
    yard.build = () => unmet('NoSteel', 'steel is short');
    await launch('a');
    await bed.advance('90s');
    expect(await findings()).to.deep.equal(['Built is False since 1m30s (NoSteel): steel is short', 'Manned waits for Built', 'Sailing waits for Manned']);
    expect((await explain()).conditions.map(({ type, waitsFor, blocks }) => [type, waitsFor, blocks])).to.deep.equal([
      ['Built', [], ['Manned', 'Ready']], ['Manned', ['Built'], ['Sailing', 'Ready']], ['Sailing', ['Manned'], ['Ready']], ['Ready', ['Built', 'Manned', 'Sailing'], []],
    ]);
  });

  it('says how many are to be looked at before, and what is under way', async () => {
    let finish: () => void = () => undefined;
    yard.wait = new Promise((resolve) => (finish = resolve));
    for (const name of ['a', 'b', 'c']) await launch(name);
    await bed.advance('5s');
    expect(await findings('a')).to.include('yard has been at it for 5s: build, man and sail have not ended');
    expect(await findings('c')).to.include.members(['yard has another object to look at before', 'yard has not looked at it yet']);
    const [reconciler] = (await explain('c')).reconcilers;
    expect(reconciler).to.deep.include({ state: 'ready', ahead: 1 });
    yard.wait = undefined;
    finish();
    await bed.settle();
    expect(await findings('c')).to.deep.equal([]);
  });

  it('says what holds an object that is to go, ours and others', async () => {
    await launch('a', {}, ['other.example.com/keep']);
    yard.scrap = () => held('there are still sailors aboard', '1h');
    await bed.api.delete(Ship, 'a');
    await bed.advance('2m');
    expect(await findings()).to.deep.equal([
      'Ship a was asked to go 2m ago', "finalizer other.example.com/keep is nobody's in this operator: whoever set it has to remove it", 'finalizer toys.example.com/scrap of yard is held: there are still sailors aboard',
    ]);
  });

  it('says that nobody takes an object for its own', async () => {
    await launch('a', { foreign: 'yes' });
    expect(await findings()).to.deep.equal(['no reconciler takes it for its own: yard leaves it alone (@When)']);
    expect(explanationText(await explain())).to.include('Left alone by yard (@When)');
  });

  it('remembers what is gone, and refuses what never was', async () => {
    yard.build = () => unmet('NoSteel', 'steel is short');
    await launch('a');
    await bed.api.delete(Ship, 'a');
    await bed.settle();
    expect(await findings()).to.deep.equal(['Ship a is gone; what follows is what was done last', 'yard said last, of build: steel is short']);
    const refused = await explain('b').then(() => undefined, (error: Error) => error);
    expect([refused?.name, refused?.message]).to.deep.equal(['ObjectNotFound', 'there is no Ship "b"']);
  });

  it('goes without a note that cannot be had', async () => {
    await launch('broken');
    expect((await explain('broken')).notes).to.deep.equal([]);
    expect(bed.logs.map(({ message }) => message)).to.include('an explainer threw');
  });
});
