import type { CounterConfiguration, GaugeConfiguration, HistogramConfiguration, MetricObjectWithValues, MetricValue, SummaryConfiguration } from 'prom-client';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';

type Named<C> = Omit<C, 'registers'>;

/** One series of a {@link Metrics.derived} gauge. */
export type Sample = MetricValue<string>;
type Read = () => readonly Sample[] | Promise<readonly Sample[]>;

class DerivedGauge extends Gauge {
  constructor(private readonly described: GaugeConfiguration<string>, private readonly read: Read) {
    super(described);
  }

  override async get(): Promise<MetricObjectWithValues<Sample>> {
    const { name, help } = this.described;
    // prom-client's own MetricType is an enum of its declarations alone.
    return { name, help, type: 'gauge', aggregator: 'sum', values: await this.read() } as unknown as MetricObjectWithValues<Sample>;
  }
}

/**
 * The operator's metrics, served at `/metrics`. A module injects it and asks for its own; asking twice for a name gives the same metric.
 */
export class Metrics {
  readonly registry = new Registry();

  counter<L extends string>(configuration: Named<CounterConfiguration<L>>): Counter<L> {
    return this.#named(configuration.name, Counter<L>, () => new Counter({ ...configuration, registers: [this.registry] }));
  }

  gauge<L extends string>(configuration: Named<GaugeConfiguration<L>>): Gauge<L> {
    return this.#named(configuration.name, Gauge<L>, () => new Gauge({ ...configuration, registers: [this.registry] }));
  }

  /**
   * A gauge that keeps no values: `read` makes them whenever somebody asks. For series that follow from what is known anyway: they are
   * always as of now, cost nothing between two scrapes, and thousands of them take no memory.
   */
  derived(configuration: Pick<GaugeConfiguration<string>, 'name' | 'help' | 'labelNames'>, read: Read): void {
    this.#named(configuration.name, DerivedGauge, () => new DerivedGauge({ ...configuration, registers: [this.registry] }, read));
  }

  histogram<L extends string>(configuration: Named<HistogramConfiguration<L>>): Histogram<L> {
    return this.#named(configuration.name, Histogram<L>, () => new Histogram({ ...configuration, registers: [this.registry] }));
  }

  summary<L extends string>(configuration: Named<SummaryConfiguration<L>>): Summary<L> {
    return this.#named(configuration.name, Summary<L>, () => new Summary({ ...configuration, registers: [this.registry] }));
  }

  #named<M>(name: string, type: new (...args: never[]) => M, create: () => M): M {
    const known: unknown = this.registry.getSingleMetric(name);
    if (known === undefined) return create();
    if (known instanceof type) return known;
    throw new TypeError(`metric "${name}" is there already, as another type than ${type.name}`);
  }
}
