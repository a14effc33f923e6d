import type { UnknownField } from '../contracts.js';
import { suggestion } from './suggestion.js';

export function unknownField(path: string, name: string, known: readonly string[]): UnknownField {
  const meant = suggestion(name, known);
  return meant === undefined ? { path } : { path, suggestion: meant };
}

const hint = ({ suggestion: meant }: UnknownField): string => (meant === undefined ? '' : ` (did you mean "${meant}"?)`);

/** `unknown field "spec.kmsKeyId" (did you mean "kmsKeyID"?)`; without the hint as Kubernetes words it. */
export const unknownFieldText = (field: UnknownField): string => `unknown field "${field.path}"${hint(field)}`;

/** The same of a server-side apply, whose paths begin with a dot: `.spec.kmsKeyId: field not declared in schema (did you mean "kmsKeyID"?)`. */
export const undeclaredFieldText = (field: UnknownField): string => `${field.path}: field not declared in schema${hint(field)}`;
