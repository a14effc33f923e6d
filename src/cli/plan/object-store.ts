import { groupVersionOf } from '../../operator/kube/paths.js';
import type { InputObject } from './object-reader.js';

/** Kinds without a namespace, as `group/Kind`. */
const CLUSTER_SCOPED = new Set([
  '/Node', '/Namespace', '/PersistentVolume', 'storage.k8s.io/StorageClass', 'storage.k8s.io/CSINode',
  'karpenter.sh/NodePool', 'karpenter.sh/NodeClaim', 'karpenter.sh/NodeOverlay', 'karpenter.k8s.aws/EC2NodeClass',
]);

const NONE: ReadonlyMap<string, unknown> = new Map();

/** Objects by kind and name. Of several with the same name the last one counts, as when they are applied one after the other. */
export class ObjectStore {
  private readonly kinds = new Map<string, Map<string, unknown>>();

  constructor(objects: Iterable<InputObject> = []) {
    for (const object of objects) this.add(object);
  }

  add(object: InputObject): void {
    const kind = `${groupVersionOf(object.apiVersion).group}/${object.kind}`;
    let objects = this.kinds.get(kind);
    if (objects === undefined) {
      objects = new Map();
      this.kinds.set(kind, objects);
    }
    const { name, namespace = 'default' } = object.metadata;
    const namespaced = !CLUSTER_SCOPED.has(kind);
    // Scheduling compares namespaces, and manifests may leave out the default one.
    const stored = namespaced && object.metadata.namespace === undefined ? { ...object, metadata: { ...object.metadata, namespace } } : object;
    objects.set(namespaced ? `${namespace}/${name}` : name, stored);
  }

  /** By `namespace/name`, or the name alone for kinds without namespaces. `kind` is `group/Kind`, `/Pod` for the core group. */
  all<T>(kind: string): ReadonlyMap<string, T> {
    return (this.kinds.get(kind) ?? NONE) as ReadonlyMap<string, T>;
  }

  list<T>(kind: string): T[] {
    return [...this.all<T>(kind).values()];
  }
}
