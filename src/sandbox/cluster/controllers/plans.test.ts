import { expect } from 'chai';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { CronJob, DaemonSet, Deployment, Job, Pod, PodDisruptionBudget, ReplicaSet, StatefulSet } from '../model/kinds.js';
import { testNode, testPod } from '../testing/objects.js';
import { planCronJob } from './cron-job-plan.js';
import { daemonBelongs, daemonPod, planDaemonSet } from './daemon-set-plan.js';
import { deploymentStatus, planDeployment } from './deployment-plan.js';
import { budgetStatus } from './disruption-budget-controller.js';
import { formatIndexes, parseIndexes, planJob, TRACKING_FINALIZER } from './job-plan.js';
import { templateHash } from './pod-template.js';
import { planReplicaSet } from './replica-set-plan.js';
import { planStatefulSet } from './stateful-set-plan.js';

const NOW = Date.UTC(2024, 0, 1, 1);
const meta = (name: string, extra: object = {}) => ({ ...testPod(name).metadata, generation: 1, ...extra });
const template = (version = '1'): PodTemplateSpec => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: `web:${version}` }] } });
const selector = { matchLabels: { app: 'web' } };

const ready = (name: string, extra: Parameters<typeof testPod>[1] = {}): Pod =>
  testPod(name, { ...extra, spec: { nodeName: 'n', ...extra.spec }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2024-01-01T00:30:00Z' }], ...extra.status } });

function replicaSet(name: string, version: string, spec: number, status: number, { available = status, annotations = {} }: { available?: number; annotations?: Record<string, string> } = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta(name, { annotations }),
    spec: { replicas: spec, selector, template: { ...template(version), metadata: { labels: { app: 'web', 'pod-template-hash': name } } } },
    status: { replicas: status, readyReplicas: available, availableReplicas: available },
  };
}

const deployment = (replicas: number, version: string, spec: Partial<Deployment['spec']> = {}, status: Deployment['status'] = {}): Deployment =>
  ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('web'), spec: { replicas, selector, template: template(version), ...spec }, status });

const resizes = (plan: ReturnType<typeof planDeployment>): string[] => plan.resize.map(({ replicaSet: { metadata }, from, to }) => `${metadata.name} ${from}→${to}`);

describe('A Deployment', () => {
  it('makes the ReplicaSet of its template, with the whole number at once', () => {
    expect(planDeployment(deployment(5, '1'), [], []).create).to.deep.equal({ hash: templateHash(template('1')), replicas: 5, revision: '1' });
  });

  it('starts a rollout with what its surge allows, as the next revision', () => {
    const old = replicaSet('old', '1', 4, 4, { annotations: { 'deployment.kubernetes.io/revision': '1' } });
    expect(planDeployment(deployment(4, '2'), [old], []).create).to.deep.include({ replicas: 1, revision: '2' });
  });

  it('scales the old one down no further than enough stay available', () => {
    const old = replicaSet('old', '1', 4, 4);
    expect(resizes(planDeployment(deployment(4, '2'), [old, replicaSet('new', '2', 1, 1, { available: 0 })], []))).to.deep.equal(['old 4→3']);
    expect(resizes(planDeployment(deployment(4, '2'), [replicaSet('old', '1', 3, 3), replicaSet('new', '2', 2, 2, { available: 0 })], []))).to.deep.equal([]);
    expect(resizes(planDeployment(deployment(4, '2'), [replicaSet('old', '1', 3, 3), replicaSet('new', '2', 2, 2)], []))).to.deep.equal(['old 3→1']);
  });

  it('takes unhealthy old pods away first', () => {
    const old = replicaSet('old', '1', 4, 4, { available: 3 });
    expect(resizes(planDeployment(deployment(4, '2'), [old, replicaSet('new', '2', 1, 1, { available: 0 })], []))).to.deep.equal(['old 4→3']);
  });

  it('keeps proportions when it is resized in the middle of a rollout', () => {
    const annotations = { 'deployment.kubernetes.io/desired-replicas': '10', 'deployment.kubernetes.io/max-replicas': '13' };
    const sets = [replicaSet('old', '1', 8, 8, { annotations }), replicaSet('new', '2', 5, 5, { annotations })];
    expect(resizes(planDeployment(deployment(20, '2', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }), sets, []))).to.deep.equal(['old 8→14', 'new 5→9']);
  });

  it('that recreates waits until the last old pod is gone', () => {
    const old = replicaSet('old', '1', 0, 0);
    const recreate = deployment(2, '2', { strategy: { type: 'Recreate' } });
    const leftover = testPod('p', { metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'old', uid: old.metadata.uid, controller: true }] } });
    expect(planDeployment(recreate, [old], [leftover]).create).to.equal(undefined);
    expect(planDeployment(recreate, [old], []).create).to.deep.include({ replicas: 2 });
  });

  it('forgets the oldest ReplicaSets beyond its history when it is complete', () => {
    const old = ['1', '2', '3'].map((version) => replicaSet(`old-${version}`, version, 0, 0, { annotations: { 'deployment.kubernetes.io/revision': version } }));
    const complete = deployment(1, '4', { revisionHistoryLimit: 1 }, { replicas: 1, updatedReplicas: 1, availableReplicas: 1, observedGeneration: 1 });
    const current = replicaSet('new', '4', 1, 1, { annotations: { 'deployment.kubernetes.io/revision': '4' } });
    expect(planDeployment(complete, [...old, current], []).forget.map(({ metadata }) => metadata.name)).to.deep.equal(['old-1', 'old-2']);
  });

  it('reports that it has timed out when nothing moves within its deadline', () => {
    const stuck = deployment(1, '1', { progressDeadlineSeconds: 60 }, { updatedReplicas: 1, replicas: 1, conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', lastUpdateTime: '2024-01-01T00:58:00Z' }] });
    const { status } = deploymentStatus(stuck, [replicaSet('new', '1', 1, 1, { available: 0 })], NOW);
    expect(status.conditions?.find(({ type }) => type === 'Progressing')).to.include({ status: 'False', reason: 'ProgressDeadlineExceeded', message: 'ReplicaSet "new" has timed out progressing.' });
    expect(status.conditions?.find(({ type }) => type === 'Available')).to.include({ status: 'False', reason: 'MinimumReplicasUnavailable' });
  });
});

