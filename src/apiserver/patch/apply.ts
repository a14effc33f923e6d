import { timestamp } from '../clock.js';
import type { ApiObject, ManagedFieldsEntry, ResourceDefinition, Subresource } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { nameless } from '../rest/strategy.js';
import { apiVersionOf } from '../group-version.js';
import { StatusError } from '../status.js';
import { deepClone } from '../storage/deep.js';
import { type FieldSet, formatPath } from './field-set.js';
import { forgetOtherGroups, manageable, type Manager, managerKey, readManagers, takeFromOthers, writeManagers } from './managed-fields.js';
import { KUBECTL, syncLastApplied, unchangedSinceLastApplied } from './last-applied.js';
import { compareTyped, fieldSetOf, mergeTyped, removeFields } from './typed-value.js';

/** Who is said to own what was there before anybody applied. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

export interface ApplyOptions {
  fieldManager: string;
  /** Take over what others own with another value, instead of failing. */
  force: boolean;
  /** Whether the configuration says what the object is called. */
  named: boolean;
  /** What kubectl would have to know if it went on by itself; absent for others. */
  lastApplied?: string;
}

/**
 * Server-side apply: lays a configuration over the live object, drops what the same manager applied before and no longer does,
 * and keeps the books of who owns what.
 * @param live undefined when the object is to be created.
 * @throws {StatusError} Conflict when others own, with another value, what is applied.
 */
export function apply({ clock }: RestContext, definition: ResourceDefinition, live: ApiObject | undefined, config: ApiObject, subresource: Subresource, { fieldManager, force, named, lastApplied }: ApplyOptions): ApiObject {
  const { schema } = definition;
  const managers = readManagers(live?.metadata.managedFields);
  forgetOtherGroups(managers, definition);
  const apiVersion = apiVersionOf(definition);
  if (live && managers.size === 0) {
    const everything: ManagedFieldsEntry = { manager: BEFORE_FIRST_APPLY, operation: 'Update', apiVersion, time: timestamp(clock.now()), ...(subresource && { subresource }) };
    managers.set(managerKey(everything), { entry: everything, fields: manageable(compareTyped({}, live, schema).changed, definition, subresource) });
  }
  const entry: ManagedFieldsEntry = { manager: fieldManager, operation: 'Apply', apiVersion, ...(subresource && { subresource }) };
  const key = managerKey(entry);
  const before = managers.get(key);
  const applied = manageable(fieldSetOf(config, schema), definition, subresource);
  const base = live ?? ({ apiVersion: config.apiVersion, kind: config.kind, metadata: {} } satisfies ApiObject);

  let merged = mergeTyped(base, config, schema) as ApiObject;
  if (before) {
    if (!named) refuseNameless(before, applied, managers, key, config);
    const owned = [...managers].filter(([other]) => other !== key).reduce((all, [, { fields }]) => all.union(fields), applied);
    merged = removeFields(merged, before.fields.beyond(owned), owned, schema) as ApiObject;
  }
  merged = deepClone(merged);

  const difference = compareTyped(base, merged, schema);
  const changed = manageable(difference.changed, definition, subresource);
  const removed = manageable(difference.removed, definition, subresource);
  if (!force) refuseConflicts(managers, key, live && fieldManager === KUBECTL ? changed.difference(unchangedSinceLastApplied(live, apiVersion, schema)) : changed);
  takeFromOthers(managers, key, { changed, removed });

  // The time is that of the last apply that changed the object; of the book alone it does not tell.
  const time = difference.changed.isEmpty && difference.removed.isEmpty ? before?.entry.time : timestamp(clock.now());
  managers.set(key, { entry: { ...entry, ...(time !== undefined && { time }) }, fields: applied });
  merged.metadata.managedFields = writeManagers(managers);
  if (lastApplied !== undefined) syncLastApplied(merged, lastApplied);
  return merged;
}

/** Who gives up the last of the metadata that anybody manages must name the object, for its name goes with them. */
function refuseNameless(before: Manager, applied: FieldSet, managers: ReadonlyMap<string, Manager>, own: string, { metadata }: ApiObject): void {
  const ownsMetadata = ({ children }: FieldSet): boolean => children.has('f:metadata');
  if (!ownsMetadata(before.fields) || ownsMetadata(applied)) return;
  if ([...managers].some(([key, { fields }]) => key !== own && ownsMetadata(fields))) return;
  throw nameless(metadata.name!);
}

function refuseConflicts(managers: ReadonlyMap<string, Manager>, own: string, changed: FieldSet): void {
  const conflicts: { manager: string; path: string }[] = [];
  for (const [key, { entry, fields }] of managers) {
    if (key === own) continue;
    for (const path of fields.intersection(changed).paths()) conflicts.push({ manager: describe(entry), path: formatPath(path) });
  }
  if (conflicts.length === 0) return;
  throw new StatusError(409, 'Conflict', conflictMessage(conflicts), {
    causes: conflicts.map(({ manager, path }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field: path })),
  });
}

function conflictMessage(conflicts: readonly { manager: string; path: string }[]): string {
  if (conflicts.length === 1) return `Apply failed with 1 conflict: conflict with ${conflicts[0]!.manager}: ${conflicts[0]!.path}`;
  const managers = [...new Set(conflicts.map(({ manager }) => manager))].sort();
  const parts = managers.map((name) => {
    const paths = conflicts.filter(({ manager }) => manager === name).map(({ path }) => `- ${path}`);
    return `conflicts with ${name}:\n${paths.join('\n')}`;
  });
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join('\n')}`;
}

function describe({ manager = '', operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
