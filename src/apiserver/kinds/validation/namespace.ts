import type { Namespace } from 'kubernetes-types/core/v1.js';
import { type FieldError, invalid } from '../../schema/field-error.js';
import { qualifiedName } from '../../schema/names.js';
import { problemsAsErrors } from './common.js';

const OWN_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** What keeps a namespace alive has a name that says whose it is. */
export const validateNamespace = ({ spec }: Namespace): FieldError[] => (spec?.finalizers ?? []).flatMap((name) => {
  const problems = qualifiedName(name);
  const isOwned = name.includes('/') || OWN_FINALIZERS.includes(name);
  return [...problemsAsErrors('spec.finalizers', name, problems), ...(isOwned ? [] : [invalid('spec.finalizers', name, 'name is neither a standard finalizer name nor is it fully qualified')])];
});
