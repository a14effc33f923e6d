import { INSTANCE_TYPE_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL, CAPACITY_TYPE_LABEL, ZONE_LABEL, isTrue } from '../api/index.js';
import type { DaemonSet, Deployment, Event, Job, Node, Pod, ReplicaSet, StatefulSet } from '../operator/index.js';
import type { KubeObject } from '../operator/index.js';
import type { NodeClaim, NodePool } from '../api/index.js';
import type { Sandbox } from '../sandbox/index.js';

/** A node as `-o json` shows it. */
export interface NodeView {
  name: string;
  instanceType: string;
  zone: string;
  capacityType: string;
  /** USD. */
  pricePerHour: number;
  nodePool: string;
  nodeClass: string;
  pods: string[];
}

export interface ClusterSummary {
  pods: { running: number; pending: number };
  nodes: NodeView[];
  pricePerHour: number;
  unschedulable: { pod: string; reason: string }[];
}

/** Karpenter looks at pods that fit nowhere every 10 seconds: after this long, in milliseconds, its verdict is about the cluster as it is. */
const PATIENCE = 15_000;

const nameOf = ({ metadata }: KubeObject): string => (metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name);
const controllerOf = ({ metadata }: Pod): string | undefined => metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
const isDone = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
const isRunning = ({ status }: Pod): boolean => status?.phase === 'Running' && (status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false);

/** What the sandbox's cluster looks like. */
export class ClusterView {
  constructor(private readonly sandbox: Sandbox, private readonly ownNamespace: string) {}

  /** Pods of the user's workloads: all but the operator's own. */
  pods(): Pod[] {
    return this.list<Pod>('pods').filter(({ metadata }) => metadata.namespace !== this.ownNamespace);
  }

  claims(): NodeClaim[] {
    return this.list<NodeClaim>('nodeclaims.karpenter.sh');
  }

  summary(): ClusterSummary {
    const pods = this.pods().filter((pod) => !isDone(pod));
    const nodes = this.nodes(pods);
    return {
      pods: { running: pods.filter(isRunning).length, pending: pods.filter((pod) => !isRunning(pod)).length },
      nodes,
      pricePerHour: Number(nodes.reduce((total, { pricePerHour }) => total + pricePerHour, 0).toFixed(6)),
      unschedulable: [...this.verdicts(pods)].map(([pod, reason]) => ({ pod: nameOf(pod), reason })),
    };
  }

  /** Whether nothing is going on: every pod runs or is known to fit nowhere, no workload lacks pods, no machine is on its way in or out. */
  isSettled(): boolean {
    const pods = this.pods().filter((pod) => !isDone(pod));
    const verdicts = this.verdicts(pods);
    return this.workloadsHavePods()
      && pods.every((pod) => !pod.metadata.deletionTimestamp && (isRunning(pod) || verdicts.has(pod)))
      && this.claims().every((claim) => !claim.metadata.deletionTimestamp && isTrue(claim, 'Initialized'))
      && this.sandbox.aws.machines.list().every(({ state }) => state === 'running' || state === 'terminated');
  }

  private nodes(pods: readonly Pod[]): NodeView[] {
    const machines = new Map(this.sandbox.aws.machines.list().map((machine) => [machine.instanceId, machine]));
    return this.list<Node>('nodes').filter(({ metadata }) => metadata.labels?.[NODEPOOL_LABEL] !== undefined).map(({ metadata: { name, labels }, spec }) => ({
      name,
      instanceType: labels[INSTANCE_TYPE_LABEL] ?? '',
      zone: labels[ZONE_LABEL] ?? '',
      capacityType: labels[CAPACITY_TYPE_LABEL] ?? '',
      pricePerHour: machines.get(spec?.providerID?.split('/').at(-1) ?? '')?.pricePerHour ?? 0,
      nodePool: labels[NODEPOOL_LABEL] ?? '',
      nodeClass: labels[NODECLASS_LABEL] ?? '',
      pods: pods.filter((pod) => pod.spec?.nodeName === name).map(nameOf).sort(),
    }));
  }

  /** The latest reason why Karpenter makes no node, by pod; pods that have one, or may get one, are left out. */
  private verdicts(pods: readonly Pod[]): Map<Pod, string> {
    const waiting = pods.filter(({ spec }) => !spec?.nodeName);
    if (waiting.length === 0) return new Map();
    const reasons = new Map<string, string>();
    for (const { involvedObject, reason, source, message } of this.list<Event>('events')) {
      if (reason === 'FailedScheduling' && source?.component === 'karpenter') reasons.set(involvedObject.uid ?? '', message ?? '');
    }
    // Alike pods of one workload share an event.
    const ofWorkload = new Map(waiting.flatMap((pod) => {
      const [workload, reason] = [controllerOf(pod), reasons.get(pod.metadata.uid)];
      return workload === undefined || reason === undefined ? [] : [[workload, reason]];
    }));
    const [now, lastChange] = [this.sandbox.clock.now(), this.lastChange()];
    return new Map(waiting.flatMap((pod) => {
      const reason = reasons.get(pod.metadata.uid) ?? ofWorkload.get(controllerOf(pod) ?? '');
      return reason === undefined || now - Math.max(lastChange, Date.parse(pod.metadata.creationTimestamp)) < PATIENCE ? [] : [[pod, reason]];
    }));
  }

  /** When something last changed that could let Karpenter think better of a pod, in milliseconds. */
  private lastChange(): number {
    const pools = this.list<NodePool>('nodepools.karpenter.sh').flatMap(({ metadata, status }) => [metadata.creationTimestamp, ...(status?.conditions ?? []).map(({ lastTransitionTime }) => lastTransitionTime)]);
    const claims = this.claims().map(({ metadata }) => metadata.creationTimestamp);
    return Math.max(0, ...[...pools, ...claims].map((time) => Date.parse(time)));
  }

  private workloadsHavePods(): boolean {
    const observed = ({ metadata, status }: Deployment | ReplicaSet | StatefulSet | DaemonSet): boolean => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
    const replicas = [...this.list<Deployment>('deployments.apps'), ...this.list<ReplicaSet>('replicasets.apps'), ...this.list<StatefulSet>('statefulsets.apps')];
    return replicas.every((workload) => observed(workload) && (workload.status?.replicas ?? 0) === (workload.spec?.replicas ?? 1))
      && this.list<DaemonSet>('daemonsets.apps').every((set) => observed(set) && set.status?.currentNumberScheduled === set.status?.desiredNumberScheduled)
      && this.list<Job>('jobs.batch').every(({ status }) => status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') || (status?.active ?? 0) > 0);
  }

  private list<T>(resource: string, namespace?: string): T[] {
    return this.sandbox.objects.list(resource, namespace) as unknown as T[];
  }
}
