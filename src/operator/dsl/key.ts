import type { KubeObject, ObjectKey } from '../kube/object.js';
import type { KindClass } from './resource.js';

/** Names one object of a kind, whether it exists or not. */
export interface Key<T extends KubeObject = KubeObject> {
  readonly kind: KindClass<T>;
  readonly name: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
}

/** The key of an object of `kind`. */
export const keyOf = <T extends KubeObject>(kind: KindClass<T>, name: string, namespace?: string): Key<T> =>
  namespace === undefined ? { kind, name } : { kind, name, namespace };

/** `namespace/name`, or `name`. */
export const objectKey = ({ name, namespace }: Pick<Key, 'name' | 'namespace'>): ObjectKey => (namespace ? `${namespace}/${name}` : name);

/** A way to find objects of a kind by a value that is computed from them. */
export interface Index<T extends KubeObject = KubeObject> {
  readonly kind: KindClass<T>;
  /** Unique within the kind. */
  readonly name: string;
  /** Under which values an object is found. Pure; undefined and empty values are not indexed. */
  readonly values: (object: T) => readonly (string | undefined)[];
}

/** Declares an index. The store of the kind builds it at its first use and keeps it from then on. */
export const index = <T extends KubeObject>(kind: KindClass<T>, name: string, values: Index<T>['values']): Index<T> =>
  Object.freeze({ kind, name, values });
