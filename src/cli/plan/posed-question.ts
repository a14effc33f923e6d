import type { DaemonSet, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, ReplicationController, Service } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { CSINode, StorageClass } from 'kubernetes-types/storage/v1.js';
import { conditionOf } from '../../api/conditions.js';
import { WELL_KNOWN_LABELS } from '../../api/labels.js';
import type { NodeClaim } from '../../api/nodeclaim.js';
import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { NodePool } from '../../api/nodepool.js';
import { OverlaidTypes } from '../../cloud/overlay/overlaid-types.js';
import { evaluateOverlays } from '../../cloud/overlay/overlay-evaluation.js';
import { ClusterState } from '../../cluster/cluster-state.js';
import { daemonSetPod } from '../../cluster/daemon-sets.js';
import type { ClusterLookups } from '../../cluster/lookups.js';
import { EvictionBudgets } from '../../scheduling/eviction-budgets.js';
import type { SolveOptions } from '../../scheduling/options.js';
import { failedToSchedule, isOwnedByDaemonSet, isOwnedByNode } from '../../scheduling/pod-predicates.js';
import { validatePod } from '../../scheduling/pod-validation.js';
import type { Snapshot, SnapshotPool } from '../../scheduling/snapshot.js';
import { workloadSelectors } from '../../scheduling/workload-selector.js';
import { forbiddenLabels, withCurrentLabels } from './label-rules.js';
import { ObjectStore } from './object-store.js';
import type { Question, QuestionOptions } from './question.js';

/** A question as the solver takes it. */
export interface PosedQuestion {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** All pools that have types, those included that may not launch now. */
  readonly pools: readonly SnapshotPool[];
  /** Pods to place, in the order in which they are given. */
  readonly pods: readonly Pod[];
  /** Pods that the provisioner would leave to others, and why. */
  readonly ignored: readonly { readonly pod: Pod; readonly reason: string }[];
  readonly options: SolveOptions;
  readonly objects: ObjectStore;
  /** A new snapshot each time, so that nothing is remembered from the last one. */
  readonly snapshot: () => Snapshot;
}

/** Turns a question into what the provisioner would ask of the solver about the same objects. `wallClock` counts where no time is given. */
export function pose(asked: Question, wallClock: () => number): PosedQuestion {
  const question = withCurrentLabels(asked);
  const objects = new ObjectStore(question.objects);
  for (const pod of question.state.virtualPods ?? []) if (typeof pod !== 'string') objects.add(pod as never);
  const { options } = question;
  const now = options.now === undefined ? wallClock() : Date.parse(options.now);
  const lookups = lookupsOf(objects);
  const pools = poolsOf(question, objects);
  const launching = pools.filter(({ nodePool }) => mayLaunch(nodePool));
  const wellKnownLabels: ReadonlySet<string> = options.wellKnownLabels ? new Set([...WELL_KNOWN_LABELS, ...options.wellKnownLabels]) : WELL_KNOWN_LABELS;
  const state = clusterState(question, objects, lookups, now);
  const snapshot = (): Snapshot => overridden(state.snapshot(launching), question, objects);
  const { pods, ignored } = podsOf(question, objects, snapshot(), lookups, wellKnownLabels, now);
  const virtualPods = virtualPodsOf(question, objects);
  return { now, pools, pods, ignored, options: { ...solveOptions(options, pools, objects, wellKnownLabels), ...(virtualPods.size > 0 ? { virtualPods } : {}) }, objects, snapshot };
}

function lookupsOf(objects: ObjectStore): ClusterLookups {
  const claims = objects.all<PersistentVolumeClaim>('/PersistentVolumeClaim');
  const volumes = objects.all<PersistentVolume>('/PersistentVolume');
  const classes = objects.all<StorageClass>('storage.k8s.io/StorageClass');
  const csiNodes = objects.all<CSINode>('storage.k8s.io/CSINode');
  const namespaces = new Map(objects.all<Namespace>('/Namespace'));
  for (const { metadata } of objects.all<Pod>('/Pod').values()) {
    const name = metadata?.namespace ?? 'default';
    if (!namespaces.has(name)) namespaces.set(name, { metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } });
  }
  const budgets = objects.list<PodDisruptionBudget>('policy/PodDisruptionBudget');
  return {
    namespaces: () => namespaces.values(),
    podDisruptionBudgets: () => budgets,
    csiNode: (name) => csiNodes.get(name),
    persistentVolumeClaim: (namespace, name) => claims.get(`${namespace}/${name}`),
    persistentVolume: (name) => volumes.get(name),
    storageClass: (name) => classes.get(name),
  };
}

/** As the API server's defaulting and the operator's stores would hand it out. */
const completed = <T extends NodePool | NodeClaim | NodeOverlay>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, labels: object.metadata.labels ?? {}, annotations: object.metadata.annotations ?? {} },
  status: object.status ?? {},
});

