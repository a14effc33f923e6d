import type { Pod } from 'kubernetes-types/core/v1.js';
import { addResources } from '../api/resources.js';
import { isEmpty } from './bits.js';
import type { Compiled } from './compiled.js';
import type { Unschedulable } from './decision.js';
import { defaultedSpreads } from './default-spread.js';
import { ExistingNode } from './existing-node.js';
import type { SolveOptions } from './options.js';
import { PodClasses } from './pod-class.js';
import type { PodClass } from './pod-class.js';
import type { Pool } from './pool.js';
import { Reservations } from './reservations.js';
import type { Run } from './run.js';
import type { Snapshot } from './snapshot.js';
import type { QueuedPod } from './solver.js';
import { Topology } from './topology.js';
import { attachedVolumes, volumeAlternatives } from './volumes.js';

const NO_NAMES: ReadonlySet<string> = new Set();
const NO_PODS: ReadonlySet<Pod> = new Set();
/** Pods that are read between two steps. */
const STEP = 64;
/** Pods that are put in order between two steps. */
const QUEUE_STEP = 4_096;

const asksForDevices = ({ spec }: Pod): boolean => (spec?.resourceClaims?.length ?? 0) > 0;

/** Whether a pool can launch anything at all. */
export const canLaunch = (pool: Pool, { minValuesPolicy }: SolveOptions): boolean =>
  !isEmpty(pool.usable) && (minValuesPolicy === 'BestEffort' || pool.unmetMinValues.length === 0);

/**
 * Karpenter's order: the largest first, and among those of one size the ones that have been waiting longest. Pods that have a place from
 * an earlier answer come before, virtual pods after all others.
 */
function* queueUp(pods: readonly QueuedPod[], virtualPods: ReadonlySet<Pod>): Generator<undefined, QueuedPod[]> {
  const bySize = new Map<string, { readonly turn: number; readonly cpu: number; readonly memory: number; readonly pods: QueuedPod[] }>();
  for (const [index, queued] of pods.entries()) {
    const { cpu = 0, memory = 0 } = queued.podClass.shape.requests;
    const turn = virtualPods.has(queued.pod) ? 2 : queued.earlier ? 0 : 1;
    const size = `${turn} ${cpu} ${memory}`;
    const alike = bySize.get(size);
    if (alike) alike.pods.push(queued);
    else bySize.set(size, { turn, cpu, memory, pods: [queued] });
    if (index % QUEUE_STEP === QUEUE_STEP - 1) yield;
  }
  const queue: QueuedPod[] = [];
  for (const alike of [...bySize.values()].sort((a, b) => a.turn - b.turn || b.cpu - a.cpu || b.memory - a.memory)) {
    for (const queued of alike.pods.sort(byAge)) queue.push(queued);
    yield;
  }
  return queue;
}

/** The oldest first. */
export const byAge = ({ pod: { metadata: a } }: { readonly pod: Pod }, { pod: { metadata: b } }: { readonly pod: Pod }): number =>
  compare(a?.creationTimestamp as string | undefined, b?.creationTimestamp as string | undefined) || compare(a?.uid, b?.uid);

const compare = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

