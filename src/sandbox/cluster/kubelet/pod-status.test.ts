import { expect } from 'chai';
import type { ContainerState } from 'kubernetes-types/core/v1.js';
import { testPod } from '../testing/objects.js';
import { behaviourOf, readyDelay, stopDuration } from './container-behaviour.js';
import { podPhase, podStatus } from './pod-status.js';
import type { ContainerRun, PodRun } from './pod-status.js';

const WAITING: ContainerState = { waiting: { reason: 'ContainerCreating' } };
const RUNNING: ContainerState = { running: { startedAt: '2024-01-01T00:00:00Z' } };
const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });

const container = (state: ContainerState, { init = false, sidecar = false, lastState = undefined as ContainerState | undefined, ready = state === RUNNING } = {}): ContainerRun =>
  ({ spec: { name: 'c', image: 'web:1', ...(sidecar ? { restartPolicy: 'Always' } : {}) }, init: init || sidecar, state, ...(lastState ? { lastState } : {}), ready, restarts: 0 });
const run = (...containers: ContainerRun[]): PodRun => ({ containers, sandboxReady: true, hostIp: '10.0.0.1', startTime: 0 });

const PHASES: [string, PodRun, string, string][] = [
  ['nothing started', run(container(WAITING)), 'Always', 'Pending'],
  ['an init step is at work', run(container(RUNNING, { init: true }), container(WAITING)), 'Always', 'Pending'],
  ['an init step failed and is not tried again', run(container(ended(1), { init: true }), container(WAITING)), 'Never', 'Failed'],
  ['everything runs', run(container(ended(0), { init: true }), container(RUNNING)), 'Always', 'Running'],
  ['it waits for its restart', run(container({ waiting: { reason: 'CrashLoopBackOff' } }, { lastState: ended(1) })), 'Always', 'Running'],
  ['all have succeeded', run(container(ended(0))), 'OnFailure', 'Succeeded'],
  ['one has failed for good', run(container(ended(0)), container(ended(2))), 'Never', 'Failed'],
  ['only its sidecar still runs', run(container(RUNNING, { sidecar: true }), container(ended(0))), 'Never', 'Succeeded'],
];

describe("A pod's phase when", () => {
  for (const [when, state, policy, phase] of PHASES) {
    it(`${when} is ${phase}`, () => {
      expect(podPhase(state, policy)).to.equal(phase);
    });
  }
});

describe("A pod's status", () => {
  const conditions = (state: PodRun, pod = testPod('p')): Record<string, string> => Object.fromEntries((podStatus(pod, state, 0).conditions ?? []).map(({ type, status, reason }) => [type, reason ? `${status} ${reason}` : status]));

  it('is ready when every container is', () => {
    expect(conditions(run(container(RUNNING)))).to.deep.equal({ PodReadyToStartContainers: 'True', Initialized: 'True', Ready: 'True', ContainersReady: 'True', PodScheduled: 'True' });
  });

  it('waits for readiness gates that others open', () => {
    const pod = testPod('p', { spec: { readinessGates: [{ conditionType: 'lb' }] } });
    expect(conditions(run(container(RUNNING)), pod)).to.include({ Ready: 'False ReadinessGatesNotReady', ContainersReady: 'True' });
    pod.status.conditions = [{ type: 'lb', status: 'True' }];
    expect(conditions(run(container(RUNNING)), pod)).to.include({ Ready: 'True', lb: 'True' });
  });

  it('names the containers that it waits for', () => {
    const { conditions: all } = podStatus(testPod('p'), run(container(WAITING)), 0);
    expect(all?.find(({ type }) => type === 'Ready')).to.include({ status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [c]' });
  });

  it('is completed, not unready, when all has succeeded', () => {
    expect(conditions(run(container(ended(0))), testPod('p', { spec: { restartPolicy: 'Never' } }))).to.include({ Ready: 'False PodCompleted' });
  });

  it('moves a transition time only when the status changes', () => {
    const pod = testPod('p', { status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2024-01-01T00:00:00Z' }] } });
    expect(podStatus(pod, run(container(RUNNING)), Date.UTC(2025, 0)).conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime).to.equal('2024-01-01T00:00:00Z');
    expect(podStatus(pod, run(container(WAITING)), Date.UTC(2025, 0)).conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime).to.equal('2025-01-01T00:00:00Z');
  });
});

describe('What a container does', () => {
  const does = (command: string[], policy = 'Never', annotations = {}, init = false) => behaviourOf({ name: 'c', command }, policy, annotations, init, 0.5);

  it('follows from its command', () => {
    expect(does(['sleep', '30'])).to.deep.equal({ runsFor: 30_000, exitCode: 0 });
    expect(does(['sh', '-c', 'sleep 2m; exit 3'])).to.deep.equal({ runsFor: 120_000, exitCode: 3 });
    expect(does(['/bin/sh', '-c', 'echo hello'], 'Always')).to.deep.equal({ runsFor: 1_250, exitCode: 0 });
    expect(does(['sleep', 'infinity']).runsFor).to.equal(undefined);
  });

  it('follows from its annotations before that', () => {
    expect(does(['sleep', '30'], 'Never', { 'sandbox.karpenter-ts.dev/run-for': '5s', 'sandbox.karpenter-ts.dev/exit-code': '2' })).to.deep.equal({ runsFor: 5_000, exitCode: 2 });
  });

  it('is to serve for ever, unless its pod is meant to end', () => {
    expect(does([], 'Always').runsFor).to.equal(undefined);
    expect(does([], 'OnFailure').runsFor).to.equal(10_000);
    expect(does([], 'Always', {}, true).runsFor).to.equal(2_000);
  });

  it('stops within its grace period, after its preStop hook', () => {
    const spec = { containers: [{ name: 'c', lifecycle: { preStop: { exec: { command: ['sleep', '10'] } } } }] };
    expect(stopDuration(spec, {}, 30, 0)).to.equal(10_300);
    expect(stopDuration(spec, {}, 5, 0)).to.equal(5_000);
  });

  it('becomes ready by its probes', () => {
    expect(readyDelay({ name: 'c' })).to.equal(undefined);
    expect(readyDelay({ name: 'c', readinessProbe: { initialDelaySeconds: 5, periodSeconds: 2, successThreshold: 3 } })).to.equal(9_500);
  });
});
