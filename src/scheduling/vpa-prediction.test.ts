import { expect } from 'chai';
import type { VerticalPodAutoscaler, VerticalPodAutoscalerSpec } from '../api/vertical-pod-autoscaler.js';
import { strongestPrediction, vpaPrediction, withPrediction } from './vpa-prediction.js';

const autoscaler = (spec: VerticalPodAutoscalerSpec, target: Record<string, string> = { cpu: '200m', memory: '1Gi' }, { name = 'a', created = '2026-01-01T00:00:00Z' } = {}): VerticalPodAutoscaler => ({
  apiVersion: 'autoscaling.k8s.io/v1', kind: 'VerticalPodAutoscaler', metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: created, labels: {}, annotations: {} }, spec,
  status: { recommendation: { containerRecommendations: [{ containerName: 'app', target }] } },
});

describe('what a VerticalPodAutoscaler makes of requests', () => {
  const policy = (rest: object): VerticalPodAutoscalerSpec => ({ resourcePolicy: { containerPolicies: [{ containerName: 'app', ...rest }] } });
  const cases: [string, VerticalPodAutoscalerSpec, Record<string, string> | undefined][] = [
    ['its target, whatever the mode', { updatePolicy: { updateMode: 'Initial' } }, { cpu: '200m', memory: '1Gi' }],
    ['nothing when it is off', { updatePolicy: { updateMode: 'Off' } }, undefined],
    ['nothing where the container is off', policy({ mode: 'Off' }), undefined],
    ['at least what is allowed', policy({ minAllowed: { cpu: '1' } }), { cpu: '1', memory: '1Gi' }],
    ['at most what is allowed', policy({ maxAllowed: { memory: '512Mi' } }), { cpu: '200m', memory: '512Mi' }],
    ['only what it controls', policy({ controlledResources: ['memory'] }), { memory: '1Gi' }],
    ['nothing when it controls nothing', policy({ controlledResources: [] }), undefined],
    ['by the policy for all others', { resourcePolicy: { containerPolicies: [{ containerName: '*', minAllowed: { cpu: '300m' } }] } }, { cpu: '300m', memory: '1Gi' }],
    ['by the policy of its name before that', { resourcePolicy: { containerPolicies: [{ containerName: '*', mode: 'Off' }, { containerName: 'app' }] } }, { cpu: '200m', memory: '1Gi' }],
    ['more CPU at the start, by a factor', { startupBoost: { cpu: { type: 'Factor', factor: 3 } } }, { cpu: '600m', memory: '1Gi' }],
    ['more CPU at the start, by an amount on top of what is allowed', policy({ maxAllowed: { cpu: '100m' }, startupBoost: { cpu: { type: 'Quantity', quantity: '1' } } }), { cpu: '1100m', memory: '1Gi' }],
    ['no less CPU at the start', { startupBoost: { cpu: { type: 'Factor', factor: 0 } } }, { cpu: '200m', memory: '1Gi' }],
  ];
  for (const [what, spec, expected] of cases) it(what, () => expect(vpaPrediction(autoscaler(spec)).get('app')).to.deep.equal(expected));

  it('nothing before it has a recommendation', () => {
    expect(vpaPrediction({ ...autoscaler({}), status: {} }).size).to.equal(0);
  });

  it('is said by the oldest of several that says anything, and then by the first by name', () => {
    const cpuOf = (...autoscalers: VerticalPodAutoscaler[]) => strongestPrediction(autoscalers).get('app')?.['cpu'];
    const older = autoscaler({}, { cpu: '1' }, { name: 'z', created: '2025-01-01T00:00:00Z' });
    expect(cpuOf(autoscaler({}), older)).to.equal('1');
    expect(cpuOf(autoscaler({}), { ...older, spec: { updatePolicy: { updateMode: 'Off' } } })).to.equal('200m');
    expect(cpuOf(autoscaler({}, { cpu: '2' }, { name: 'b' }), autoscaler({}))).to.equal('200m');
    expect(cpuOf()).to.equal(undefined);
  });

  it('takes the place of what the template asks for, container by container', () => {
    const template = { spec: { containers: [{ name: 'app', resources: { requests: { cpu: '1', 'example.com/gpu': '1' } } }, { name: 'other', resources: { requests: { cpu: '1' } } }] } };
    expect(withPrediction(template, vpaPrediction(autoscaler({}))).spec?.containers.map(({ resources }) => resources?.requests)).to.deep.equal([
      { cpu: '200m', memory: '1Gi', 'example.com/gpu': '1' }, { cpu: '1' },
    ]);
  });
});
