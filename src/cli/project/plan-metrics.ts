import { ContainerModule } from 'inversify';
import { Condition, ObservedConditions, Reconciler, Startable, createOperator, done, reconcilers, silentLogger } from '../../operator/index.js';
import type { KindClass, KubeTransport, MetricSurface, Metrics, Operator, Outcome, Plan, ReconcilerClass } from '../../operator/index.js';
import { TestBed } from '../../operator/testing/index.js';

interface Family { name: string; type?: string; constructor: { name: string }; labelNames?: readonly string[] }

/** What is registered, by name. */
export const familiesOf = ({ registry }: Metrics): MetricSurface[] => (registry.getMetricsAsArray() as unknown as Family[]).map((metric) => ({
  name: metric.name,
  // A gauge that is read at every scrape is a gauge.
  type: /counter|histogram|summary/i.exec(metric.constructor.name)?.[0].toLowerCase() ?? 'gauge',
  labels: [...(metric.labelNames ?? [])],
})).sort((a, b) => (a.name < b.name ? -1 : 1));

const classesOf = ({ reconcilers: driven, singletons, webhooks }: Plan): ReconcilerClass[] => [...new Set([...driven, ...singletons, ...webhooks.flatMap(({ handlers }) => handlers)].map(({ type }) => type))];

/** Answers every request with a refusal: what is constructed must not depend on a cluster. */
const refusing: KubeTransport = {
  send: () => Promise.resolve({ status: 403, headers: { 'content-type': 'application/json' }, body: noCluster() }),
  close: () => Promise.resolve(),
};
// oxlint-disable-next-line typescript/require-await -- a body is read as it comes
async function* noCluster(): AsyncGenerator<string> {
  yield JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'no cluster', reason: 'Forbidden', code: 403 });
}

/** A reconciler that has conditions of a kind, and nothing to do. */
function standIn(kind: KindClass, at: number): ReconcilerClass {
  @Reconciler({ for: kind, name: `stand-in-${at}`, root: false })
  class StandIn {
    @Condition('Any' as never)
    step(): Outcome { return done(); }
  }
  return StandIn;
}

/** What the framework reports about the kinds of a plan: seen in an operator of stand-ins that runs for a moment. */
async function frameworkMetrics({ reconcilers: driven }: Plan, observed: readonly ObservedConditions<never>[]): Promise<MetricSurface[]> {
  const kinds = new Set(driven.filter(({ steps }) => steps.some(({ condition }) => condition !== undefined)).map(({ kind }) => kind.type));
  const conditions = new ContainerModule(({ bind }) => { for (const one of observed) bind(ObservedConditions).toConstantValue(one); });
  const bed = await TestBed.of([reconcilers(...[...new Set([...kinds, ...observed.map(({ kind }) => kind)])].map(standIn)), conditions], { operator: { leaderElection: true, logger: silentLogger } });
  try {
    await bed.settle();
    return familiesOf(bed.operator.metrics);
  } finally {
    await bed.close();
  }
}

/** What the project's own classes and services report, as far as they can be constructed without a cluster; `skipped` hears of the others. */
async function ownMetrics(operator: Operator, plan: Plan, skipped: (what: string, error: Error) => void): Promise<MetricSurface[]> {
  const { container } = operator;
  for (const type of classesOf(plan)) await container.getAsync(type as new () => object).catch((error: Error) => skipped(type.name, error));
  if (container.isBound(Startable)) await container.getAllAsync(Startable).catch((error: Error) => skipped('a service', error));
  return familiesOf(operator.metrics);
}

/** The metrics of an operator that runs these modules, by name. Those that services register when they are started are not among them. */
export async function metricsOf(modules: readonly ContainerModule[], plan: Plan, skipped: (what: string, error: Error) => void): Promise<MetricSurface[]> {
  const operator = createOperator({ name: 'surface', transport: refusing, logger: silentLogger, ports: false, processMetrics: false });
  await operator.container.loadAsync(...modules);
  const observed = operator.container.isBound(ObservedConditions) ? operator.container.getAll<ObservedConditions<never>>(ObservedConditions) : [];
  const families = [...await frameworkMetrics(plan, observed), ...await ownMetrics(operator, plan, skipped)];
  return [...new Map(families.map((family) => [family.name, family])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
