import type { ObjectFieldSelector, ResourceFieldSelector } from 'kubernetes-types/core/v1.js';
import { child, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { qualifiedName } from '../../schema/names.js';
import { problemsAsErrors } from './common.js';

/** Every field that a pod can tell of itself, to whomever. */
const TOLD = new Set(['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'spec.schedulerName', 'status.phase', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs']);
/** To its containers' environment. */
export const ENVIRONMENT_FIELDS = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'];
/** To files in a volume. */
export const VOLUME_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const RESOURCES = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory'];

/** A field of the pod itself. */
export function fieldReference({ fieldPath = '' }: Partial<ObjectFieldSelector>, field: string, allowed: readonly string[]): FieldError[] {
  const place = child(field, 'fieldPath');
  if (fieldPath === '') return [required(place)];
  const [, path = '', key] = /^(.+?)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (path === '') return TOLD.has(fieldPath) ? (allowed.includes(fieldPath) ? [] : [notSupported(place, fieldPath, allowed)]) : [invalid(place, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)];
  if (path === 'metadata.labels') return problemsAsErrors(field, key!, qualifiedName(key!));
  if (path === 'metadata.annotations') return problemsAsErrors(field, key!, qualifiedName(key!.toLowerCase()));
  return [invalid(place, fieldPath, `error converting fieldPath: field label does not support subscript: ${fieldPath}`)];
}

/** A resource of a container, of another one's for files in a volume. */
export function resourceReference({ containerName, resource = '' }: Partial<ResourceFieldSelector>, field: string, ofVolume: boolean): FieldError[] {
  if (ofVolume && !containerName) return [required(child(field, 'containerName'))];
  if (resource === '') return [required(child(field, 'resource'))];
  return RESOURCES.includes(resource) || /^(?:requests|limits)\.hugepages-/.test(resource) ? [] : [notSupported(child(field, 'resource'), resource, RESOURCES)];
}
