import type { Condition } from 'kubernetes-types/meta/v1.js';
import { child, duplicate, type FieldError, invalid, notSupported, required, tooLong } from '../../schema/field-error.js';
import { qualifiedName } from '../../schema/names.js';
import { eachOf, problemsAsErrors } from './common.js';

const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const LONGEST_REASON = 1024;
const LONGEST_MESSAGE = 32_768;

/** Conditions of the common kind, as in budgets and services. */
export function validateConditions(conditions: readonly Partial<Condition>[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return eachOf(path, conditions, ({ type = '', status = '', reason = '', message = '', lastTransitionTime, observedGeneration = 0 }, place) => {
    const errors: FieldError[] = [];
    if (seen.has(type)) errors.push(duplicate(child(place, 'type'), type));
    seen.add(type);
    errors.push(...problemsAsErrors(child(place, 'type'), type, qualifiedName(type)));
    if (!['False', 'True', 'Unknown'].includes(status)) errors.push(notSupported(child(place, 'status'), status, ['False', 'True', 'Unknown']));
    if (observedGeneration < 0) errors.push(invalid(child(place, 'observedGeneration'), observedGeneration, 'must be greater than or equal to zero'));
    if (!lastTransitionTime) errors.push(required(child(place, 'lastTransitionTime')));
    if (reason === '') errors.push(required(child(place, 'reason')));
    else {
      if (!REASON.test(reason)) errors.push(invalid(child(place, 'reason'), reason, "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')"));
      if (reason.length > LONGEST_REASON) errors.push(tooLong(child(place, 'reason'), LONGEST_REASON));
    }
    if (message.length > LONGEST_MESSAGE) errors.push(tooLong(child(place, 'message'), LONGEST_MESSAGE));
    return errors;
  });
}