describe('A ReplicaSet', () => {
  it('creates what is missing and does not count pods on their way out', () => {
    const leaving = ready('b', { metadata: { deletionTimestamp: '2024-01-01T00:00:00Z' } });
    expect(planReplicaSet(replicaSet('rs', '1', 3, 0), [ready('a'), leaving], new Map(), NOW)).to.deep.include({ create: 2, remove: [] });
  });

  it('gives up first what is missed least', () => {
    const pods = [ready('running'), testPod('unassigned'), testPod('assigned', { spec: { nodeName: 'n' } }), ready('cheap', { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } } }), ready('doubled', { spec: { nodeName: 'm' } })];
    const { remove } = planReplicaSet(replicaSet('rs', '1', 0, 5), pods, new Map([['m', 3], ['n', 1]]), NOW);
    expect(remove.map(({ metadata }) => metadata.name)).to.deep.equal(['unassigned', 'assigned', 'cheap', 'doubled', 'running']);
  });

  it('counts a ready pod as available after its minimum time, and says when', () => {
    const young = ready('a', { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2024-01-01T00:59:50Z' }] } });
    const patient = { ...replicaSet('rs', '1', 1, 1), spec: { ...replicaSet('rs', '1', 1, 1).spec, minReadySeconds: 30 } };
    const { status, nextAvailableAt } = planReplicaSet(patient, [young], new Map(), NOW);
    expect(status).to.include({ readyReplicas: 1, availableReplicas: 0 });
    expect(nextAvailableAt).to.equal(NOW + 20_000);
  });
});

