import { Optional } from '@marcbachmann/cel-js';
import { NO_OLD_VALUE, oldField, oldItem, type OldValue } from '../schema/correlate.js';
import type { FieldError } from '../schema/field-error.js';
import { at, child, duplicate, forbidden, invalid, required } from '../schema/field-error.js';
import { jsonType, sameJson } from '../schema/json.js';
import type { Schema, ValidationRule } from '../schema/schema.js';
import { isObject, ownValue, propertiesOf } from '../schema/schema.js';
import { toCel } from './convert.js';
import { CostLimitError } from './metered.js';
import { evaluationProblem } from './evaluation-problem.js';
import { compileRule, type CompiledRule } from './rule.js';

/** What running all rules on one object may cost; kube-apiserver's, about a second of its time. */
const BUDGET = 10_000_000;

/**
 * Runs every `x-kubernetes-validations` rule of a schema on a value. Transition rules run when there is an old value (or
 * with `optionalOldSelf`, always); a rule about `self` alone is waived where nothing changed, there or around it.
 * @param waive gets what is waived.
 */
export function validateRules(value: unknown, schema: Schema, path = '', old: OldValue = NO_OLD_VALUE, waive: (error: FieldError) => void = () => undefined): FieldError[] {
  return hasRules(schema) ? new Validation(waive).visit(value, schema, path, old, false) : [];
}

const withRules = new WeakMap<Schema, boolean>();

/** Whether there is any rule in a schema: most subtrees have none and need no walk. */
function hasRules(schema: Schema): boolean {
  let found = withRules.get(schema);
  if (found === undefined) {
    const parts = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties].filter((part) => typeof part === 'object');
    found = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || parts.some(hasRules);
    withRules.set(schema, found);
  }
  return found;
}

class Validation {
  /** Of the budget; nothing runs once it is negative. */
  private left = BUDGET;

  constructor(private readonly waive: (error: FieldError) => void) {}

  /** @param isSettled the value is part of one that did not change. */
  visit(value: unknown, schema: Schema, path: string, old: OldValue, isSettled: boolean): FieldError[] {
    if (value === undefined || value === null || !hasRules(schema)) return [];
    const unchanged = isSettled || (old !== NO_OLD_VALUE && sameJson(value, old));
    const errors = this.runRules(value, schema, path, old, unchanged);
    if (Array.isArray(value)) {
      const { items } = schema;
      if (items) for (const [index, item] of value.entries()) this.into(errors, item, items, at(path, index), oldItem(old, item, schema), unchanged);
    } else if (isObject(value)) {
      for (const [name, item] of Object.entries(value)) {
        const property = ownValue(propertiesOf(schema), name);
        if (property) this.into(errors, item, property, child(path, name), oldField(old, name), unchanged);
        else if (typeof schema.additionalProperties === 'object') this.into(errors, item, schema.additionalProperties, at(path, name), oldField(old, name), unchanged);
      }
    }
    return errors;
  }

  private into(errors: FieldError[], ...part: Parameters<Validation['visit']>): void {
    if (this.left >= 0) errors.push(...this.visit(...part));
  }

  private runRules(value: unknown, schema: Schema, path: string, old: OldValue, unchanged: boolean): FieldError[] {
    const rules = schema['x-kubernetes-validations'] ?? [];
    if (rules.length === 0) return [];
    const self = toCel(value, schema);
    return rules.map(compileRule).flatMap((compiled) => {
      if (this.left < 0) return [];
      if (!compiled.usesOldSelf) {
        const broken = this.runRule(compiled, { self }, value, schema, path);
        if (!unchanged) return broken;
        broken.forEach(this.waive);
        return [];
      }
      const oldSelf = old === NO_OLD_VALUE ? undefined : toCel(old, schema);
      if (compiled.rule.optionalOldSelf) return this.runRule(compiled, { self, oldSelf: oldSelf === undefined ? Optional.none() : Optional.of(oldSelf) }, value, schema, path);
      return oldSelf === undefined ? [] : this.runRule(compiled, { self, oldSelf }, value, schema, path);
    });
  }

  private runRule(compiled: CompiledRule, variables: { self: unknown; oldSelf?: unknown }, value: unknown, schema: Schema, path: string): FieldError[] {
    const { rule } = compiled;
    const type = schema.type ?? jsonType(value);
    try {
      const { value: holds, cost } = compiled.holds(variables);
      this.left -= cost;
      if (this.left < 0) return [invalid(path, type, 'validation failed due to running out of cost budget, no further validation rules will be run')];
      if (holds === true) return [];
    } catch (error) {
      if (error instanceof CostLimitError) this.left = -1;
      return [invalid(path, type, failureText(error, rule))];
    }
    const message = compiled.messageOf(variables) ?? rule.message?.trim() ?? `failed rule: ${ruleText(rule)}`;
    const field = rule.fieldPath === undefined ? path : child(path, rule.fieldPath.replace(/^\./, '').replace(/\['([^']*)'\]/g, '[$1]')).replace(/\.\[/g, '[');
    return [ruleError(rule, field, value, message)];
  }
}

function failureText(error: unknown, rule: ValidationRule): string {
  if (error instanceof CostLimitError) return `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shownRule(rule)}`;
  const problem = evaluationProblem(error);
  return /^no such overload|^found no matching overload/.test(problem)
    ? `'${problem}': call arguments did not match a supported operator, function or macro signature for rule: ${rule.rule}`
    : `${problem} evaluating rule: ${shownRule(rule)}`;
}

/** What a rule that cannot be run is called by. */
const shownRule = (rule: ValidationRule): string => rule.message?.trim() || ruleText(rule);

const ruleText = ({ rule }: ValidationRule): string => rule.trim().split('\n')[0] ?? '';

function ruleError(rule: ValidationRule, field: string, value: unknown, message: string): FieldError {
  // Objects and lists are not shown.
  const isShown = typeof value !== 'object';
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbidden(field, message);
    case 'FieldValueRequired':
      return required(field, message);
    case 'FieldValueDuplicate':
      return isShown ? duplicate(field, value) : { reason: 'FieldValueDuplicate', field, message: 'Duplicate value' };
    default:
      return isShown ? invalid(field, value, message) : { ...invalid(field, '', message), message: `Invalid value: ${message}` };
  }
}
