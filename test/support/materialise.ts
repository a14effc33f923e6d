import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { Requirements } from '../../src/api/requirements.js';
import { addResources, fits, subtractResources } from '../../src/api/resources.js';
import type { Resources } from '../../src/api/resources.js';
import type { InstanceType, Offering } from '../../src/cloud/instance-type.js';
import { buildNodeClaim, hostPorts, podRequests, takenPort } from '../../src/scheduling/index.js';
import type { Decision, NewNode, Snapshot, SnapshotNode } from '../../src/scheduling/index.js';
import { hardTaint, mayMeet, termsOf } from './constraint-checker.js';
import { existingNode } from './workloads.js';

/** One way in which a planned node may come. */
export interface Launch { readonly type: InstanceType; readonly offering: Offering; readonly allocatable: Resources }

/** Every way that the plan leaves open and that has room for the requests, the cheapest first. */
function launchesOf({ requirements, instanceTypes, requests }: NewNode): Launch[] {
  return instanceTypes.flatMap((type) => type.offerings.filter((offering) => offering.available && requirements.compatible(Requirements.of(...offering.requirements)))
    .map((offering) => {
      const capacity = { ...type.capacity, ...offering.capacityOverride };
      const pages = Object.entries(capacity).reduce((sum, [name, amount]) => sum + (name.startsWith('hugepages-') ? amount : 0), 0);
      const overhead = addResources({ ...type.overhead, ...offering.overheadOverride }, { memory: pages });
      const allocatable = Object.fromEntries(Object.entries(capacity).map(([name, amount]) => [name, Math.max(0, amount - (overhead[name] ?? 0))]));
      return { type, offering, allocatable };
    })
    .filter(({ allocatable }) => Object.entries(requests).every(([name, amount]) => amount <= (allocatable[name] ?? 0))))
    .sort((a, b) => a.offering.price - b.offering.price);
}

export const bind = (pod: Pod, nodeName: string): Pod => ({ ...pod, spec: { ...pod.spec as PodSpec, nodeName }, status: { phase: 'Running' } });

/** The labels of a claim's node once it is there: those of the claim, and what its requirements, its type and its offering leave no choice about. */
function labelsOf(node: NewNode, { type, offering }: Launch, name: string): Record<string, string> {
  const claim = buildNodeClaim(node.pool.nodePool, node);
  const single = [...claim.spec.requirements, ...type.requirements, ...offering.requirements].filter(({ operator, values = [] }) => operator === 'In' && values.length === 1);
  return {
    ...Object.fromEntries(single.map(({ key, values = [] }) => [key, values[0] as string])), ...claim.metadata.labels as Record<string, string>,
    'kubernetes.io/hostname': name, 'karpenter.sh/registered': 'true', 'karpenter.sh/initialized': 'true',
  };
}

/** A planned node as the cluster will have it: started, with its pods. */
export function launched(node: NewNode, launch: Launch, name: string): SnapshotNode {
  const { template } = node.pool.nodePool.spec;
  const pods = node.pods.map((pod) => bind(pod, name));
  return existingNode(name, {
    labels: labelsOf(node, launch, name), taints: template.spec.taints ?? [], nodePool: node.pool.nodePool.metadata.name, pods,
    capacity: { ...launch.type.capacity, ...launch.offering.capacityOverride, nodes: 1 }, allocatable: launch.allocatable, available: subtractResources(launch.allocatable, addResources(...pods.map(podRequests))),
  });
}

/** The pods that DaemonSets have on a node; where a pod has a daemon's port already, that one waits. */
export const daemonsOn = ({ name, labels, taints, pods }: SnapshotNode, { daemonSetPods }: Snapshot): Pod[] => daemonSetPods
  .filter((daemon) => hardTaint(taints, daemon.spec?.tolerations) === undefined && termsOf(daemon).some((term) => term.every((each) => mayMeet({ labels, open: {} }, each)))
    && takenPort(hostPorts(daemon), pods.flatMap(hostPorts)) === undefined)
  .map((daemon) => ({ ...bind(daemon, name), metadata: { ...daemon.metadata, name: `${daemon.metadata?.name}-${name}`, uid: `${daemon.metadata?.uid}-${name}` } }));

/** The cluster once a decision is carried out; `choose` says how each planned node comes. */
export function carriedOut(cluster: Snapshot, { existingNodes, newNodes }: Decision, choose: (launches: readonly Launch[]) => Launch): Snapshot {
  const placed = new Map(existingNodes.map(({ node, pods }) => [node, pods]));
  const first = cluster.nodes.length;
  return {
    ...cluster,
    nodes: [
      ...cluster.nodes.map((node) => {
        const pods = (placed.get(node) ?? []).map((pod) => bind(pod, node.name));
        return pods.length === 0 ? node : { ...node, pods: [...node.pods, ...pods], available: subtractResources(node.available, addResources(...pods.map(podRequests))) };
      }),
      ...newNodes.map((node, index) => {
        const name = `node-${first + index}`;
        // A type that comes with different rooms is bought where there is enough for its daemons too.
        const launches = launchesOf(node).filter((launch) => {
          const machine = launched(node, launch, name);
          return fits(addResources(...daemonsOn(machine, cluster).map(podRequests)), machine.available);
        });
        return launched(node, choose(launches), name);
      }),
    ],
  };
}
