import type { KubeObject } from '../kube/object.js';

/** A change of a watched object. A resync is an update whose objects are equal. */
export interface ObjectChange<T extends KubeObject = KubeObject> {
  readonly type: 'added' | 'updated' | 'deleted';
  /** The object now; its last known state when it was deleted. */
  readonly object: T;
  /** The object before an update. */
  readonly old?: T | undefined;
}

/** Whether a change is worth waking keys for. Pure. */
export type Predicate<T extends KubeObject> = (change: ObjectChange<T>) => boolean;

/** Creations, deletions, and updates that change one of the selected values (compared as JSON). */
export const changed = <T extends KubeObject>(...selectors: readonly ((object: T) => unknown)[]): Predicate<T> =>
  ({ type, object, old }) =>
    type !== 'updated' || old === undefined || selectors.some((select) => JSON.stringify(select(object)) !== JSON.stringify(select(old)));

/** Only creations (and what a first list finds). */
export const onCreate = <T extends KubeObject>(): Predicate<T> => ({ type }) => type === 'added';

/** Only deletions. */
export const onDelete = <T extends KubeObject>(): Predicate<T> => ({ type }) => type === 'deleted';

/** Updates of `spec`, creations, deletions, and the start of a deletion. */
export const generationChanged = <T extends KubeObject>(): Predicate<T> =>
  changed((object) => object.metadata.generation, (object) => object.metadata.deletionTimestamp);

/** Changes that every predicate lets through. */
export const allOf = <T extends KubeObject>(...predicates: readonly Predicate<T>[]): Predicate<T> => (change) => predicates.every((predicate) => predicate(change));

/** Changes that at least one predicate lets through. */
export const anyOf = <T extends KubeObject>(...predicates: readonly Predicate<T>[]): Predicate<T> => (change) => predicates.some((predicate) => predicate(change));

/** Changes that the predicate holds back. */
export const not = <T extends KubeObject>(predicate: Predicate<T>): Predicate<T> => (change) => !predicate(change);
