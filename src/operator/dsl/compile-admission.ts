import type { AdmissionOptions } from './admission.js';
import type { Declaration } from './declaration.js';
import type { AdmissionHandlerPlan, KindPlan, ReconcilerClass, WebhookPlan } from './plan.js';
import type { Problems } from './problem.js';
import { classRecords } from './records.js';
import type { KindClass } from './resource.js';

export const ADMISSION_DECORATORS = ['Validates', 'Defaults'];
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE'];
const [SHORTEST, LONGEST, DEFAULT_TIMEOUT] = [1_000, 30_000, 10_000];

/** One decorated method, before those of one kind are brought together. */
export interface AdmissionMethod extends AdmissionHandlerPlan {
  readonly action: WebhookPlan['action'];
  readonly kind: KindPlan;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeout: number;
}

/** The admission methods of a class. */
export function admissionsOf(declaration: Declaration): AdmissionMethod[] {
  return declaration.methods<AdmissionOptions & { kind: KindClass }>(...ADMISSION_DECORATORS).flatMap(({ decorator, method, data }): AdmissionMethod[] => {
    const { operations = ['CREATE', 'UPDATE'], failurePolicy = 'Fail' } = data;
    const stored = data.kind && classRecords<{ of: () => KindClass }>(data.kind, 'Version')[0]?.of();
    if (stored) declaration.report(`the kind of @${decorator} is an older version; name the stored one, class ${stored.name}: the API server converts requests to it`, method);
    const kind = stored ? undefined : declaration.kind(data.kind, `the kind of @${decorator}`, method);
    if (operations.length === 0) declaration.report(`@${decorator} has no operations; leave them out for "CREATE" and "UPDATE"`, method);
    for (const operation of operations) declaration.choice(operation, decorator === 'Defaults' ? OPERATIONS.slice(0, 2) : OPERATIONS, 'operation', method);
    declaration.choice(failurePolicy, ['Fail', 'Ignore'], 'failurePolicy', method);
    const timeout = declaration.duration(data.timeout, 'timeout', method) ?? DEFAULT_TIMEOUT;
    if (timeout < SHORTEST || timeout > LONGEST || timeout % 1_000 !== 0) declaration.report(`timeout "${data.timeout}" has to be whole seconds from 1s to 30s, as API servers have it`, method);
    return kind ? [{ type: declaration.type as ReconcilerClass, method, operations, action: decorator === 'Defaults' ? 'Mutating' : 'Validating', kind, failurePolicy, timeout }] : [];
  });
}

/** One webhook for every kind and action, over the methods of all classes. */
export function webhooksOf(methods: readonly AdmissionMethod[], problems: Problems): WebhookPlan[] {
  const groups = new Map<string, AdmissionMethod[]>();
  for (const method of methods) {
    const id = `${method.action} ${method.kind.kind}.${method.kind.group}`;
    groups.set(id, [...(groups.get(id) ?? []), method]);
  }
  return [...groups.values()].map((group) => {
    const [{ action, kind, failurePolicy, timeout }] = group as [AdmissionMethod];
    for (const other of group) {
      for (const [what, value, first] of [['failurePolicy', other.failurePolicy, failurePolicy], ['timeout', `${other.timeout / 1_000}s`, `${timeout / 1_000}s`]] as const) {
        if (value !== first) problems.of(other.type)(`${what} "${value}" differs from "${first}" of ${group[0]?.type.name}.${group[0]?.method}; the ${kind.kind} has one ${action.toLowerCase()} webhook`, other.method);
      }
    }
    const verb = action === 'Mutating' ? 'mutate' : 'validate';
    return {
      action, kind, failurePolicy, timeout,
      name: `${verb}.${kind.plural}.${kind.group || 'core'}`,
      path: `/${verb}-${[kind.group.replaceAll('.', '-'), kind.version, kind.kind.toLowerCase()].filter(Boolean).join('-')}`,
      operations: OPERATIONS.filter((operation) => group.some(({ operations }) => operations.some((each) => each === operation))) as WebhookPlan['operations'],
      handlers: group.map(({ type, method, operations }) => ({ type, method, operations })),
    };
  });
}
