import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Pod, PodAffinityTerm, PodSpec } from 'kubernetes-types/core/v1.js';
import { seededRandom } from '../../src/operator/random.js';
import { solve } from '../../src/scheduling/index.js';
import { folded } from '../support/constraint-checker.js';
import { scenarios } from '../support/scenarios.js';
import { schedulerTrial } from '../support/scheduler-trial.js';
import type { SchedulerTrial } from '../support/scheduler-trial.js';

// Writes trials for kube-scheduler, one a line: FILE [COUNT [SEED]].

/** A pod as the API server admits it: the label keys of affinity terms in their selectors. */
function admitted(pod: Pod): Pod {
  const { affinity } = pod.spec as PodSpec;
  const merged = (kind: 'podAffinity' | 'podAntiAffinity'): object => {
    const terms = affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution;
    return terms ? { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms.map((term): PodAffinityTerm => ({ ...term, labelSelector: folded(term, pod) ?? {} })) } } : {};
  };
  return affinity ? { ...pod, spec: { ...pod.spec as PodSpec, affinity: { ...affinity, ...merged('podAffinity'), ...merged('podAntiAffinity') } } } : pod;
}

const asAdmitted = (trial: SchedulerTrial): SchedulerTrial =>
  ({ ...trial, bound: trial.bound.map(admitted), orders: trial.orders.map((order) => order.map((each) => ({ ...each, pod: admitted(each.pod) }))) });

const [file = '/dev/stdout', count = '200', seed = '1'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const lines = fc.sample(scenarios, { numRuns: Number(count), seed: Number(seed) }).map(({ cluster, pods, options }) =>
  JSON.stringify(asAdmitted(schedulerTrial(cluster, pods, solve(cluster, pods, options), (launches) => launches[Math.floor(random.next() * launches.length)] as (typeof launches)[number]))));
writeFileSync(file, `${lines.join('\n')}\n`);
