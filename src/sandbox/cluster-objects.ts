/** A change of an object of a resource, `plural.group` (of the core group `plural`). */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly object: object;
}

/** What is in a cluster at this moment, for those who show it. */
export interface ClusterObjects {
  /** Another number after every change. */
  readonly revision: number;
  /** All of a resource's objects, or those of a namespace. */
  list(resource: string, namespace?: string): readonly object[];
  /** Calls back for every change from now on. Returns the unsubscription. */
  subscribe(listener: (change: ObjectChange) => void): () => void;
}
