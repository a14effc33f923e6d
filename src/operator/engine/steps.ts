import type { Outcome } from '../dsl/outcome.js';
import type { StepPlan } from '../dsl/plan.js';
import { roughly } from '../duration.js';
import type { Condition, KubeObject } from '../kube/object.js';
import { applyOutcome, clearCondition, conditionOf, initializeConditions, isCurrent, isMet, setCondition, timestamp } from './conditions.js';
import { asError, failedMessage, failedReason } from './failure.js';
import type { KeyRun } from './key-run.js';
import { isOutcome } from './key-run.js';

/** Runs the steps of a living object: every one as soon as its dependencies are met, the others as blocked. */
export async function runSteps<T extends KubeObject>(run: KeyRun<T>): Promise<void> {
  const { plan, instance } = run.input;
  const enabled = plan.steps.filter((step) => !step.enabled || step.enabled(run.base, instance));
  for (const { condition } of plan.steps.filter((step) => !enabled.includes(step))) if (condition !== undefined) run.disabled.add(condition);
  const own = enabled.flatMap(({ condition }) => condition ?? []);
  const expected = (plan.root?.dependents ?? []).filter((type) => !run.disabled.has(type) && !plan.root?.tentative.includes(type));
  run.edit((draft) => {
    for (const type of run.disabled) clearCondition(draft, type);
    initializeConditions(draft, [...own, ...expected]);
  });

  if (plan.order === 'ordered') {
    for (const step of enabled) await runStep(run, step);
  } else {
    const started = new Map<string, Promise<void>>();
    await Promise.all(enabled.map((step) => {
      const dependencies = step.dependsOn.flatMap((type) => started.get(type) ?? []);
      const finished = Promise.all(dependencies).then(() => runStep(run, step));
      if (step.condition !== undefined) started.set(step.condition, finished);
      return finished;
    }));
    // They ended in any order; two runs that did the same should look the same.
    const place = new Map(enabled.map(({ method }, index) => [method, index]));
    run.steps.sort((a, b) => (place.get(a.name) ?? 0) - (place.get(b.name) ?? 0));
  }
  const { signal } = run.input.host.context;
  if (signal.aborted) run.errors.push(asError(signal.reason));
  else await runDeadlines(run);
}

/** Runs what a deleted object's steps still have to do, beside its finalizers. */
export async function runStepsOfDeleted<T extends KubeObject>(run: KeyRun<T>): Promise<void> {
  for (const step of run.input.plan.steps) if (step.whileDeleting) await runStep(run, step);
}

async function runStep<T extends KubeObject>(run: KeyRun<T>, step: StepPlan): Promise<void> {
  if (run.input.host.context.signal.aborted) return;
  run.restoreConditions();
  const { method, condition: type } = step;
  const unmet = step.dependsOn.filter((dependency) => !run.disabled.has(dependency) && !isMet(run.draft, dependency));
  const existing = type === undefined ? undefined : conditionOf(run.draft, type);
  if (existing && step.latch && existing.status === 'True') {
    run.edit((draft) => setCondition(draft, existing, existing.lastTransitionTime));
    run.steps.push({ name: method, result: 'latched', startedAt: run.now, duration: 0 });
    return;
  }
  if (unmet.length > 0) {
    block(run, step, unmet);
    return;
  }
  const { value, caught, error } = await run.attempt(method, isOutcome, ({ verdict }) => verdict);
  const outcome = value ?? caught;
  recheck(run, type ?? method, outcome);
  if (step.every !== undefined) run.recheck(step.every, `look at ${type ?? method} every ${roughly(step.every)}`);
  if (type === undefined) return;
  if ((error || outcome?.verdict === 'waiting') && hasExpired(run, type)) return;
  if (outcome && outcome.verdict !== 'done') run.input.memory.expired.delete(type);
  run.edit((draft) => {
    if (outcome) applyOutcome(draft, type, outcome, run.now);
    else if (error && conditionOf(draft, type)?.status !== 'True') {
      setCondition(draft, { type, status: 'Unknown', reason: failedReason(step, error), message: failedMessage(error) }, timestamp(run.now));
    }
  });
}

function block<T extends KubeObject>(run: KeyRun<T>, { method, condition: type, blocked, blockedMessage }: StepPlan, unmet: readonly string[]): void {
  run.steps.push({ name: method, result: 'blocked', startedAt: run.now, duration: 0, waitsFor: unmet });
  if (type === undefined || hasExpired(run, type)) return;
  const isFalse = blocked === 'propagate' && unmet.some((dependency) => {
    const condition = conditionOf(run.draft, dependency);
    return condition?.status === 'False' && isCurrent(run.draft, condition);
  });
  const message = blockedMessage ?? `waiting for ${unmet.join(', ')}`;
  run.edit((draft) => setCondition(draft, { type, status: isFalse ? 'False' : 'Unknown', reason: 'DependenciesNotReady', message }, timestamp(run.now)));
}

/** One wait for a condition. */
const deadlineOf = (type: string, condition: Condition | undefined): string => `${type}=${condition?.status}@${condition?.lastTransitionTime}`;

/** Whether a deadline has made the condition False, at this generation, and nothing has become of it since: more waiting does not take that back. */
function hasExpired<T extends KubeObject>({ draft, input: { memory } }: KeyRun<T>, type: string): boolean {
  return conditionOf(draft, type)?.status === 'False' && memory.expired.has(type) && memory.expired.get(type) === draft.metadata.generation;
}

/** Runs the deadlines that have passed, and wakes exactly when the next one will. */
async function runDeadlines<T extends KubeObject>(run: KeyRun<T>): Promise<void> {
  const { plan, instance, memory } = run.input;
  for (const { method, condition: type, within } of plan.deadlines) {
    const condition = conditionOf(run.draft, type);
    if (!condition || condition.status === 'True' || run.disabled.has(type) || hasExpired(run, type)) continue;
    const id = deadlineOf(type, condition);
    if (memory.deadlines.has(id)) continue;
    const due = Date.parse(condition.lastTransitionTime) + (run.length(() => within(run.base, instance)) ?? Infinity);
    // A time that cannot be read must not look like one that has passed.
    if (!Number.isFinite(due)) continue;
    if (run.now < due) {
      run.deadlineIn(due - run.now, type);
      continue;
    }
    const { value, caught, error } = await run.attempt(method, isOutcome, ({ verdict }) => verdict);
    if (error) continue;
    memory.deadlines.add(id);
    const outcome = value ?? caught;
    if (!outcome) continue;
    recheck(run, type, outcome);
    run.edit((draft) => applyOutcome(draft, type, outcome, run.now));
    if (outcome.verdict !== 'unmet') continue;
    memory.expired.set(type, run.draft.metadata.generation);
    memory.deadlines.add(deadlineOf(type, conditionOf(run.draft, type)));
  }
}

/** The look at a condition, or at a step that owns none, that an outcome asks for. */
function recheck<T extends KubeObject>(run: KeyRun<T>, what: string, outcome: Outcome | undefined): void {
  if (outcome?.recheckAfter !== undefined) run.recheck(outcome.recheckAfter, `recheck of ${what}${outcome.reason ? ` (${outcome.reason})` : ''}`);
}
