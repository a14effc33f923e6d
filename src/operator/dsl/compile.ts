import type { KubeObject } from '../kube/object.js';
import type { AdmissionMethod } from './compile-admission.js';
import { ADMISSION_DECORATORS, admissionsOf, webhooksOf } from './compile-admission.js';
import { compileReconciler } from './compile-reconciler.js';
import type { LoneReconciler } from './compile-reconciler.js';
import { compileSingleton } from './compile-singleton.js';
import { conversionsOf } from './convert.js';
import { Declaration, KindPlans } from './declaration.js';
import type { ReconcilerOptions, SingletonOptions } from './decorators.js';
import { isKind } from './kind-plan.js';
import type { InformerPlan, KindPlan, Plan, ReconcilerPlan, SingletonPlan } from './plan.js';
import { Problems } from './problem.js';
import { classRecords } from './records.js';

type AnyClass = abstract new (...args: never[]) => unknown;

/**
 * Turns decorated classes (reconcilers, singletons, classes of webhooks, and kinds that should have a CRD) into one validated, frozen plan.
 * The order of the classes does not matter, a class that is given twice counts once. Throws {@link InvalidDeclarations} with
 * everything that is wrong.
 */
export function compile(classes: readonly AnyClass[]): Plan {
  const problems = new Problems();
  const kinds = new KindPlans(problems);
  const lone: LoneReconciler[] = [];
  const singletons: SingletonPlan[] = [];
  const admissions: AdmissionMethod[] = [];
  for (const type of new Set(classes)) {
    const declaration = new Declaration(type, problems, kinds);
    const reconcilers = classRecords<ReconcilerOptions<KubeObject>>(type, 'Reconciler');
    const singles = classRecords<SingletonOptions>(type, 'Singleton');
    if (reconcilers.length + singles.length > 1) declaration.report('is more than one controller; give every @Reconciler and @Singleton a class of its own');
    else if (reconcilers[0]) lone.push(...[compileReconciler(declaration, reconcilers[0])].filter((plan) => plan !== undefined));
    else if (singles[0]) singletons.push(compileSingleton(declaration, singles[0]));
    else if (isKind(type)) kinds.of(type);
    else if (declaration.methods(...ADMISSION_DECORATORS).length > 0) declaration.allow('class of webhooks', ADMISSION_DECORATORS);
    else declaration.report(`is neither a @Reconciler, a @Singleton nor a kind, and has no @Validates or @Defaults method${inheritedHint(type)}`);
    admissions.push(...admissionsOf(declaration));
  }
  checkNames([...lone, ...singletons], problems);
  checkFinalizers(lone, problems);
  const reconcilers = withRoots(lone, problems);
  const informers = informersOf(reconcilers, singletons);
  const webhooks = webhooksOf(admissions, problems);
  checkKinds(kinds.all(), problems);
  problems.throwIfAny();
  const known = kinds.all().sort(customFirst);
  return freeze({ kinds: known, reconcilers, singletons, informers, webhooks, conversions: conversionsOf(known) });
}

function inheritedHint(type: AnyClass): string {
  for (let base: unknown = Object.getPrototypeOf(type); typeof base === 'function' && base !== Function.prototype; base = Object.getPrototypeOf(base)) {
    for (const decorator of ['Reconciler', 'Singleton', 'ResourceKind']) {
      if (classRecords(base, decorator).length > 0) return `; its base class ${(base as { name: string }).name} has @${decorator}, which is not inherited`;
    }
  }
  return '';
}

const customFirst = (a: KindPlan, b: KindPlan): number => Number(b.definition !== undefined) - Number(a.definition !== undefined);

const identity = ({ group, kind }: KindPlan): string => (group === '' ? kind : `${kind}.${group}`);

function checkNames(controllers: readonly { name: string; type: AnyClass }[], problems: Problems): void {
  const owners = new Map<string, AnyClass>();
  for (const { name, type } of controllers) {
    const owner = owners.get(name);
    if (owner) problems.of(type)(`the name "${name}" already belongs to class ${owner.name}; names are unique among all controllers`);
    else owners.set(name, type);
  }
}

