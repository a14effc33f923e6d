/** A reference from an object to one that owns it. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/**
 * Metadata as the API server serves it. Timestamps stay the strings that came over the wire (RFC 3339, whole seconds).
 * `labels` and `annotations` are always there on objects that come out of a store or a draft: absent ones read as empty.
 */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** A status condition in Kubernetes' standard shape. */
export interface Condition<Type extends string = string> {
  type: Type;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

/** Any Kubernetes object, as plain JSON. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** What identifies a kind on the wire. */
export interface KindRef {
  /** API group; empty for the core group. */
  group: string;
  version: string;
  kind: string;
  /** Lower-case plural, as in the URL. */
  plural: string;
  namespaced: boolean;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type ObjectKey = string;

/** The {@link ObjectKey} of an object. */
export const keyOfObject = ({ metadata: { namespace, name } }: KubeObject): ObjectKey => (namespace ? `${namespace}/${name}` : name);

/** An object that was asked for rather than read: what a create or an apply takes. */
export type ObjectInput<T> = {
  [K in keyof T as K extends 'metadata' | 'status' | 'apiVersion' | 'kind' ? never : K]: T[K];
} & {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
  status?: T extends { status: infer S } ? Partial<S> : never;
};
