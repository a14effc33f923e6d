import type { Pod } from 'kubernetes-types/core/v1.js';
import { bufferChunks } from '../../../reconcilers/capacitybuffer/buffer-chunks.js';
import type { CapacityBuffer } from '../../api/capacitybuffer.js';
import { virtualPods } from '../../cluster/virtual-pods.js';
import { Problems, kindPlanOf } from '../../operator/index.js';
import type { Cache, CacheListOptions, KindClass, KubeObject } from '../../operator/index.js';
import type { InputObject } from './object-reader.js';
import { ObjectStore } from './object-store.js';

/** The pods that stand for the room of CapacityBuffers. */
export function bufferPods(objects: readonly InputObject[], note: (text: string) => void): Pod[] {
  const store = new ObjectStore(objects);
  return store.list<CapacityBuffer>('autoscaling.x-k8s.io/CapacityBuffer').flatMap((buffer) => {
    const chunks = bufferChunks(buffer, storeReader(store));
    if (!('reason' in chunks)) return virtualPods(buffer, chunks.template, chunks.replicas);
    note(`CapacityBuffer ${buffer.metadata.namespace}/${buffer.metadata.name} counts for nothing: ${chunks.message}`);
    return [];
  });
}

/** The objects as reconcilers read them. */
function storeReader(store: ObjectStore): Pick<Cache, 'get' | 'list'> {
  const problems = new Problems();
  const keyOf = (type: KindClass): string => {
    const { group, kind } = kindPlanOf(type, problems);
    return `${group}/${kind}`;
  };
  return {
    get: <T extends KubeObject>(type: KindClass<T>, name: string, namespace?: string) => store.all<T>(keyOf(type)).get(namespace === undefined ? name : `${namespace}/${name}`),
    list: <T extends KubeObject>(type: KindClass<T>, { index, value, namespace }: CacheListOptions<T> = {}) => store.list<T>(keyOf(type))
      .filter((object) => (namespace === undefined || object.metadata.namespace === namespace) && (index === undefined || index.values(object).includes(value))),
  };
}
