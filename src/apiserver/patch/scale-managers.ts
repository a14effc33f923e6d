import type { ManagedFieldsEntry, ResourceDefinition } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';
import { FieldSet } from './field-set.js';
import { type Manager, readManagers, writeManagers } from './managed-fields.js';

const SCALE_VERSION = 'autoscaling/v1';
const REPLICAS = ['f:spec', 'f:replicas'];

/** One path as a set; the first edge comes first. */
const only = (path: readonly string[]): FieldSet => path.reduceRight((below, edge) => FieldSet.of(false, new Map([[edge, below]])), FieldSet.LEAF);

/** Who manages the replicas of an object, said of its Scale. `path` has the edges to the object's own replicas. */
export function scaleManagers(entries: readonly ManagedFieldsEntry[], path: readonly string[]): ManagedFieldsEntry[] {
  const owners = [...readManagers(entries)].filter(([, { fields }]) => fields.has(path));
  return writeManagers(new Map(owners.map(([key, { entry }]) => [key, { entry: { ...entry, apiVersion: SCALE_VERSION }, fields: only(REPLICAS) }])));
}

/**
 * Brings what a write did to the managers of a Scale into the book of its object. As in Kubernetes, who updates is not known again, since the
 * version is another, and gets an entry of its own for the replicas, without a time.
 */
export function parentManagers(entries: readonly ManagedFieldsEntry[], scaleEntries: readonly ManagedFieldsEntry[], path: readonly string[], definition: ResourceDefinition): ManagedFieldsEntry[] {
  const left = readManagers(scaleEntries);
  const managers = new Map<string, Manager>();
  for (const [key, manager] of readManagers(entries)) {
    const keeps = !manager.fields.has(path) || left.delete(key);
    managers.set(key, keeps ? manager : { ...manager, fields: manager.fields.difference(only(path)) });
  }
  for (const [key, { entry: { time: _time, ...entry }, fields }] of left) {
    if (fields.has(REPLICAS)) managers.set(key, { entry: { ...entry, apiVersion: apiVersionOf(definition) }, fields: only(path) });
  }
  return writeManagers(managers);
}
