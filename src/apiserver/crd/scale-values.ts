import type { ApiObject, Cause, ScalePaths, Subresource } from '../contracts.js';
import { fieldsOf } from '../rest/json-path.js';
import { goFormat, goKind } from '../schema/go-format.js';
import { invalid } from '../schema/field-error.js';
import { isObject } from '../schema/schema.js';

const MOST_REPLICAS = 2 ** 31 - 1;

/** What is wrong with the values that a custom resource's scale shows; a write to `status` answers for the status alone. */
export function scaleProblems(object: ApiObject, { specReplicasPath, statusReplicasPath, labelSelectorPath }: ScalePaths, subresource: Subresource): Cause[] {
  return [
    ...(subresource === 'status' ? [] : replicasProblems(object, specReplicasPath)),
    ...replicasProblems(object, statusReplicasPath),
    ...(labelSelectorPath === undefined ? [] : valueProblems(object, labelSelectorPath, 'string', '')),
  ];
}

function replicasProblems(object: ApiObject, path: string): Cause[] {
  const problems = valueProblems(object, path, 'int64', 0);
  if (problems.length > 0) return problems;
  const replicas = fieldsOf(path).reduce<unknown>((value, field) => (isObject(value) ? value[field] : undefined), object) as number | undefined;
  if (replicas !== undefined && replicas < 0) return [invalid(path, replicas, 'should be a non-negative integer')];
  return replicas !== undefined && replicas > MOST_REPLICAS ? [invalid(path, replicas, `should be less than or equal to ${MOST_REPLICAS}`)] : [];
}

/** That there is something else at a path, or on the way there. */
function valueProblems(object: ApiObject, path: string, type: 'int64' | 'string', shown: unknown): Cause[] {
  let value: unknown = object;
  for (const field of fieldsOf(path)) {
    if (!isObject(value)) return [misplaced(path, value, 'map[string]interface{}', shown)];
    value = value[field];
    if (value === undefined) return [];
  }
  return (type === 'string' ? typeof value === 'string' : Number.isInteger(value)) ? [] : [misplaced(path, value, type, shown)];
}

const misplaced = (path: string, value: unknown, type: string, shown: unknown): Cause =>
  invalid(path, shown, `.${fieldsOf(path).join('.')} accessor error: ${goFormat(value)} is of the type ${goKind(value)}, expected ${type}`);