function poolsOf({ instanceTypes, options: { featureGates } }: Question, objects: ObjectStore): SnapshotPool[] {
  const pools = objects.list<NodePool>('karpenter.sh/NodePool')
    .map((pool) => ({ nodePool: withTemplate(completed(pool)), instanceTypes: instanceTypes.get(pool.metadata.name) ?? instanceTypes.get('*') ?? [] }))
    .filter(({ instanceTypes: types }) => types.length > 0);
  return featureGates?.['NodeOverlay'] ? overlaid(pools, objects) : pools;
}

/** With the types as overlays have them; overlays that are invalid or conflict are not in use, as in the operator. */
function overlaid(pools: readonly SnapshotPool[], objects: ObjectStore): SnapshotPool[] {
  const overlays = objects.list<NodeOverlay>('karpenter.sh/NodeOverlay').map((overlay) => ({ ...completed(overlay), spec: { ...overlay.spec, requirements: overlay.spec.requirements ?? [] } }));
  const types = new OverlaidTypes(evaluateOverlays(overlays, pools).accepted);
  return pools.map(({ nodePool, instanceTypes }) => ({ nodePool, instanceTypes: types.of(nodePool, instanceTypes) }));
}

/** A pool that nobody has looked at yet (no Ready condition) counts as ready. */
const mayLaunch = (pool: NodePool): boolean =>
  (conditionOf(pool, 'Ready')?.status ?? 'True') === 'True' && !pool.metadata.deletionTimestamp && pool.spec.replicas === undefined;

