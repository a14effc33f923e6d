import type { ApiObject, Metadata } from '../contracts.js';
import { labels as labelProblems } from '../kinds/validation/common.js';
import { fieldErrorText } from '../schema/field-error.js';

/** What is wrong with what a conversion made of an object, in kube-apiserver's words; undefined for nothing. */
export function conversionProblem(original: ApiObject, converted: Partial<ApiObject>, apiVersion: string, index: number): string | undefined {
  const { apiVersion: version = '', kind = '' } = converted;
  const metadata: Metadata = converted.metadata ?? {};
  if (version !== apiVersion) return `invalid object at index ${index}: invalid groupVersion (expected ${apiVersion}, received ${version})`;
  if (kind !== original.kind) return `invalid object at index ${index}: invalid kind (expected ${original.kind}, received ${kind})`;
  for (const [name, field] of [['name', 'name'], ['namespace', 'namespace'], ['UID', 'uid']] as const) {
    const [before = '', after = ''] = [original.metadata[field], metadata[field]];
    if (before !== after) return `invalid object: must have the same ${name}: ${before} != ${after}`;
  }
  const problem = textsProblem('labels', metadata.labels) ?? textsProblem('annotations', metadata.annotations) ?? labelProblems('metadata.labels', metadata.labels).map(fieldErrorText)[0];
  return problem && `invalid metadata: ${problem}`;
}

function textsProblem(field: 'labels' | 'annotations', values: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const [key, value] = Object.entries(values ?? {}).find(([, each]) => typeof each !== 'string') ?? [];
  return key === undefined ? undefined : `metadata.${field}[${key}] must be a string, but is ${goType(value)} in converted object`;
}

function goType(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? '<nil>' : Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}