describe('A StatefulSet', () => {
  const set = (replicas: number, spec: Partial<StatefulSet['spec']> = {}): StatefulSet =>
    ({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: meta('db'), spec: { replicas, serviceName: 'db', selector, template: template(), ...spec }, status: {} });
  const member = (ordinal: number, revision = 'r1', extra: object = {}): Pod => ready(`db-${ordinal}`, { metadata: { labels: { 'controller-revision-hash': revision }, ...extra } });
  const revisions = { current: 'r1', update: 'r1' };

  it('brings its pods up one after the other', () => {
    expect(planStatefulSet(set(3), [], revisions, NOW).create).to.deep.equal([{ ordinal: 0, revision: 'r1' }]);
    expect(planStatefulSet(set(3), [testPod('db-0')], revisions, NOW).create).to.deep.equal([]);
    expect(planStatefulSet(set(3), [member(0)], revisions, NOW).create).to.deep.equal([{ ordinal: 1, revision: 'r1' }]);
  });

  it('brings them up all together when it may', () => {
    expect(planStatefulSet(set(3, { podManagementPolicy: 'Parallel' }), [], revisions, NOW).create.map(({ ordinal }) => ordinal)).to.deep.equal([0, 1, 2]);
  });

  it('takes the highest ordinal away first', () => {
    expect(planStatefulSet(set(1), [member(0), member(1), member(2)], revisions, NOW).remove.map(({ metadata }) => metadata.name)).to.deep.equal(['db-2']);
  });

  it('updates from the highest ordinal down to the partition', () => {
    const update = { current: 'r1', update: 'r2' };
    const partitioned = set(3, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    expect(planStatefulSet(partitioned, [member(0), member(1), member(2)], update, NOW).remove.map(({ metadata }) => metadata.name)).to.deep.equal(['db-2']);
    expect(planStatefulSet(partitioned, [member(0), member(1), member(2, 'r2')], update, NOW).remove.map(({ metadata }) => metadata.name)).to.deep.equal(['db-1']);
    expect(planStatefulSet(partitioned, [member(0), member(1, 'r2'), member(2, 'r2')], update, NOW).remove).to.deep.equal([]);
    expect(planStatefulSet(partitioned, [member(1, 'r2'), member(2, 'r2')], update, NOW).create).to.deep.equal([{ ordinal: 0, revision: 'r1' }]);
  });
});

describe('A DaemonSet', () => {
  const set = (spec: Partial<DaemonSet['spec']> = {}): DaemonSet => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: meta('agent'), spec: { selector, template: template(), ...spec }, status: {} });
  const daemon = (node: string, revision = 'r1'): Pod => ready(`agent-${node}`, { spec: { nodeName: node }, metadata: { labels: { 'controller-revision-hash': revision } } });

  it('puts one pod on each node that fits, pinned to it by name', () => {
    const nodes = [testNode('a'), testNode('b', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }), testNode('c')];
    expect(planDaemonSet(set(), nodes, [daemon('a')], 'r1', NOW).create).to.deep.equal(['c']);
    const pod = daemonPod(set(), 'c', 'r1');
    expect(pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).to.deep.equal([{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }]);
  });

  it('stays on cordoned and unready nodes but leaves those whose NoExecute taint it does not tolerate', () => {
    const taints = (effect: string, key: string) => testNode('a', { spec: { taints: [{ key, effect }] } });
    expect(daemonBelongs(set(), taints('NoSchedule', 'node.kubernetes.io/unschedulable'))).to.deep.equal({ run: true, stay: true });
    expect(daemonBelongs(set(), taints('NoExecute', 'node.kubernetes.io/not-ready'))).to.deep.equal({ run: true, stay: true });
    expect(daemonBelongs(set(), taints('NoSchedule', 'mine'))).to.deep.equal({ run: false, stay: true });
    expect(daemonBelongs(set(), taints('NoExecute', 'mine'))).to.deep.equal({ run: false, stay: false });
  });

  it('replaces old revisions as many at a time as may be unavailable', () => {
    const nodes = ['a', 'b', 'c'].map((name) => testNode(name));
    const plan = planDaemonSet(set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } } }), nodes, nodes.map(({ metadata }) => daemon(metadata.name)), 'r2', NOW);
    expect(plan.remove).to.have.length(2);
    expect(plan.status).to.include({ desiredNumberScheduled: 3, numberAvailable: 3, updatedNumberScheduled: 0 });
  });
});

