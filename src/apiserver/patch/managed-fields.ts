import { timestamp } from '../clock.js';
import type { ApiObject, JsonObject, ManagedFieldsEntry, ResourceDefinition, Subresource } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { apiVersionOf } from '../group-version.js';
import type { WriteOptions } from '../rest/write-options.js';
import { deepFreeze } from '../storage/deep.js';
import { FieldSet } from './field-set.js';
import { type Comparison, compareTyped } from './typed-value.js';

/** What belongs to nobody: identity, and what the server itself keeps. */
const UNMANAGED_METADATA = ['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds'].map((field) => `f:${field}`);
/** More managers by update than this are folded into one, oldest first. */
const MOST_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** One manager's fields, decoded. */
export interface Manager {
  /** Without `fieldsV1`. */
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldSet;
}

/** Tells whose entry a write belongs to. Appliers are one across versions. */
export const managerKey = ({ manager = '', operation = 'Update', apiVersion = '', subresource = '' }: ManagedFieldsEntry): string =>
  JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);

/** The managers in `managedFields`, in no particular order; none if there is an entry that cannot be read. */
export function readManagers(entries: readonly ManagedFieldsEntry[] = []): Map<string, Manager> {
  const managers = new Map<string, Manager>();
  try {
    for (const { fieldsV1, ...entry } of entries) {
      if ((entry.fieldsType ?? 'FieldsV1') !== 'FieldsV1') throw new TypeError(`${entry.fieldsType} is no kind of fields`);
      if (entry.operation !== 'Apply' && entry.operation !== 'Update') throw new TypeError(`${entry.operation} is no operation`);
      if (!fieldsV1 || typeof fieldsV1 !== 'object') continue;
      managers.set(managerKey(entry), { entry, fields: decoded(fieldsV1) });
    }
  } catch (error) {
    if (error instanceof TypeError) return new Map();
    throw error;
  }
  return managers;
}

/** `managedFields` as they are stored. */
export function writeManagers(managers: ReadonlyMap<string, Manager>): ManagedFieldsEntry[] {
  return [...managers.values()]
    .filter(({ fields }) => !fields.isEmpty)
    .sort(byOperationTimeAndName)
    .map(({ entry, fields }) => ({ ...entry, fieldsType: 'FieldsV1', fieldsV1: interned(fields) }));
}

const byOperationTimeAndName = ({ entry: left }: Manager, { entry: right }: Manager): number =>
  compareText(left.operation, right.operation) || compareText(left.time, right.time) || compareText(left.manager, right.manager) || compareText(left.apiVersion, right.apiVersion) || compareText(left.subresource, right.subresource);

const compareText = (left = '', right = ''): number => (left < right ? -1 : left > right ? 1 : 0);

/** Most objects of a kind have the same fields under the same managers: their trees are kept once. */
const internedFields = new Map<string, JsonObject>();
const MOST_INTERNED = 2000;
const decodedFields = new WeakMap<JsonObject, FieldSet>();

function interned(fields: FieldSet): JsonObject {
  const json = fields.toJson();
  const key = JSON.stringify(json);
  let known = internedFields.get(key);
  if (!known) {
    if (internedFields.size >= MOST_INTERNED) internedFields.clear();
    internedFields.set(key, (known = deepFreeze(json)));
    decodedFields.set(known, fields);
  }
  return known;
}

function decoded(fieldsV1: JsonObject): FieldSet {
  let fields = decodedFields.get(fieldsV1);
  if (!fields) {
    fields = FieldSet.fromJson(fieldsV1);
    if (Object.isFrozen(fieldsV1)) decodedFields.set(fieldsV1, fields);
  }
  return fields;
}

/** Leaves what managers can own: not the server's own fields, and not what a write to this subresource cannot change. */
export function manageable(fields: FieldSet, { statusSubresource, custom }: ResourceDefinition, subresource: Subresource): FieldSet {
  const metadata = fields.children.get('f:metadata');
  let left = fields.without('f:apiVersion', 'f:kind');
  if (metadata) left = left.with('f:metadata', metadata.without(...UNMANAGED_METADATA).asParent());
  if (!statusSubresource) return left;
  if (subresource !== 'status' && subresource !== 'approval') return left.without('f:status');
  const kept = custom ? ['f:status'] : ['f:status', 'f:metadata'];
  return left.without(...[...left.children.keys()].filter((edge) => !kept.includes(edge)));
}

