import type { LabelSelector, LabelSelectorRequirement } from 'kubernetes-types/meta/v1.js';
import { at, child, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { labelValue, qualifiedName } from '../../schema/names.js';
import { eachOf, labels, problemsAsErrors } from './common.js';

/** What is wrong with a label selector. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string): FieldError[] {
  return [
    ...labels(child(path, 'matchLabels'), selector?.matchLabels),
    ...eachOf(child(path, 'matchExpressions'), selector?.matchExpressions, (requirement, place) => [
      ...valueProblems(requirement, place, false),
      ...labelProblems(requirement, place),
    ]),
  ];
}

/** What is wrong with a requirement's operator, and with there being values or none. @param lenient whether it may be an operator that nobody knows yet */
export function valueProblems({ operator, values = [] }: LabelSelectorRequirement, place: string, lenient: boolean): FieldError[] {
  if (operator === 'In' || operator === 'NotIn') return values.length > 0 ? [] : [required(child(place, 'values'), "must be specified when `operator` is 'In' or 'NotIn'")];
  if (operator === 'Exists' || operator === 'DoesNotExist') return values.length === 0 ? [] : [forbidden(child(place, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  return lenient ? [] : [invalid(child(place, 'operator'), operator ?? '', 'not a valid selector operator')];
}

/** What is wrong with the label and its values in a requirement. */
export const labelProblems = ({ key, values = [] }: LabelSelectorRequirement, place: string): FieldError[] => [
  ...problemsAsErrors(child(place, 'key'), key, qualifiedName(key)),
  ...values.flatMap((value, index) => problemsAsErrors(at(child(place, 'values'), index), value, labelValue(value))),
];

/** Whether a selector takes an object with these labels. */
export function selects(selector: LabelSelector | undefined, own: Record<string, string> | undefined): boolean {
  const value = (key: string): string | undefined => own?.[key];
  return (
    Object.entries(selector?.matchLabels ?? {}).every(([key, wanted]) => value(key) === wanted) &&
    (selector?.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const actual = value(key);
      switch (operator) {
        case 'In':
          return actual !== undefined && values.includes(actual);
        case 'NotIn':
          return actual === undefined || !values.includes(actual);
        case 'Exists':
          return actual !== undefined;
        default:
          return actual === undefined;
      }
    })
  );
}

export const isEmptySelector = (selector: LabelSelector): boolean => Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
