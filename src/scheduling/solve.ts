import type { Pod } from 'kubernetes-types/core/v1.js';
import { AWS_GROUP, WELL_KNOWN_LABELS } from '../api/labels.js';
import { compile } from './compiled.js';
import type { Decision, ExistingPlacement, NewNode, Solve, Unschedulable } from './decision.js';
import { effectiveZones } from './effective-zone.js';
import type { DraftNode } from './draft-node.js';
import { finish } from './finish.js';
import { improve } from './improve.js';
import { lowerBound } from './lower-bound.js';
import type { SolveOptions } from './options.js';
import type { PodClass } from './pod-class.js';
import { PodValues } from './pod-values.js';
import type { Demand } from './pod-values.js';
import { byAge, canLaunch, prepare } from './prepare.js';
import type { Run } from './run.js';
import type { Snapshot } from './snapshot.js';
import { Solver } from './solver.js';
import type { Failure, QueuedPod } from './solver.js';
import { Verdicts } from './verdict-tree.js';
import { describeEmptyPool, describeFailure } from './verdict.js';

const RESERVATION_ID_LABEL = `${AWS_GROUP}/capacity-reservation-id`;

/** Pods that are placed between two steps of {@link solving}. */
const STEP = 32;
/** New nodes that are handed out between two steps. */
const FINISH_STEP = 16;

/** Places pods on the machines of a snapshot, and plans new ones for the rest. Pure; the same input always gives the same answer. */
export const solve: Solve = (snapshot, pods, options) => finished(solving(snapshot, pods, options));

/**
 * {@link solve} in steps of a few milliseconds, so that whoever drives it can let others run in between. What the snapshot holds must
 * not change meanwhile; snapshots never do.
 */
export function* solving(snapshot: Snapshot, pods: readonly Pod[], options: SolveOptions = {}): Generator<undefined, Decision> {
  const compiled = compile(snapshot, options.wellKnownLabels ?? WELL_KNOWN_LABELS, options.reservationIDLabel ?? RESERVATION_ID_LABEL);
  const rejected: Unschedulable[] = [];
  const unusable = compiled.pools.filter((pool) => !canLaunch(pool, options));
  const { queue, run } = yield* prepare(snapshot, compiled, pods, options, rejected);
  options.zones?.(effectiveZones(queue.filter(({ pod }) => !options.virtualPods?.has(pod)), run));
  const solver = new Solver(run);
  const { failures, unfinished } = yield* work(solver, queue, options);
  const { deadline, now } = options;
  const isLate = deadline === undefined || now === undefined ? undefined : (): boolean => now() >= deadline;
  const valuing = (): Generator<undefined, PodValues> => PodValues.of(run.pools, demandsOf(queue, solver.drafts), run.resources);
  const known = options.improve === false || solver.drafts.length === 0 || isLate?.() === true ? undefined : yield* valuing();
  const planned = known === undefined ? solver.drafts : yield* improve(solver.drafts, known, run, isLate);
  const newNodes: NewNode[] = [];
  const dropped = new Map<Pod, string>();
  for (const [index, draft] of planned.entries()) {
    if (index % FINISH_STEP === FINISH_STEP - 1) yield;
    const finished = finish(draft, run, { maxInstanceTypes: options.maxInstanceTypes ?? 600, strict: options.minValuesPolicy !== 'BestEffort' });
    if ('instanceTypes' in finished) newNodes.push(finished);
    else for (const pod of draft.pods) dropped.set(pod, finished.reason);
  }
  if (dropped.size > 0) {
    // Others were placed as if these pods were there, for company or an even spread: so once more without them.
    const { zones: _told, ...again } = options;
    const rest = yield* solving(snapshot, pods.filter((pod) => !dropped.has(pod)), again);
    return { ...rest, unschedulable: [...[...dropped].map(([pod, reason]) => ({ pod, deferred: false, reason })), ...rest.unschedulable] };
  }
  const existingNodes: ExistingPlacement[] = run.nodes.filter((node) => node.pods.length > 0).map(({ source, pods: placed }) => ({ node: source, pods: placed }));
  const verdicts = new Verdicts(run);
  const bound = remember(() => (newNodes.length === 0 ? 0 : lowerBound(known ?? finished(valuing()), placedOf(queue, [...newNodes, ...existingNodes]), run.nodes.map(({ source }) => source))));
  return {
    newNodes,
    existingNodes,
    unschedulable: [...rejected.sort(byAge), ...failures.map(([queued, failure]) => unschedulable(queued, failure, run, verdicts))],
    unfinished,
    emptyPools: [...compiled.broken, ...unusable.map((pool) => ({ pool: pool.source, reason: describeEmptyPool(pool) }))],
    totalPrice: newNodes.reduce((total, { price }) => total + price, 0),
    get lowerBound() {
      return bound();
    },
  } satisfies Decision;
}

function finished<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** How many pods of each class need new nodes. */
function demandsOf(queue: readonly QueuedPod[], drafts: readonly DraftNode[]): Demand[] {
  const counts = new Map<PodClass, number>(queue.map(({ podClass }) => [podClass, 0]));
  for (const { classes } of drafts) for (const { origin } of classes) counts.set(origin, (counts.get(origin) as number) + 1);
  return [...counts].map(([podClass, count]) => ({ podClass, count }));
}

function placedOf(queue: readonly QueuedPod[], placements: readonly { readonly pods: readonly Pod[] }[]): Demand[] {
  const classOf = new Map(queue.map(({ pod, podClass }) => [pod, podClass]));
  return placements.flatMap(({ pods }) => pods.map((pod) => ({ podClass: classOf.get(pod) as PodClass, count: 1 })));
}

function remember<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function unschedulable(queued: QueuedPod, failure: Failure, run: Run, verdicts: Verdicts): Unschedulable {
  let rendered: string | undefined;
  return {
    pod: queued.pod,
    deferred: failure.refusals.some(({ rule }) => rule === 'reserved'),
    get reason() {
      return (rendered ??= describeFailure(failure, run));
    },
    get verdict() {
      return verdicts.of(failure, queued);
    },
  };
}

/** Tries every pod, and again those that failed for as long as others are placed in between. */
function* work(solver: Solver, queue: readonly QueuedPod[], { deadline, now, progress }: SolveOptions): Generator<undefined, { failures: [QueuedPod, Failure][]; unfinished: Pod[] }> {
  let pending = queue;
  for (;;) {
    const failures: [QueuedPod, Failure][] = [];
    for (let index = 0; index < pending.length; index += 1) {
      if (index % STEP === STEP - 1) {
        progress?.(pending.length - index + failures.length);
        yield;
      }
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

