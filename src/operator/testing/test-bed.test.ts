import { expect } from 'chai';
import { ContainerModule, inject } from 'inversify';
import { Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { token } from '../dsl/token.js';
import { Node } from '../kinds/core.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { testBed } from './test-bed.js';

interface Weather { today(): string }
const Weather = token<Weather>('test.Weather');
/** Injects the weather, and is injected itself: what stands in for the weather has to reach this deep. */
class Forecast {
  constructor(@inject(Weather) private readonly weather: Weather) {}
  get text(): string { return this.weather.today(); }
}
const weather = new ContainerModule(({ bind }) => {
  bind<Weather>(Weather).toConstantValue({ today: () => 'rain' });
  bind(Forecast).toSelf().inSingletonScope();
});

@Reconciler({ for: Node, name: 'weather', root: false })
class Labels {
  constructor(@inject(Forecast) private readonly forecast: Forecast) {}
  @Step() step({ metadata: { labels } }: Node): Outcome {
    labels['weather'] = this.forecast.text;
    return done();
  }
}

describe('a service that a test puts in the place of another', () => {
  const labelled = async (fake?: Weather): Promise<(name: string) => Promise<string | undefined>> => {
    const bed = await testBed(reconcilers(Labels), weather);
    if (fake) bed.override<Weather>(Weather, fake);
    beds.push(bed);
    return async (name) => {
      await bed.api.create(Node, { metadata: { name } } as never);
      await bed.settle();
      return (await bed.api.get(Node, name)).metadata.labels['weather'];
    };
  };
  const beds: Awaited<ReturnType<typeof testBed>>[] = [];
  afterEach(() => Promise.all(beds.splice(0).map((bed) => bed.close())));

  it('reaches everything that is made of it, in this bed alone', async () => {
    const [faked, real] = [await labelled({ today: () => 'sun' }), await labelled()];
    expect([await faked('n'), await real('n')]).to.deep.equal(['sun', 'rain']);
  });

  it('stays after a restart and a crash, and comes too late after the start', async () => {
    const label = await labelled({ today: () => 'sun' });
    const [bed] = beds as [Awaited<ReturnType<typeof testBed>>];
    await bed.start();
    expect(() => bed.override<Weather>(Weather, { today: () => 'snow' })).to.throw('override before the first settle(), advance() or start()');
    expect(() => bed.operator.override<Weather>(Weather, { today: () => 'snow' })).to.throw('the operator has been started');
    await bed.restart();
    expect(await label('restarted')).to.equal('sun');
    bed.crash();
    expect(await label('crashed')).to.equal('sun');
  });
});

describe('an operator that never comes to rest', () => {
  it('is ended, with the name of what runs on and on', async () => {
    @Reconciler({ for: Node, name: 'restless', root: false })
    class Restless {
      @Step() step({ metadata: { labels } }: Node): Outcome {
        labels['runs'] = `${Number(labels['runs'] ?? 0) + 1}`;
        return done();
      }
    }
    const bed = await testBed(reconcilers(Restless));
    try {
      await bed.api.create(Node, { metadata: { name: 'n' } });
      const ended = await bed.settle().then(() => 'it came to rest', (error: Error) => error.message);
      expect(ended).to.equal('restless ran 1501 times for n without any time passing: what it writes wakes it, or what wakes it undoes what it writes');
    } finally {
      await bed.close();
    }
  });
});