/** Reads the pods and arranges the snapshot for them. Pods that cannot be read go to `rejected`. In steps. */
export function* prepare(snapshot: Snapshot, compiled: Compiled, pods: readonly Pod[], options: SolveOptions, rejected: Unschedulable[]): Generator<undefined, { queue: QueuedPod[]; run: Run }> {
  const { withoutNodes = NO_NAMES, closedNodes = NO_NAMES, movedPods = NO_PODS, virtualPods = NO_PODS } = options;
  const { sets, pools } = compiled;
  const usablePools = pools.filter((pool) => canLaunch(pool, options));
  const classes = new PodClasses({
    sets,
    namespaces: snapshot.namespaces,
    preferences: options.preferencePolicy !== 'Ignore',
    softTaints: pools.some(({ taints }) => taints.some(({ effect }) => effect === 'PreferNoSchedule')),
  });
  const spreadsOf = defaultedSpreads(options);
  const inputs: { readonly pod: Pod; readonly draft: ReturnType<PodClasses['draft']>; readonly attached: QueuedPod['volumes'] }[] = [];
  for (const [index, pod] of pods.entries()) {
    if (index % STEP === STEP - 1) yield;
    if (asksForDevices(pod)) {
      rejected.push({ pod, deferred: false, reason: 'pod has Dynamic Resource Allocation requirements that are not yet supported by Karpenter' });
      continue;
    }
    try {
      const hasVolumes = pod.spec?.volumes !== undefined;
      const draft = classes.draft(pod, { volumes: hasVolumes ? volumeAlternatives(pod, snapshot.lookup) : [[]], moved: movedPods.has(pod), spreads: spreadsOf(pod) });
      inputs.push({ pod, draft, attached: hasVolumes ? attachedVolumes(pod, snapshot.lookup) : [] });
    } catch (error) {
      rejected.push({ pod, deferred: false, reason: (error as Error).message });
    }
  }
  const bound = compiled.bound();
  yield;
  const grouped = classes.group(inputs, Topology.repellingKeys(bound));
  yield;
  const distinct = [...new Set(grouped)];
  const resources = [...new Set(distinct.flatMap(({ shape: { requests } }) => Object.keys(requests)))].sort();
  const topology = new Topology(snapshot, bound, sets, pools, withoutNodes, new Set(pods));
  for (const podClass of distinct) {
    topology.add(podClass);
    yield;
  }
  const context = { resources, daemonSetPods: snapshot.daemonSetPods, lookup: snapshot.lookup };
  const nodes = snapshot.nodes.map((source, host) => new ExistingNode(source, host, context))
    .filter(({ source }) => !source.markedForDeletion && !withoutNodes.has(source.name))
    .sort((a, b) => Number(b.source.initialized) - Number(a.source.initialized) || compare(a.source.name, b.source.name));
  const byClaim = new Map(nodes.map((node) => [node.source.nodeClaim?.metadata.name, node]));
  const earlierOf = ({ metadata }: Pod): ExistingNode | undefined => {
    const claim = options.earlierClaims?.get(metadata?.uid ?? '');
    return claim === undefined ? undefined : byClaim.get(claim);
  };
  const queue = yield* queueUp(inputs.map(({ pod, attached }, index) => ({ pod, podClass: grouped[index] as PodClass, volumes: attached, earlier: earlierOf(pod) })), virtualPods);
  return {
    queue,
    run: {
      sets,
      reservationIDLabel: compiled.reservationIDLabel,
      pools: usablePools,
      nodes,
      closedNodes,
      topology,
      reservations: new Reservations(usablePools, options.reservedCapacity ?? 'Strict'),
      resources,
      smallestRequest: Float64Array.from(resources, (name) => Math.min(...distinct.map(({ shape: { requests } }) => requests[name] ?? 0))),
      relaxMinValues: options.minValuesPolicy === 'BestEffort',
      firstDraftHost: snapshot.nodes.length,
      hostName: (host) => snapshot.nodes[host]?.name ?? `new-node-${host - snapshot.nodes.length}`,
      remainingLimits: (pool) => remainingLimits(pool, nodes),
    },
  };
}

/** A pool's limits minus what its machines have; those that are on their way out do not count. */
function remainingLimits(pool: Pool, nodes: readonly ExistingNode[]): Record<string, number> {
  const { limits } = pool;
  const names = Object.keys(limits);
  if (names.length === 0) return {};
  const used = addResources(...nodes.filter(({ source }) => source.nodePool === pool.name).map(({ source }) => ({ ...source.capacity, nodes: 1 })));
  return Object.fromEntries(names.map((name) => [name, (limits[name] as number) - (used[name] ?? 0)]));
}
