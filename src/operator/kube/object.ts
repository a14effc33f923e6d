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

/** Whether `undefined` may stand for a field that is left out: in optional ones, and under any key of a map. */
type Leavable<T> = T extends string | number | boolean | null | undefined ? T
  : T extends readonly (infer Item)[] ? readonly Leavable<Item>[]
    : { [K in keyof T]: string extends K ? Leavable<T[K]> | undefined : Partial<Pick<T, K>> extends Pick<T, K> ? Leavable<T[K]> | undefined : Leavable<T[K]> };

/** What of a kind people fill in, beside `metadata` and `status`. */
type Content<T> = { [K in keyof T as K extends 'metadata' | 'status' | 'apiVersion' | 'kind' | symbol ? never : K]: T[K] };

/** What stands around that, whoever asks. */
interface Surroundings<T> {
  apiVersion?: string;
  kind?: string;
  metadata: Leavable<Partial<ObjectMeta>>;
  status?: T extends { status: infer S } ? Leavable<Partial<S>> : never;
}

/**
 * An object that was asked for rather than read: what a create takes. An optional field that is `undefined` is left out, as in JSON, so that what may
 * be absent can be passed on as it is.
 */
export type ObjectInput<T> = Leavable<Content<T>> & Surroundings<T>;

type Parts<T> = T extends string | number | boolean | null | undefined ? T : T extends readonly (infer Item)[] ? readonly Parts<Item>[] : { [K in keyof T]?: Parts<T[K]> | undefined };

/**
 * As much of an object as one has an opinion on: what a server-side apply takes, and what a test creates as a user does. The rest is
 * others', or the API server's to fill in; what it misses, it says.
 */
export type PartialObject<T> = Parts<Content<T>> & Surroundings<T>;