function checkFinalizers(reconcilers: readonly LoneReconciler[], problems: Problems): void {
  const owners = new Map<string, LoneReconciler>();
  for (const reconciler of reconcilers) {
    for (const { name, method } of reconciler.finalizers) {
      const id = `${identity(reconciler.kind)} ${name}`;
      const owner = owners.get(id);
      if (owner && owner !== reconciler) problems.of(reconciler.type)(`finalizer "${name}" on ${reconciler.kind.kind} already belongs to class ${owner.type.name}`, method);
      else owners.set(id, reconciler);
    }
  }
}

/** Gives every reconciler the root of its kind, over the conditions of all reconcilers that take part in it. */
function withRoots(lone: readonly LoneReconciler[], problems: Problems): ReconcilerPlan[] {
  return lone.map((reconciler) => {
    const { rootType, ...plan } = reconciler;
    const report = problems.of(plan.type);
    const siblings = lone.filter(({ kind }) => identity(kind) === identity(plan.kind));
    const others = siblings.filter((other) => other !== reconciler);
    const earlier = siblings.slice(0, siblings.indexOf(reconciler));
    for (const { condition, method } of plan.steps) {
      if (condition === undefined) continue;
      const owner = earlier.find(({ steps }) => steps.some((step) => step.condition === condition));
      if (owner) report(`condition "${condition}" of ${plan.kind.kind} already belongs to class ${owner.type.name}; a condition has one owner`, method);
      const root = siblings.find((sibling) => sibling.rootType === condition);
      if (root) report(`condition "${condition}" is the root of ${plan.kind.kind}, which is computed from the others`, method);
    }
    const foreignConditions = others.flatMap(({ steps }) => steps.flatMap(({ condition }) => condition ?? []));
    if (rootType === undefined) return { ...plan, foreignConditions };
    const rival = earlier.find((other) => other.rootType !== undefined && other.rootType !== rootType);
    if (rival) report(`root "${rootType}" differs from "${rival.rootType}" of class ${rival.type.name}; all reconcilers of ${plan.kind.kind} share one root`);
    const counted = siblings.filter((sibling) => sibling.rootType === rootType).flatMap((sibling) =>
      sibling.steps.flatMap(({ condition, optional, enabled }) => (condition === undefined || optional ? [] : [{ condition, isTentative: sibling !== reconciler && enabled !== undefined }])));
    if (counted.length === 0) report(`root "${rootType}" has no conditions to count; add a @Condition or set root: false`);
    const dependents = counted.map(({ condition }) => condition);
    const tentative = counted.filter(({ isTentative }) => isTentative).map(({ condition }) => condition);
    return { ...plan, foreignConditions, root: { type: rootType, dependents, tentative } };
  });
}

function informersOf(reconcilers: readonly ReconcilerPlan[], singletons: readonly SingletonPlan[]): InformerPlan[] {
  const informers = new Map<string, InformerPlan>();
  const need = (kind: KindPlan, { optional, metadataOnly }: { optional: boolean; metadataOnly: boolean }): void => {
    const id = identity(kind);
    const known = informers.get(id);
    informers.set(id, { kind: known?.kind ?? kind, optional: optional && (known?.optional ?? true), metadataOnly: metadataOnly && (known?.metadataOnly ?? true) });
  };
  const whole = { optional: false, metadataOnly: false };
  for (const { kind, owns } of reconcilers) {
    need(kind, whole);
    for (const owned of owns) need(owned.kind, owned);
  }
  for (const { watches, reads } of [...reconcilers, ...singletons]) {
    for (const watch of watches) need(watch.kind, watch);
    for (const kind of reads) need(kind, whole);
  }
  return [...informers.values()];
}

/** Two classes for one kind would have two stores, two schemas and two meanings. */
function checkKinds(kinds: readonly KindPlan[], problems: Problems): void {
  const owners = new Map<string, KindPlan>();
  for (const kind of kinds) {
    const owner = owners.get(identity(kind));
    if (owner) problems.of(kind.type)(`${identity(kind)} is already class ${owner.type.name}; a kind has one class`);
    else owners.set(identity(kind), kind);
  }
}

/** Freezes plain data all the way down; classes and functions stay as they are. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && !Array.isArray(value)) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
