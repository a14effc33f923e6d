import { expect } from 'chai';
import type { CapacityBuffer, CapacityBufferSpec } from 'karpenter-ts/api';
import { Deployment, PodTemplate, StatefulSet } from 'karpenter-ts/operator';
import type { Cache } from 'karpenter-ts/operator';
import { bufferChunks } from './buffer-chunks.js';

describe('what a buffer consists of', () => {
  const pods = (cpu: string) => ({ spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] } });
  const objects = new Map<string, unknown>([
    ['PodTemplate team/chunk', { metadata: { name: 'chunk' }, template: pods('500m') }],
    ['PodTemplate team/broken', { metadata: { name: 'broken' }, template: pods('much') }],
    ['Deployment team/web', { spec: { replicas: 8, template: pods('1') } }],
    ['StatefulSet team/web', { spec: { template: pods('2') } }],
  ]);
  const names = new Map<unknown, string>([[PodTemplate, 'PodTemplate'], [Deployment, 'Deployment'], [StatefulSet, 'StatefulSet']]);
  const cache = { get: (kind: unknown, name: string, namespace?: string) => objects.get(`${names.get(kind) ?? 'other'} ${namespace}/${name}`), list: () => [] } as unknown as Pick<Cache, 'get' | 'list'>;
  const chunks = (spec: CapacityBufferSpec) => bufferChunks({ metadata: { name: 'spare', namespace: 'team' }, spec } as CapacityBuffer, cache);

  const resolved: [string, CapacityBufferSpec, string, number][] = [
    ['a PodTemplate', { podTemplateRef: { name: 'chunk' }, limits: { cpu: 2 } }, '500m', 4],
    ['a Deployment', { scalableRef: { apiGroup: 'apps', kind: 'Deployment', name: 'web' }, percentage: 50 }, '1', 4],
    ['a StatefulSet, of which there is one unless it says otherwise', { scalableRef: { apiGroup: '', kind: 'StatefulSet', name: 'web' }, percentage: 100 }, '2', 1],
  ];
  for (const [what, spec, cpu, replicas] of resolved) {
    it(`is read from ${what}`, () => {
      expect(chunks(spec)).to.deep.include({ template: pods(cpu), replicas });
    });
  }

  const unresolved: [string, CapacityBufferSpec, string, string][] = [
    ['a PodTemplate that is not there', { podTemplateRef: { name: 'gone' }, replicas: 1 }, 'PodTemplateNotFound', 'PodTemplate team/gone not found'],
    ['a workload that is not there', { scalableRef: { kind: 'ReplicaSet', name: 'web' } }, 'ScalableRefNotFound', 'ReplicaSet team/web not found'],
    ['a kind that has no template that we know', { scalableRef: { kind: 'Job', name: 'web' } }, 'ResolutionFailed', 'spec.scalableRef.kind is "Job"; it must be Deployment, StatefulSet, ReplicaSet'],
    ['a group that has none', { scalableRef: { apiGroup: 'batch', kind: 'Deployment', name: 'web' } }, 'ResolutionFailed', 'spec.scalableRef.apiGroup is "batch"; it must be "apps" or empty'],
    ['nothing', { replicas: 1 }, 'ResolutionFailed', 'neither spec.podTemplateRef nor spec.scalableRef is set'],
    ['a template with requests that are none', { podTemplateRef: { name: 'broken' }, replicas: 1 }, 'ResolutionFailed', 'in the pod template, its VerticalPodAutoscaler or spec.limits, "much" is not a quantity'],
    ['far too many', { podTemplateRef: { name: 'chunk' }, replicas: 2_000_000_000 }, 'ResolutionFailed', 'CapacityBuffer team/spare would have 2000000000 virtual pods; its replicas, percentage and limits must come to at most 10000'],
  ];
  for (const [what, spec, reason, message] of unresolved) {
    it(`is not known for ${what}`, () => {
      const answer = chunks(spec);
      expect(answer).to.include({ reason });
      expect((answer as { message: string }).message).to.include(message);
    });
  }
});
