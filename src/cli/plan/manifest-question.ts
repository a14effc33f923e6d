import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import type { NodePool } from '../../api/nodepool.js';
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