function withTemplate(pool: NodePool): NodePool {
  const { template } = pool.spec;
  const { requirements = [], nodeClassRef = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' } } = template.spec as Partial<NodePool['spec']['template']['spec']>;
  return { ...pool, spec: { ...pool.spec, template: { ...template, spec: { ...template.spec, requirements, nodeClassRef } } } };
}

function clusterState({ state }: Question, objects: ObjectStore, lookups: ClusterLookups, now: number): ClusterState {
  let time = now;
  const classes = [...objects.list<NodePool>('karpenter.sh/NodePool'), ...objects.list<NodeClaim>('karpenter.sh/NodeClaim')]
    .map((object) => ('template' in object.spec ? object.spec.template.spec : object.spec).nodeClassRef);
  const nodeClassLabels = [...new Set(classes.flatMap((reference) => (reference ? [`${reference.group}/${reference.kind.toLowerCase()}`] : [])))];
  const cluster = new ClusterState({ clock: { now: () => time }, lookups, nominationPeriod: 0, nodeClassLabels });
  const differing = new Map((state.nodes ?? []).flatMap((each) => [[each.stateNode?.metadata?.name, each], [each.stateNodeClaim?.metadata.name, each]] as const));
  const known = state.needsStateReasons && new Set((state.nodes ?? []).flatMap(({ name, ...names }) => [name, ...Object.values(names)]));
  const isKnown = (name: string): boolean => known?.has(name) ?? true;
  for (const claim of objects.list<NodeClaim>('karpenter.sh/NodeClaim')) {
    if (isKnown(claim.metadata.name) && !differing.has(claim.metadata.name)) cluster.updateNodeClaim(completed(claim));
  }
  for (const node of objects.list<Node>('/Node')) {
    const name = node.metadata?.name ?? '';
    if (isKnown(name) && !differing.has(name)) cluster.updateNode(node);
  }
  for (const { stateNode, stateNodeClaim } of state.nodes ?? []) {
    if (stateNodeClaim) cluster.updateNodeClaim(completed(stateNodeClaim));
    if (stateNode) cluster.updateNode(stateNode);
  }
  for (const daemonSet of objects.all<DaemonSet>('apps/DaemonSet').values()) cluster.updateDaemonSet(daemonSet);
  for (const pod of objects.all<Pod>('/Pod').values()) cluster.updatePod(pod);
  for (const { name, markedForDeletion, nominatedUntil } of state.nodes ?? []) {
    if (markedForDeletion) cluster.markForDeletion(cluster.node(name)?.providerID ?? '');
    if (nominatedUntil === undefined) continue;
    time = Date.parse(nominatedUntil);
    cluster.nominate(name);
  }
  time = now;
  return cluster;
}

const NOT_CACHED = 'daemonset pod is not cached in state, the template is used: ';

/** With the pods that the operator took for DaemonSets, where the question says which. */
function overridden(snapshot: Snapshot, { state }: Question, objects: ObjectStore): Snapshot {
  const { daemonSetPods = {}, daemonSetPodObjects = [], needsStateReasons = [] } = state;
  const uncached = new Set(needsStateReasons.flatMap((reason) => (reason.startsWith(NOT_CACHED) ? [reason.slice(NOT_CACHED.length)] : [])));
  if (uncached.size === 0 && Object.keys(daemonSetPods).length === 0) return snapshot;
  const copies = new Map(Object.values(daemonSetPodObjects).map((pod: Pod) => [`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod]));
  const pods = objects.all<Pod>('/Pod');
  const daemonSets = objects.all<DaemonSet>('apps/DaemonSet');
  const chosen = new Map(Object.entries(daemonSetPods).map(([key, given]: [string, string | Pod]) => {
    const pod = typeof given === 'string' ? copies.get(given) ?? pods.get(given) : given;
    return [daemonSets.has(key) ? key : `${pod?.metadata?.namespace}/${pod?.metadata?.ownerReferences?.find(({ kind }) => kind === 'DaemonSet')?.name}`, pod];
  }));
  return {
    ...snapshot,
    daemonSetPods: [...daemonSets].map(([name, daemonSet], index) => {
      if (uncached.has(name)) return daemonSetPod(daemonSet, undefined);
      return chosen.has(name) ? daemonSetPod(daemonSet, chosen.get(name)) : snapshot.daemonSetPods[index] as Pod;
    }),
  };
}

/** Unbound, and either marked unschedulable or not looked at by anybody yet. */
const waits = (pod: Pod): boolean => !pod.spec?.nodeName && !pod.status?.nominatedNodeName && !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod)
  && (failedToSchedule(pod) || (pod.status?.phase === undefined && !pod.status?.conditions?.length && !pod.spec?.schedulingGates?.length));

function virtualPodsOf({ state: { virtualPods = [] } }: Pick<Question, 'state'>, objects: ObjectStore): ReadonlySet<Pod> {
  return new Set(virtualPods.flatMap((pod) => (typeof pod === 'string' ? objects.all<Pod>('/Pod').get(pod) ?? [] : pod)));
}

function podsOf(
  { pending, options, state }: Question, objects: ObjectStore, snapshot: Snapshot, lookups: ClusterLookups, wellKnownLabels: ReadonlySet<string>, now: number,
): Pick<PosedQuestion, 'pods' | 'ignored'> {
  const all = objects.all<Pod>('/Pod');
  const budgets = new EvictionBudgets(snapshot.podDisruptionBudgets);
  const displaced = snapshot.nodes.filter(({ markedForDeletion }) => markedForDeletion).flatMap(({ pods }) => pods.filter((pod) => budgets.isCurrentlyReschedulable(pod, now)));
  const exempt = new Set<Pod | undefined>([...displaced, ...(state.fromDeletingNodes ?? []).map((name) => all.get(name)), ...virtualPodsOf({ state }, objects)]);
  const asked = pending ? pending.map((name) => all.get(name) as Pod) : [...[...all.values()].filter(waits), ...displaced];
  const ignored: { pod: Pod; reason: string }[] = [];
  const { unsupportedProvisioners = [], unsupportedTopologyKeys = [] } = options;
  const pods = asked.filter((pod) => {
    if (exempt.has(pod)) return true;
    const problems = [...validatePod(pod, lookups, { wellKnownLabels, unsupportedProvisioners, unsupportedTopologyKeys }), ...forbiddenLabels(pod, options, wellKnownLabels)];
    if (problems.length > 0) ignored.push({ pod, reason: problems.join('; ') });
    return problems.length === 0;
  });
  return { pods, ignored };
}

function solveOptions(
  { preferencePolicy = 'Respect', minValuesPolicy = 'Strict', maxInstanceTypes, featureGates, schedulerConfig }: QuestionOptions,
  pools: readonly SnapshotPool[], objects: ObjectStore, wellKnownLabels: ReadonlySet<string>,
): SolveOptions {
  const defaultSpread = schedulerConfig?.podTopologySpread?.defaultConstraints ?? [];
  const reservationIDLabel = reservationLabel(pools);
  return {
    preferencePolicy,
    minValuesPolicy,
    reservedCapacity: featureGates?.['ReservedCapacity'] === false ? 'Off' : 'Strict',
    wellKnownLabels,
    ...(reservationIDLabel === undefined ? {} : { reservationIDLabel }),
    ...(maxInstanceTypes === undefined ? {} : { maxInstanceTypes }),
    ...(defaultSpread.length > 0 ? { defaultSpread, selectorOf: selectorOf(objects) } : {}),
  };
}

/** The label by which the catalogue's offerings name reservations; undefined when none does. */
function reservationLabel(pools: readonly SnapshotPool[]): string | undefined {
  for (const { instanceTypes } of pools) {
    for (const { offerings } of instanceTypes) {
      for (const { requirements, reservationCapacity } of offerings) {
        const label = reservationCapacity === undefined ? undefined : requirements.find(({ key }) => key.endsWith('reservation-id'));
        if (label) return label.key;
      }
    }
  }
  return undefined;
}

function selectorOf(objects: ObjectStore): NonNullable<SolveOptions['selectorOf']> {
  const services = objects.list<Service>('/Service');
  const named = <T>(kind: string) => (namespace: string, name: string): T | undefined => objects.all<T>(kind).get(`${namespace}/${name}`);
  return workloadSelectors({
    services: (namespace: string) => services.filter(({ metadata }) => metadata?.namespace === namespace),
    replicationController: named<ReplicationController>('/ReplicationController'),
    replicaSet: named<ReplicaSet>('apps/ReplicaSet'),
    statefulSet: named<StatefulSet>('apps/StatefulSet'),
  });
}
