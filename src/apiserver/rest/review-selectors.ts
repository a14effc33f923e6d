import type { LabelSelectorRequirement } from 'kubernetes-types/meta/v1.js';
import { eachOf } from '../kinds/validation/common.js';
import { labelProblems, valueProblems } from '../kinds/validation/selectors.js';
import { child, type FieldError, invalid, required } from '../schema/field-error.js';
import { StatusError } from '../status.js';
import { checkFieldSelector } from './field-selector.js';
import { parseRequirements } from './label-selector.js';

interface Selection {
  rawSelector?: string;
  requirements?: LabelSelectorRequirement[];
}

/** Of a list, watch or deletecollection that an access review asks about. */
export interface ReviewSelectors {
  fieldSelector?: Selection;
  labelSelector?: Selection;
}

/** What is wrong with the selectors of an access review. */
export const selectorProblems = ({ fieldSelector, labelSelector }: ReviewSelectors, path: string): FieldError[] => [
  ...(fieldSelector ? problems(fieldSelector, child(path, 'fieldSelector'), ({ key }, place) => (key ? [] : [required(child(place, 'key'), 'must be specified')]), () => []) : []),
  ...(labelSelector ? problems(labelSelector, child(path, 'labelSelector'), () => [], labelProblems) : []),
];

type Check = (requirement: LabelSelectorRequirement, place: string) => FieldError[];

/** Operators of newer servers are let through. */
function problems({ rawSelector, requirements = [] }: Selection, path: string, before: Check, after: Check): FieldError[] {
  return [
    ...(rawSelector && requirements.length > 0 ? [invalid(child(path, 'rawSelector'), rawSelector, 'may not specified at the same time as requirements')] : []),
    ...(!rawSelector && requirements.length === 0 ? [required(child(path, 'requirements'), `when ${path} is specified, requirements or rawSelector is required`)] : []),
    ...eachOf(child(path, 'requirements'), requirements, (requirement, place) => [...before(requirement, place), ...valueProblems(requirement, place, true), ...after(requirement, place)]),
  ];
}

/** Which selectors the answer does without, wholly or in part, since they cannot be read. */
export function selectorErrors({ fieldSelector, labelSelector }: ReviewSelectors): string[] {
  return [
    ...unread('fieldSelector', fieldSelector, checkFieldSelector, ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') && values.length === 1),
    ...unread('labelSelector', labelSelector, parseRequirements, ({ operator }) => ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)),
  ];
}

function unread(field: string, { rawSelector, requirements = [] }: Selection = {}, parse: (text: string) => unknown, isKnown: (requirement: LabelSelectorRequirement) => boolean): string[] {
  const known = requirements.filter(isKnown).length;
  if (rawSelector ? parses(rawSelector, parse) : known === requirements.length) return [];
  return [`spec.resourceAttributes.${field} ${known > 0 ? 'partially ' : ''}ignored due to parse error`];
}

function parses(text: string, parse: (text: string) => unknown): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}
