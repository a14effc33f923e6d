import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import { at, child, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { labelValue, qualifiedName } from '../../schema/names.js';
import { eachOf, labels, problemsAsErrors } from './common.js';

/** What is wrong with a label selector. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string): FieldError[] {
  return [
    ...labels(child(path, 'matchLabels'), selector?.matchLabels),
    ...eachOf(child(path, 'matchExpressions'), selector?.matchExpressions, ({ key, operator, values = [] }, place) => {
      const errors: FieldError[] = problemsAsErrors(child(place, 'key'), key ?? '', qualifiedName(key ?? ''));
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0) errors.push(required(child(place, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0) errors.push(forbidden(child(place, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      } else errors.push(invalid(child(place, 'operator'), operator ?? '', 'not a valid selector operator'));
      return [...errors, ...values.flatMap((value, index) => problemsAsErrors(at(child(place, 'values'), index), value, labelValue(value)))];
    }),
  ];
}

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
