import { Node, RBAC, Reconciler, Step, done } from 'karpenter-ts/operator';
import type { Outcome } from 'karpenter-ts/operator';

/** Labels every node with the family of its instance type: `m5.large` is of the family `m5`. */
@Reconciler({ for: Node, name: 'acme.nodelabeler', root: false })
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['patch'], why: 'labels nodes' })
export class NodeLabeler {
  @Step()
  label(node: Node): Outcome {
    node.metadata.labels['acme.io/family'] = node.metadata.labels['node.kubernetes.io/instance-type']?.split('.')[0] ?? 'unknown';
    return done();
  }
}
