import type { UnknownField } from '../contracts.js';
import { suggestion } from './suggestion.js';

export function unknownField(path: string, name: string, known: readonly string[]): UnknownField {
  const meant = suggestion(name, known);
  return meant === undefined ? { path } : { path, suggestion: meant };
}

/** `unknown field "spec.kmsKeyId" (did you mean "kmsKeyID"?)`; without the hint as Kubernetes words it. */
export const unknownFieldText = ({ path, suggestion: meant }: UnknownField): string => `unknown field "${path}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`;
