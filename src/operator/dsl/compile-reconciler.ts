import { ADMISSION_DECORATORS } from './compile-admission.js';
import { eventSourcesOf, readsOf, rulesOf, watchesOf } from './compile-controller.js';
import { catchesOf, deadlinesOf, finalizersOf, stepsOf } from './compile-steps.js';
import type { Declaration } from './declaration.js';
import type { ReconcilerOptions } from './decorators.js';
import type { Concurrency, KindPlan, OwnedKindPlan, ReconcilerClass, ReconcilerPlan } from './plan.js';
import type { ObjectChange } from './predicate.js';
import { classRecords } from './records.js';
import type { KindClass } from './resource.js';
import type { KubeObject } from '../kube/object.js';

const MEMBERS = ['Condition', 'Step', 'Deadline', 'Finalizer', 'Catches', 'Watches', 'When', 'OnEvent', ...ADMISSION_DECORATORS];
const BACKOFF = { base: 5, max: 1_000_000, jitter: 0.1 };

/** A reconciler before the others of its kind are known: its root is only a type so far. */
export type LoneReconciler = Omit<ReconcilerPlan, 'root' | 'foreignConditions'> & { readonly rootType: string | undefined };

interface OwnsData {
  kind: KindClass;
  when?: (change: ObjectChange) => boolean;
  optional?: boolean;
  metadataOnly?: boolean;
}

export function compileReconciler(declaration: Declaration, options: ReconcilerOptions<KubeObject>): LoneReconciler | undefined {
  declaration.allow('reconciler', MEMBERS);
  declaration.name(options.name);
  const kind = declaration.kind(options.for, 'the kind of @Reconciler (for)');
  const steps = stepsOf(declaration);
  const finalizers = finalizersOf(declaration);
  if (steps.length === 0 && finalizers.length === 0) declaration.report('has no @Condition, @Step or @Finalizer: it would do nothing');
  if (options.root !== undefined && options.root !== false) declaration.choice(options.root, ['Ready', 'Succeeded'], 'root');
  if (options.conditions !== undefined) declaration.choice(options.conditions, ['ordered', 'parallel'], 'conditions');
  if (options.transitionEvents !== undefined) declaration.choice(options.transitionEvents, ['byOutcome', 'normal', 'none'], 'transitionEvents');
  checkLimits(declaration, options);
  const { priority = 0, when, fairBy, rate } = options;
  const timeout = declaration.timeout(options.timeout);
  const hasConditions = steps.some(({ condition }) => condition !== undefined);
  if (hasConditions && kind?.definition && !kind.statusSubresource) {
    declaration.report(`has conditions, and ${kind.kind} no status to keep them in, so that API servers drop them; give its @ResourceKind a status, such as () => s.object({})`);
  }
  const plan = {
    type: declaration.type as ReconcilerClass,
    name: options.name,
    ...(when ? { when } : {}),
    concurrency: options.concurrency ?? 10,
    backoff: declaration.backoff(options.backoff, BACKOFF),
    ...(rate ? { rate } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    priority: typeof priority === 'function' ? priority : () => priority,
    ...(fairBy ? { fairBy } : {}),
    jitter: declaration.fraction(options.jitter, 'jitter', 0.1),
    order: options.conditions ?? 'ordered',
    settles: options.settles ?? false,
    transitionEvents: options.transitionEvents ?? 'byOutcome',
    steps,
    deadlines: deadlinesOf(declaration, steps),
    finalizers,
    catches: catchesOf(declaration),
    watches: watchesOf(declaration),
    owns: kind ? ownsOf(declaration, kind) : [],
    eventSources: eventSourcesOf(declaration),
    predicates: declaration.methods('When').map(({ method }) => method),
    reads: readsOf(declaration, options.reads),
    rules: rulesOf(declaration),
    rootType: options.root === false ? undefined : (options.root ?? (hasConditions ? 'Ready' : undefined)),
  };
  return kind && { ...plan, kind };
}

function ownsOf(declaration: Declaration, owner: KindPlan): OwnedKindPlan[] {
  return classRecords<OwnsData>(declaration.type, 'Owns').flatMap(({ kind: type, when, optional = false, metadataOnly = false }) => {
    const kind = declaration.kind(type, 'the kind of @Owns');
    if (!kind) return [];
    if (owner.namespaced && !kind.namespaced) declaration.report(`@Owns ${kind.kind}: a cluster-scoped object cannot be owned by a namespaced ${owner.kind}`);
    return [{ kind, ...(when ? { when } : {}), optional, metadataOnly }];
  });
}

function checkLimits(declaration: Declaration, { concurrency, rate, priority }: ReconcilerOptions<KubeObject>): void {
  for (const [what, value] of Object.entries(concurrencyNumbers(concurrency))) {
    if (!(value > 0)) declaration.report(`${what} ${value} has to be above 0`);
  }
  if (typeof concurrency === 'object' && concurrency.min > concurrency.max) declaration.report(`concurrency.min ${concurrency.min} is above concurrency.max ${concurrency.max}`);
  if (rate && !(rate.qps > 0 && rate.burst >= 1)) declaration.report(`rate has to have qps above 0 and burst of at least 1, not ${rate.qps} and ${rate.burst}`);
  if (typeof priority === 'number' && !Number.isFinite(priority)) declaration.report(`priority ${priority} is not a number`);
}

const concurrencyNumbers = (concurrency: Concurrency = 1): Record<string, number> =>
  typeof concurrency === 'number'
    ? { concurrency }
    : {
      'concurrency.perCpu': concurrency.perCpu, 'concurrency.min': concurrency.min, 'concurrency.max': concurrency.max,
      ...(concurrency.first === undefined ? {} : { 'concurrency.first': concurrency.first }),
    };
