import type { Pod } from 'kubernetes-types/core/v1.js';
import { AWS_GROUP, WELL_KNOWN_LABELS } from '../api/labels.js';
import { addResources } from '../api/resources.js';
import { isEmpty } from './bits.js';
import { compile } from './compiled.js';
import type { Compiled } from './compiled.js';
import type { Decision, ExistingPlacement, NewNode, Solve, Unschedulable } from './decision.js';
import { defaultedSpreads } from './default-spread.js';
import { ExistingNode } from './existing-node.js';
import { finish } from './finish.js';
import type { SolveOptions } from './options.js';
import { PodClasses } from './pod-class.js';
import type { PodClass } from './pod-class.js';
import type { Pool } from './pool.js';
import { Reservations } from './reservations.js';
import type { Run } from './run.js';
import type { Snapshot } from './snapshot.js';
import { Solver } from './solver.js';
import type { Failure, QueuedPod } from './solver.js';
import { Topology } from './topology.js';
import { describeEmptyPool, describeFailure } from './verdict.js';
import { attachedVolumes, volumeAlternatives } from './volumes.js';

const RESERVATION_ID_LABEL = `${AWS_GROUP}/capacity-reservation-id`;
const NO_NAMES: ReadonlySet<string> = new Set();
const NO_PODS: ReadonlySet<Pod> = new Set();

/** Places pods on the machines of a snapshot, and plans new ones for the rest. Pure; the same input always gives the same answer. */
export const solve: Solve = (snapshot, pods, options = {}) => {
  const compiled = compile(snapshot, options.wellKnownLabels ?? WELL_KNOWN_LABELS, options.reservationIDLabel ?? RESERVATION_ID_LABEL);
  const rejected: Unschedulable[] = [];
  const unusable = compiled.pools.filter((pool) => !canLaunch(pool, options));
  const { queue, run } = prepare(snapshot, compiled, pods, options, rejected);
  const solver = new Solver(run);
  const { failures, unfinished } = work(solver, queue, options);
  const newNodes: NewNode[] = [];
  for (const draft of solver.drafts) {
    const finished = finish(draft, run, { maxInstanceTypes: options.maxInstanceTypes ?? 600, strict: options.minValuesPolicy !== 'BestEffort' });
    if ('instanceTypes' in finished) newNodes.push(finished);
    else for (const pod of draft.pods) rejected.push({ pod, deferred: false, reason: finished.reason });
  }
  const existingNodes: ExistingPlacement[] = run.nodes.filter((node) => node.pods.length > 0).map(({ source, pods: placed }) => ({ node: source, pods: placed }));
  return {
    newNodes,
    existingNodes,
    unschedulable: [...rejected, ...failures.map(([{ pod }, failure]) => unschedulable(pod, failure, run))],
    unfinished,
    emptyPools: [...compiled.broken, ...unusable.map((pool) => ({ pool: pool.source, reason: describeEmptyPool(pool) }))],
    totalPrice: newNodes.reduce((total, { price }) => total + price, 0),
  } satisfies Decision;
};

const asksForDevices = ({ spec }: Pod): boolean => (spec?.resourceClaims?.length ?? 0) > 0;

/** Whether a pool can launch anything at all. */
const canLaunch = (pool: Pool, { minValuesPolicy }: SolveOptions): boolean =>
  !isEmpty(pool.usable) && (minValuesPolicy === 'BestEffort' || pool.unmetMinValues.length === 0);

function unschedulable(pod: Pod, failure: Failure, run: Run): Unschedulable {
  let rendered: string | undefined;
  return {
    pod,
    deferred: failure.refusals.some(({ rule }) => rule === 'reserved'),
    get reason() {
      return (rendered ??= describeFailure(failure, run));
    },
  };
}