/** Who wrote through another group, as events can be, is forgotten: its fields have other names here. */
export function forgetOtherGroups(managers: Map<string, Manager>, { group }: ResourceDefinition): void {
  for (const [key, { entry: { apiVersion = '' } }] of managers) if (apiVersion.includes('/') ? !apiVersion.startsWith(`${group}/`) : group !== '') managers.delete(key);
}

/** Takes from all but one manager what a write changed or removed. */
export function takeFromOthers(managers: Map<string, Manager>, own: string, { changed, removed }: Comparison): void {
  const lost = changed.union(removed);
  for (const [key, { entry, fields }] of managers) {
    if (key === own) continue;
    const left = fields.difference(lost);
    if (left !== fields) managers.set(key, { entry, fields: left });
  }
}

/** Keeps `managedFields` through a write that is not an apply: the writer owns what it changed, and nobody what it removed. */
export function trackUpdate({ clock }: Pick<RestContext, 'clock'>, definition: ResourceDefinition, previous: ApiObject | undefined, next: ApiObject, subresource: Subresource, { fieldManager }: Pick<WriteOptions, 'fieldManager'>): void {
  const given = next.metadata.managedFields;
  if (previous && isReset(given, definition)) {
    delete next.metadata.managedFields;
    return;
  }
  const managers = given && previous ? readManagers(given) : new Map<string, Manager>();
  if (managers.size === 0) for (const [key, manager] of readManagers(previous?.metadata.managedFields)) managers.set(key, manager);
  const isTracked = managers.size > 0;
  forgetOtherGroups(managers, definition);
  // Who forgot its managers, or never had any, has none until somebody applies.
  if (previous && !isTracked) {
    delete next.metadata.managedFields;
    return;
  }

  const comparison = compareTyped(previous ?? {}, next, definition.schema);
  const changed = manageable(comparison.changed, definition, subresource);
  const removed = manageable(comparison.removed, definition, subresource);
  if (!changed.isEmpty || !removed.isEmpty) {
    const entry: ManagedFieldsEntry = {
      manager: fieldManager,
      operation: 'Update',
      apiVersion: apiVersionOf(definition),
      time: timestamp(clock.now()),
      ...(subresource && { subresource }),
    };
    const key = managerKey(entry);
    takeFromOthers(managers, key, { changed, removed });
    const before = managers.get(key);
    const fields = (before?.fields ?? FieldSet.EMPTY).difference(removed).union(changed);
    managers.set(key, { entry, fields });
    foldOldest(managers);
  }
  const entries = writeManagers(managers);
  if (entries.length > 0) next.metadata.managedFields = entries;
  else delete next.metadata.managedFields;
}

/** Clients drop all tracking with one empty entry, or, where objects are not kept as they came, with an empty list. */
function isReset(entries: readonly ManagedFieldsEntry[] | undefined, { custom }: ResourceDefinition): boolean {
  return entries !== undefined && ((entries.length === 0 && !custom) || (entries.length === 1 && Object.keys(entries[0]!).length === 0));
}

function foldOldest(managers: Map<string, Manager>): void {
  const updaters = [...managers.entries()].filter(([, { entry }]) => entry.operation === 'Update' && !entry.subresource).sort(([, left], [, right]) => byOperationTimeAndName(left, right));
  const surplus = updaters.slice(0, Math.max(0, updaters.length - MOST_UPDATERS));
  if (surplus.length === 0) return;
  // The folded entry counts too.
  const folded = updaters.slice(0, surplus.length + 1);
  for (const [key] of folded) managers.delete(key);
  const entry: ManagedFieldsEntry = { ...folded.at(-1)![1].entry, manager: ANCIENT };
  managers.set(managerKey(entry), { entry, fields: folded.map(([, { fields }]) => fields).reduce((left, right) => left.union(right)) });
}