describe('A Job', () => {
  const job = (spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Job => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: meta('work'), spec: { completions: 3, parallelism: 2, template: template(), ...spec }, status });
  const worker = (name: string, phase: string, extra: object = {}): Pod =>
    testPod(name, { metadata: { finalizers: [TRACKING_FINALIZER], ...extra }, status: { phase, containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 1, finishedAt: '2024-01-01T00:59:55Z' } } }] } });

  it('runs no more than its parallelism, and no more than are missing', () => {
    expect(planJob(job(), [], NOW).create).to.have.length(2);
    expect(planJob(job({}, { succeeded: 2 }), [], NOW).create).to.have.length(1);
  });

  it('counts a finished pod once', () => {
    const plan = planJob(job({}, { succeeded: 1 }), [worker('a', 'Succeeded')], NOW);
    expect(plan.status).to.include({ succeeded: 2 });
    expect(planJob(job({}, { succeeded: 2 }), [{ ...worker('a', 'Succeeded'), metadata: testPod('a').metadata }], NOW).status).to.include({ succeeded: 2 });
  });

  it('is complete at its completions and failed beyond its backoff limit', () => {
    expect(planJob(job({ completions: 1 }), [worker('a', 'Succeeded')], NOW).status.conditions?.map(({ type }) => type)).to.deep.equal(['SuccessCriteriaMet', 'Complete']);
    const failed = planJob(job({ backoffLimit: 0 }), [worker('a', 'Failed'), testPod('b')], NOW);
    expect(failed.status.conditions?.at(-1)).to.include({ type: 'Failed', reason: 'BackoffLimitExceeded' });
    expect(failed.remove.map(({ metadata }) => metadata.name)).to.deep.equal(['b']);
  });

  it('waits longer after each failure', () => {
    const plan = planJob(job(), [worker('a', 'Failed')], NOW);
    expect(plan.create).to.deep.equal([]);
    expect(plan.nextCheck).to.equal(NOW + 5_000);
  });

  it('gives each index its pod', () => {
    const done = worker('a', 'Succeeded', { annotations: { 'batch.kubernetes.io/job-completion-index': '0' } });
    const plan = planJob(job({ completionMode: 'Indexed' }), [done], NOW);
    expect(plan.create).to.deep.equal([{ index: 1 }, { index: 2 }]);
    expect(plan.status).to.include({ completedIndexes: '0' });
    expect(formatIndexes(parseIndexes('0-3,5,7-8'))).to.equal('0-3,5,7,8');
  });
});

describe('A CronJob', () => {
  const cron = (spec: Partial<CronJob['spec']> = {}, status: CronJob['status'] = {}): CronJob =>
    ({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: meta('nightly', { creationTimestamp: '2024-01-01T00:00:00Z' }), spec: { schedule: '*/10 * * * *', jobTemplate: { spec: { template: template() } }, ...spec }, status });
  const running = { apiVersion: 'batch/v1', kind: 'Job', metadata: meta('nightly-1'), spec: { template: template() }, status: {} } as Job;

  it('starts once for all the times that it has missed, and says when the next is', () => {
    const plan = planCronJob(cron({}, { lastScheduleTime: '2024-01-01T00:20:00Z' }), [], Date.UTC(2024, 0, 1, 0, 55));
    expect(plan).to.include({ start: Date.UTC(2024, 0, 1, 0, 50), nextStart: Date.UTC(2024, 0, 1, 1, 0) });
  });

  it('starts at its very minute, in its own time zone', () => {
    expect(planCronJob(cron({ schedule: '0 2 * * *', timeZone: 'Europe/Berlin' }), [], NOW).start).to.equal(NOW);
  });

  it('waits for the run before, or replaces it, as it was told', () => {
    expect(planCronJob(cron({ concurrencyPolicy: 'Forbid' }), [running], NOW).start).to.equal(undefined);
    expect(planCronJob(cron({ concurrencyPolicy: 'Replace' }), [running], NOW)).to.deep.include({ start: NOW, remove: [running] });
  });

  it('reports a schedule that is none', () => {
    expect(planCronJob(cron({ schedule: 'every now and then' }), [], NOW).problem).to.have.property('reason', 'UnparseableSchedule');
  });
});

describe('A disruption budget', () => {
  const budget = (spec: Partial<PodDisruptionBudget['spec']>, status: PodDisruptionBudget['status'] = {}): PodDisruptionBudget => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: meta('pdb'), spec, status });
  const scale = (replicas: number) => () => ({ uid: 'rs', replicas });

  it('rounds percentages up in favour of the pods that must stay', () => {
    expect(budgetStatus(budget({ minAvailable: '50%' }), [ready('a'), ready('b'), ready('c')], scale(3), NOW)).to.include({ expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 });
    expect(budgetStatus(budget({ maxUnavailable: '30%' }), [ready('a'), ready('b'), ready('c')], scale(3), NOW)).to.include({ desiredHealthy: 2, disruptionsAllowed: 1 });
  });

  it('counts pods that were evicted but still run as gone, for two minutes', () => {
    const evicted = (time: string) => budgetStatus(budget({ minAvailable: 1 }, { disruptedPods: { a: time } }), [ready('a'), ready('b')], scale(2), NOW);
    expect(evicted('2024-01-01T00:59:00Z')).to.deep.include({ currentHealthy: 1, disruptionsAllowed: 0, disruptedPods: { a: '2024-01-01T00:59:00Z' } });
    expect(evicted('2024-01-01T00:57:00Z')).to.deep.include({ currentHealthy: 2, disruptionsAllowed: 1, disruptedPods: {} });
  });
});
