import type { Duration } from '../duration.js';
import type { Declaration } from './declaration.js';
import type { EventSourcePlan, KindPlan, RuleDeclaration, WatchPlan } from './plan.js';
import type { ObjectChange } from './predicate.js';
import { classRecords } from './records.js';
import type { KindClass } from './resource.js';
import type { EventSource, Token } from './token.js';

interface WatchData {
  kind: KindClass;
  when?: (change: ObjectChange) => boolean;
  priority?: number;
  debounce?: Duration;
  optional?: boolean;
  metadataOnly?: boolean;
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'use', 'bind', 'escalate', 'impersonate', 'approve', 'sign', '*'];

/** The watches of a reconciler or a singleton. */
export function watchesOf(declaration: Declaration): WatchPlan[] {
  return declaration.methods<WatchData>('Watches').flatMap(({ method, data }) => {
    const kind = declaration.kind(data.kind, 'the kind of @Watches', method);
    const debounce = declaration.duration(data.debounce, 'debounce', method);
    if (data.priority !== undefined && !Number.isFinite(data.priority)) declaration.report(`priority ${data.priority} is not a number`, method);
    if (!kind) return [];
    return [{
      method,
      kind,
      ...(data.when ? { when: data.when } : {}),
      priority: data.priority ?? 0,
      ...(debounce === undefined ? {} : { debounce }),
      optional: data.optional ?? false,
      metadataOnly: data.metadataOnly ?? false,
    }];
  });
}

export function eventSourcesOf(declaration: Declaration): EventSourcePlan[] {
  return declaration.methods<{ source: Token<EventSource<unknown>> }>('OnEvent').map(({ method, data: { source } }) => {
    if (typeof source !== 'symbol') declaration.report(`the source of @OnEvent is ${String(source)}; give the token under which the container has the source`, method);
    return { method, source };
  });
}

export const readsOf = (declaration: Declaration, reads: readonly KindClass[] = []): KindPlan[] =>
  reads.flatMap((type) => declaration.kind(type, 'a kind of reads') ?? []);

/** The extra permissions of a class. */
export function rulesOf(declaration: Declaration): readonly RuleDeclaration[] {
  const rules = classRecords<RuleDeclaration>(declaration.type, 'RBAC');
  for (const { groups, resources, verbs, why } of rules) {
    for (const [what, values] of Object.entries({ groups, resources, verbs })) if (values.length === 0) declaration.report(`@RBAC has no ${what}`);
    for (const verb of verbs) declaration.choice(verb, VERBS, '@RBAC verb');
    if (why.trim() === '') declaration.report('@RBAC does not say why the rule is needed');
  }
  return rules;
}
