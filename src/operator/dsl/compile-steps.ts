import type { Duration } from '../duration.js';
import type { KubeObject } from '../kube/object.js';
import type { ConditionOptions, StepOptions } from './decorators.js';
import type { Declaration } from './declaration.js';
import type { CatchPlan, DeadlinePlan, FinalizerPlan, StepPlan } from './plan.js';
import { alternatives } from './problem.js';

type ConditionData = { type: string } & ConditionOptions<string, KubeObject, unknown>;

const CONDITION_TYPE = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const FINALIZER = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** The steps of a reconciler, every one after those it depends on, otherwise as declared. */
export function stepsOf(declaration: Declaration): StepPlan[] {
  const records = declaration.methods<ConditionData | StepOptions<string>>('Condition', 'Step');
  const types = records.flatMap(({ decorator, data }) => (decorator === 'Condition' ? [(data as ConditionData).type] : []));
  const steps = records.map(({ decorator, method, data }): StepPlan => {
    const condition = decorator === 'Condition' ? (data as ConditionData) : undefined;
    const dependsOn = (condition ? condition.dependsOn : (data as StepOptions<string>).after) ?? [];
    for (const dependency of dependsOn) {
      if (!types.includes(dependency)) {
        const what = condition ? `condition "${condition.type}" depends on` : 'the step comes after';
        declaration.report(`${what} "${dependency}", which no step of this class owns.${alternatives(dependency, types.filter((other) => other !== condition?.type))}`, method);
      }
    }
    if (condition) checkCondition(declaration, method, condition);
    const every = declaration.duration(data.every, 'every', method);
    if (every === 0) declaration.report('every "0s" would run without a pause', method);
    return {
      method,
      ...(condition ? { condition: condition.type } : {}),
      dependsOn,
      blocked: condition?.blocked ?? 'unknown',
      ...(condition?.blockedMessage === undefined ? {} : { blockedMessage: condition.blockedMessage }),
      latch: condition?.latch ?? false,
      whileDeleting: !condition && ((data as StepOptions<string>).whileDeleting ?? false),
      ...(every === undefined ? {} : { every }),
      ...(condition?.enabled ? { enabled: condition.enabled } : {}),
      optional: condition?.optional ?? false,
      ...(condition?.failedReason === undefined ? {} : { failedReason: condition.failedReason }),
    };
  });
  reportRepeated(declaration, records, steps);
  return inOrder(declaration, steps);
}

function checkCondition(declaration: Declaration, method: string, { type, blocked, dependsOn = [], failedReason }: ConditionData): void {
  if (!CONDITION_TYPE.test(type) || type.length > 316) declaration.report(`condition type "${type}" is not a CamelCase word, such as "Launched"`, method);
  if (blocked !== undefined) {
    declaration.choice(blocked, ['unknown', 'propagate'], 'blocked', method);
    if (dependsOn.length === 0) declaration.report(`blocked: '${blocked}' without dependsOn: nothing can block it`, method);
  }
  if (typeof failedReason === 'string' && !REASON.test(failedReason)) declaration.report(`failedReason "${failedReason}" is not a CamelCase word`, method);
}

function reportRepeated(declaration: Declaration, records: readonly { method: string }[], steps: readonly StepPlan[]): void {
  for (const [at, { method }] of records.entries()) {
    const first = records.findIndex((other) => other.method === method);
    if (first !== at) declaration.report('is more than one step; give every @Condition and @Step a method of its own', method);
  }
  for (const [at, { condition, method }] of steps.entries()) {
    const owner = condition === undefined ? undefined : steps.slice(0, at).find((other) => other.condition === condition && other.method !== method);
    if (owner) declaration.report(`condition "${condition}" already belongs to method "${owner.method}"`, method);
  }
}

/** Sorts by dependency, keeping the declared order where it can; reports cycles and leaves their steps at the end. */
function inOrder(declaration: Declaration, steps: readonly StepPlan[]): StepPlan[] {
  const known = new Set(steps.flatMap(({ condition }) => condition ?? []));
  const placed = new Set<string>();
  const sorted: StepPlan[] = [];
  let rest = [...steps];
  while (rest.length > 0) {
    const next = rest.find(({ dependsOn }) => dependsOn.every((dependency) => placed.has(dependency) || !known.has(dependency)));
    if (!next) {
      reportCycle(declaration, rest);
      return [...sorted, ...rest];
    }
    rest = rest.filter((step) => step !== next);
    sorted.push(next);
    if (next.condition !== undefined) placed.add(next.condition);
  }
  return sorted;
}

function reportCycle(declaration: Declaration, steps: readonly StepPlan[]): void {
  const owners = new Map(steps.flatMap((step) => (step.condition === undefined ? [] : [[step.condition, step] as const])));
  const path: string[] = [];
  let current = [...owners.values()][0] as StepPlan;
  while (current.condition !== undefined && !path.includes(current.condition)) {
    path.push(current.condition);
    current = owners.get(current.dependsOn.find((dependency) => owners.has(dependency)) as string) as StepPlan;
  }
  const start = current.condition as string;
  declaration.report(`conditions depend on each other in a circle: ${[...path.slice(path.indexOf(start)), start].join(' -> ')}`, current.method);
}

export function deadlinesOf(declaration: Declaration, steps: readonly StepPlan[]): DeadlinePlan[] {
  const types = steps.flatMap(({ condition }) => condition ?? []);
  type Within = Duration | DeadlinePlan['within'];
  return declaration.methods<{ condition: string; within: Within }>('Deadline').map(({ method, data: { condition, within } }) => {
    if (!types.includes(condition)) {
      declaration.report(`the deadline is for condition "${condition}", which no step of this class owns.${alternatives(condition, types)}`, method);
    }
    if (typeof within === 'function') return { method, condition, within };
    const length = declaration.duration(within, `the deadline of "${condition}",`, method) ?? 0;
    return { method, condition, within: () => length };
  });
}

export function finalizersOf(declaration: Declaration): FinalizerPlan[] {
  return declaration.methods<{ name: string }>('Finalizer').map(({ method, data: { name } }, at, all) => {
    if (all.slice(0, at).some((other) => other.data.name === name)) declaration.report(`finalizer "${name}" is declared twice in this class`, method);
    if (!FINALIZER.test(name)) declaration.report(`finalizer "${name}" has to be a domain and a name, such as "example.com/cleanup"`, method);
    return { method, name };
  });
}

export function catchesOf(declaration: Declaration): CatchPlan[] {
  const seen = new Map<unknown, string>();
  return declaration.methods<{ errors: CatchPlan['errors'] }>('Catches').map(({ method, data: { errors } }) => {
    for (const error of errors) {
      const isError = typeof error === 'function' && ((error as unknown) === Error || error.prototype instanceof Error);
      if (!isError) declaration.report(`@Catches names ${typeof error === 'function' ? (error as { name: string }).name : String(error)}, which is no class of errors`, method);
      const other = seen.get(error);
      if (isError && other !== undefined) declaration.report(`${error.name} is already caught by method "${other}"`, method);
      seen.set(error, method);
    }
    return { method, errors };
  });
}
