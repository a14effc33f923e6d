import type { JSONSchemaProps, ValidationRule } from '../dsl/json-schema.js';
import { nearest } from '../dsl/problem.js';
import type { Findings } from './incompatibility.js';

const normal = (rule: string): string => rule.replaceAll(/\s+/g, ' ').trim();

/** Whether a rule lets objects be that it would not let in today: it may look at what they were, and may have been nothing. */
const ratchets = ({ rule, optionalOldSelf }: ValidationRule): boolean => optionalOldSelf === true && /\boldSelf\b/.test(rule);

/** Whether a rule says nothing about objects that lack a field which they could not have before. */
function isGuarded({ rule }: ValidationRule, before: JSONSchemaProps): boolean {
  const guard = /^\(?\s*(?:!\s*has\(self\.(\w+)\)\s*\|\||has\(self\.(\w+)\)\s*\?[\s\S]*:\s*true\s*\)?$)/.exec(rule);
  const field = guard?.[1] ?? guard?.[2];
  return field !== undefined && before.properties?.[field] === undefined && before['x-kubernetes-preserve-unknown-fields'] !== true;
}

/** Rules that were not there: each may refuse what was accepted, whatever it took the place of. */
export function compareRules(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path: string): void {
  const former = (before['x-kubernetes-validations'] ?? []).map(({ rule }) => normal(rule));
  const rules = after['x-kubernetes-validations'] ?? [];
  const gone = former.filter((rule) => !rules.some((other) => normal(other.rule) === rule));
  for (const rule of rules) {
    const isKnown = former.includes(normal(rule.rule));
    if (isKnown || ratchets(rule) || isGuarded(rule, before)) continue;
    findings.report('rule-tightened', path, {
      before: nearest(rule.rule, gone) ?? (gone.length === 1 ? gone[0] : undefined),
      after: rule.rule,
      accepted: 'a rule that lets be what is there already (optionalOldSelf: true and, say, "oldSelf.hasValue() || …"), one about a new field only ("!has(self.new) || …"), or the rule with a new version of the API',
    });
  }
}
