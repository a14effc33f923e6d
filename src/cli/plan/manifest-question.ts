import type { Pod } from 'kubernetes-types/core/v1.js';
import type { CapacityBuffer } from '../../api/capacitybuffer.js';
import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import type { NodePool } from '../../api/nodepool.js';
import { virtualPods } from '../../cluster/virtual-pods.js';
import { Problems, kindPlanOf } from '../../operator/index.js';
import type { Cache, CacheListOptions, KindClass, KubeObject } from '../../operator/index.js';
import { Admission } from './admission.js';
import type { Input } from './input-reader.js';
import type { InputObject } from './object-reader.js';
import { ObjectStore } from './object-store.js';
import type { Question } from './question.js';
import { withWorkloadPods } from './workload-pods.js';

/** Manifests as a cluster would have them: admitted, and with the pods of their workloads. Throws an InputError. */
export async function deployed({ objects, sources }: Input, note: (text: string) => void): Promise<InputObject[]> {
  const admission = await Admission.start(note);
  return withWorkloadPods(await admission.admit(objects, (object) => sources.get(object)));
}

/** What a region's AWS offers to the pools of some objects. */
export async function offeredIn(region: string, objects: readonly InputObject[], note: (text: string) => void): Promise<Question['instanceTypes']> {
  const store = new ObjectStore(objects);
  const nodeClasses = store.all<EC2NodeClass>('karpenter.k8s.aws/EC2NodeClass');
  const pools = store.list<NodePool>('karpenter.sh/NodePool');
  const { builtinCatalogue, nodeClassOf } = await import('./builtin-catalogue.js');
  for (const pool of pools) {
    const name = nodeClassOf(pool);
    if (!nodeClasses.has(name)) note(`NodePool ${pool.metadata.name}: there is no EC2NodeClass ${name}; one with AL2023 and no other settings is assumed`);
  }
  return builtinCatalogue(region, pools, nodeClasses);
}

/** The pods that stand for the room of CapacityBuffers. */
export async function bufferPods(objects: readonly InputObject[], note: (text: string) => void): Promise<Pod[]> {
  const { bufferChunks } = await import('../../../reconcilers/capacitybuffer/buffer-chunks.js');
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
