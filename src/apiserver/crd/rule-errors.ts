import { product } from '../cel/cost-range.js';
import { type DeclaredType, declaredType, MOST_BYTES } from '../cel/declared-type.js';
import { checkRule, compileRule, type RuleCheck, RuleSyntaxError } from '../cel/rule.js';
import { at, child, type FieldError, forbidden, invalid, notSupported, required } from '../schema/field-error.js';
import type { Schema, ValidationRule } from '../schema/schema.js';
import { isObject } from '../schema/schema.js';
import { excess, RULE_COST_LIMIT, type RuleCostTotal } from './rule-costs.js';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Where in a CRD's schema a rule stands. */
export interface RuleSurroundings {
  /** The list or map around it of which no old value can be told for what is in it, so that transition rules make no sense. */
  uncorrelatable?: string;
  /** How often a value of this schema can be in one object; undefined where lists and maps around it have no bounds. */
  most: number | undefined;
  costs: RuleCostTotal;
}

/** How often the parts of a schema can be in one object in which it is itself `most` times. */
export function mostWithin({ type, additionalProperties, maxProperties, maxItems }: Schema, most: number | undefined): number | undefined {
  const each = type === 'array' ? maxItems : additionalProperties === undefined ? 1 : maxProperties;
  return most === undefined || each === undefined ? undefined : most * each;
}

/** What is wrong with how the validation rules of one schema are written down. */
export const ruleShapeErrors = (schema: Schema, path: string): FieldError[] => (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
  const place = at(child(path, 'x-kubernetes-validations'), index);
  const errors: FieldError[] = [];
  if (!rule.rule?.trim()) errors.push(required(child(place, 'rule'), 'rule is not specified'));
  else if (rule.message && rule.message.trim() === '') errors.push(invalid(child(place, 'message'), rule.message, 'must be non-empty if specified'));
  else if (rule.message?.trim().includes('\n')) errors.push(invalid(child(place, 'message'), rule.message, 'must not contain line breaks'));
  else if (!rule.message && rule.rule.trim().includes('\n')) errors.push(required(child(place, 'message'), 'message must be specified if rule contains line breaks'));
  if (rule.messageExpression && rule.messageExpression.trim() === '') errors.push(required(child(place, 'messageExpression'), 'messageExpression must be non-empty if specified'));
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) errors.push(notSupported(child(place, 'reason'), rule.reason, REASONS));
  return rule.fieldPath ? [...errors, ...fieldPathErrors(rule.fieldPath, schema, child(place, 'fieldPath'))] : errors;
});

const ABOUT_RULES = new WeakSet<FieldError>();
/** Whether an error is about what a rule says. */
export const isAboutRules = (error: FieldError): boolean => ABOUT_RULES.has(error);

/** What is wrong with what the validation rules of one schema say, without those of its parts. */
export function ruleErrors(schema: Schema, path: string, isRoot: boolean, { uncorrelatable, most, costs }: RuleSurroundings): FieldError[] {
  const self = schema['x-kubernetes-validations'] && declaredType(schema, isRoot || schema['x-kubernetes-embedded-resource'] === true);
  const errors = (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index): FieldError[] => {
    const place = at(child(path, 'x-kubernetes-validations'), index);
    try {
      const check = self && checkRule(rule, self);
      const { usesOldSelf } = check ?? compileRule(rule);
      return [
        ...(check ? costErrors(check, self, place, most, costs) : []),
        ...(usesOldSelf && uncorrelatable !== undefined ? [invalid(child(place, 'rule'), rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`)] : []),
        ...(!usesOldSelf && rule.optionalOldSelf !== undefined ? [unusedOldSelf(rule, place)] : []),
      ];
    } catch (error) {
      if (!(error instanceof RuleSyntaxError)) throw error;
      const isOfRule = error.expression === rule.rule;
      return [
        ...(isOfRule && rule.optionalOldSelf !== undefined ? [unusedOldSelf(rule, place)] : []),
        { ...invalid(child(place, isOfRule ? 'rule' : 'messageExpression'), '', ''), message: `Invalid value: ${internalRule(rule)}: ${isOfRule || error.message.startsWith('messageExpression') ? '' : 'messageExpression '}${error.message}` },
      ];
    }
  });
  for (const error of errors) ABOUT_RULES.add(error);
  return errors;
}

const unusedOldSelf = ({ optionalOldSelf }: ValidationRule, place: string): FieldError => invalid(child(place, 'optionalOldSelf'), optionalOldSelf, 'may not be set if oldSelf is not used in rule');

/** A rule as Kubernetes prints it. */
const internalRule = ({ rule, message = '', messageExpression = '', reason, fieldPath = '', optionalOldSelf }: ValidationRule): string =>
  JSON.stringify({ Rule: rule, Message: message, MessageExpression: messageExpression, Reason: reason ?? null, FieldPath: fieldPath, OptionalOldSelf: optionalOldSelf ?? null }).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

function costErrors({ cost, messageExpressionCost }: RuleCheck, self: DeclaredType, place: string, most: number | undefined, costs: RuleCostTotal): FieldError[] {
  // Without bounds, as many as fit into a request, with a comma each.
  const times = most ?? Math.floor(MOST_BYTES / (self.minSize + 1));
  const errors: FieldError[] = [];
  const ruleCost = product(cost, times);
  if (ruleCost > RULE_COST_LIMIT) errors.push(forbidden(child(place, 'rule'), excess('estimated rule cost', ruleCost, RULE_COST_LIMIT)));
  costs.add(child(place, 'rule'), ruleCost);
  if (messageExpressionCost !== undefined) {
    if (messageExpressionCost > RULE_COST_LIMIT) errors.push(forbidden(child(place, 'messageExpression'), excess('estimated messageExpression cost', messageExpressionCost, RULE_COST_LIMIT)));
    costs.add(child(place, 'messageExpression'), messageExpressionCost);
  }
  return errors;
}

function fieldPathErrors(fieldPath: string, schema: Schema, field: string): FieldError[] {
  const errors = fieldPath.trim() === '' ? [invalid(field, fieldPath, 'must be non-empty if specified')] : fieldPath.includes('\n') ? [invalid(field, fieldPath, 'must not contain line breaks')] : [];
  return isPath(fieldPath, schema) ? errors : [...errors, invalid(field, fieldPath, 'must be a valid path')];
}

function isPath(fieldPath: string, schema: Schema): boolean {
  let current: Schema | undefined = schema;
  for (const [, dotted, quoted] of fieldPath.matchAll(/\.([^.[\]]+)|\['([^']*)'\]/g)) {
    const name: string = dotted ?? quoted ?? '';
    current = current?.properties?.[name] ?? (isObject(current?.additionalProperties) ? (current.additionalProperties as Schema) : undefined);
    if (!current) return false;
  }
  return /^(?:\.[^.[\]]+|\['[^']*'\])+$/.test(fieldPath);
}
