import { isObject } from '../engine/json.js';
import type { KubeObject } from '../kube/object.js';
import { identityOf, itemKeyOf } from './field-change.js';
import type { FieldChange, Path } from './field-change.js';

/** A line of `metadata.managedFields`. */
interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: Record<string, unknown>;
}

/** Who made a change, as far as the server says so. */
export interface Author {
  /** `running`: the operator that is at work. `unknown`: the server keeps no record of who deletes. */
  readonly who: 'running' | 'other' | 'unknown';
  /** Name of the field manager. */
  readonly manager?: string;
}

/** How the writes of the operator that is at work are known. */
export interface RunningIdentity {
  /** Its field managers: the names of its reconcilers, and its own. */
  readonly managers: ReadonlySet<string>;
  readonly finalizers: ReadonlySet<string>;
}

const OTHER: Author = { who: 'other' };

const managedFieldsOf = (object: KubeObject | undefined): readonly ManagedFields[] => (object?.metadata as { managedFields?: ManagedFields[] } | undefined)?.managedFields ?? [];

/** Whether a manager's set of fields has a place in it. Lists that are one value are owned whole, which `exactly` does not count. */
function owns(fields: unknown, [segment, ...rest]: Path, exactly = false): boolean {
  if (!isObject(fields)) return false;
  const names = Object.keys(fields).filter((name) => name !== '.');
  if (segment === undefined) return true;
  if (names.length === 0) return !exactly;
  if (typeof segment === 'string') return `f:${segment}` in fields && owns(fields[`f:${segment}`], rest, exactly);
  const { key, value } = segment;
  const item = names.find((name) => (key === '' ? name === `v:${JSON.stringify(value)}` : name.startsWith('k:') && identityOf(JSON.parse(name.slice(2)), key) === value));
  return item !== undefined && owns(fields[item], rest, exactly);
}

const ownerOf = (object: KubeObject | undefined, path: Path, isMeant: (manager: string) => boolean, exactly = false): string | undefined =>
  managedFieldsOf(object).find(({ manager, fieldsV1 }) => manager !== undefined && isMeant(manager) && owns(fieldsV1, path, exactly))?.manager;

/**
 * Who turned one state of an object into another: whoever owns now what was set, and owned before what was taken away. Who takes away what is
 * others' leaves no trace on the server: it counts as somebody else, unless it is a finalizer of the operator's.
 */
export function authorOf(before: KubeObject | undefined, after: KubeObject | undefined, changes: readonly FieldChange[], { managers, finalizers }: RunningIdentity): Author {
  const isRunning = (manager: string): boolean => managers.has(manager);
  const running = (manager: string | undefined): Author => ({ who: 'running', ...(manager === undefined ? {} : { manager }) });
  if (!before) {
    const [first] = managedFieldsOf(after).filter(({ subresource }) => !subresource).sort((a, b) => (a.time ?? '').localeCompare(b.time ?? ''));
    return first?.manager !== undefined && isRunning(first.manager) ? running(first.manager) : OTHER;
  }
  if (!after) {
    const left = before.metadata.finalizers ?? [];
    if (before.metadata.deletionTimestamp !== undefined) return left.length > 0 && left.every((name) => finalizers.has(name)) ? running(undefined) : OTHER;
    return { who: 'unknown' };
  }
  for (const { path, to } of changes) {
    // What is gone is nobody's any more, but for what was taken out of a list that somebody owns whole.
    const manager = ownerOf(after, path, isRunning) ?? (to === undefined && ownerOf(after, path, () => true) === undefined ? ownerOf(before, path, isRunning, true) : undefined);
    // A field that two managers have is the work of both only if they apply it.
    if (manager !== undefined && !(to !== undefined && ownerOf(after, path, (name) => !isRunning(name)) !== undefined && ownerOf(before, path, isRunning) !== undefined)) return running(manager);
  }
  const isOurFinalizer = ({ path: [metadata, list, item], to }: FieldChange): boolean =>
    to === undefined && metadata === 'metadata' && list === 'finalizers' && typeof item === 'object' && finalizers.has(String(item.value));
  if (changes.some(isOurFinalizer)) return running(undefined);
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined) return { who: 'unknown' };
  return OTHER;
}

/** The places that a manager has applied (server-side apply) and still owns. */
export function appliedPaths(object: KubeObject, manager: string): Path[] {
  return managedFieldsOf(object).filter((entry) => entry.manager === manager && entry.operation === 'Apply' && !entry.subresource).flatMap(({ fieldsV1 }) => pathsIn(fieldsV1, []));
}

function pathsIn(fields: unknown, path: Path): Path[] {
  const members = isObject(fields) ? Object.entries(fields).filter(([name]) => name !== '.') : [];
  if (members.length === 0) return path.length > 0 ? [path] : [];
  return members.flatMap(([name, inner]) => {
    if (name.startsWith('f:')) return pathsIn(inner, [...path, name.slice(2)]);
    if (name.startsWith('v:')) return [[...path, { key: '', value: JSON.parse(name.slice(2)) as unknown }]];
    const keys = JSON.parse(name.slice(2)) as Record<string, unknown>;
    const key = itemKeyOf('', [keys]) ?? Object.keys(keys)[0] ?? '';
    return pathsIn(inner, [...path, { key, value: identityOf(keys, key) }]);
  });
}