/** Tries every pod, and again those that failed for as long as others are placed in between. */
function work(solver: Solver, queue: readonly QueuedPod[], { deadline, now }: SolveOptions): { failures: [QueuedPod, Failure][]; unfinished: Pod[] } {
  let pending = queue;
  for (;;) {
    const failures: [QueuedPod, Failure][] = [];
    for (let index = 0; index < pending.length; index += 1) {
      if (deadline !== undefined && now !== undefined && now() >= deadline) {
        return { failures, unfinished: pending.slice(index).map(({ pod }) => pod) };
      }
      const queued = pending[index] as QueuedPod;
      const failure = solver.place(queued);
      if (failure) failures.push([queued, failure]);
    }
    if (failures.length === 0 || failures.length === pending.length) return { failures, unfinished: [] };
    pending = failures.map(([queued]) => queued);
  }
}

/** Karpenter's order: the largest first, and pods that were waiting longer before others like them. */
function byPriority(a: QueuedPod, b: QueuedPod): number {
  const [left, right] = [a.podClass.shape.requests, b.podClass.shape.requests];
  return (right['cpu'] ?? 0) - (left['cpu'] ?? 0)
    || (right['memory'] ?? 0) - (left['memory'] ?? 0)
    || compare(a.pod.metadata?.creationTimestamp, b.pod.metadata?.creationTimestamp)
    || compare(a.pod.metadata?.uid, b.pod.metadata?.uid);
}

const compare = (a: unknown = '', b: unknown = ''): number => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);

function prepare(snapshot: Snapshot, compiled: Compiled, pods: readonly Pod[], options: SolveOptions, rejected: Unschedulable[]): { queue: QueuedPod[]; run: Run } {
  const { withoutNodes = NO_NAMES, closedNodes = NO_NAMES, movedPods = NO_PODS } = options;
  const { sets, pools } = compiled;
  const usablePools = pools.filter((pool) => canLaunch(pool, options));
  const classes = new PodClasses({
    sets,
    namespaces: snapshot.namespaces,
    preferences: options.preferencePolicy !== 'Ignore',
    softTaints: pools.some(({ taints }) => taints.some(({ effect }) => effect === 'PreferNoSchedule')),
  });
  const spreadsOf = defaultedSpreads(options);
  const inputs = pods.flatMap((pod) => {
    if (asksForDevices(pod)) {
      rejected.push({ pod, deferred: false, reason: 'pod has Dynamic Resource Allocation requirements that are not yet supported by Karpenter' });
      return [];
    }
    try {
      const hasVolumes = pod.spec?.volumes !== undefined;
      return [{
        pod,
        draft: classes.draft(pod, {
          volumes: hasVolumes ? volumeAlternatives(pod, snapshot.lookup) : [[]],
          moved: movedPods.has(pod),
          spreads: spreadsOf(pod),
        }),
        attached: hasVolumes ? attachedVolumes(pod, snapshot.lookup) : [],
      }];
    } catch (error) {
      rejected.push({ pod, deferred: false, reason: (error as Error).message });
      return [];
    }
  });
  const bound = compiled.bound();
  const grouped = classes.group(inputs, Topology.repellingKeys(bound));
  const queue = inputs.map(({ pod, attached }, index) => ({ pod, podClass: grouped[index] as PodClass, volumes: attached })).sort(byPriority);
  const distinct = [...new Set(grouped)];
  const resources = [...new Set(distinct.flatMap(({ shape: { requests } }) => Object.keys(requests)))].sort();
  const topology = new Topology(snapshot, bound, sets, pools, withoutNodes, new Set(pods), options.preferencePolicy === 'Ignore');
  for (const podClass of distinct) topology.add(podClass);
  const context = { resources, daemonSetPods: snapshot.daemonSetPods, lookup: snapshot.lookup };
  const nodes = snapshot.nodes.map((source, host) => new ExistingNode(source, host, context))
    .filter(({ source }) => !source.markedForDeletion && !withoutNodes.has(source.name))
    .sort((a, b) => Number(b.source.initialized) - Number(a.source.initialized) || compare(a.source.name, b.source.name));
  return {
    queue,
    run: {
      sets,
      reservationIDLabel: options.reservationIDLabel ?? RESERVATION_ID_LABEL,
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
