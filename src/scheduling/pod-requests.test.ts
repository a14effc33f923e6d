import { expect } from 'chai';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { podRequests } from './pod-requests.js';

const container = (name: string, cpu: string, rest: object = {}) => ({ name, resources: { requests: { cpu } }, ...rest });
const pod = (spec: object, status: object = {}): Pod => ({ spec: { containers: [], ...spec }, status } as Pod);

describe('the requests of a pod', () => {
  it('sum its containers, and count the pod', () => {
    expect(podRequests(pod({ containers: [container('a', '100m'), container('b', '1.5')] }))).to.deep.equal({ cpu: 1600, pods: 1 });
    expect(podRequests(pod({ containers: [{ name: 'a' }] }))).to.deep.equal({ pods: 1 });
  });

  it('are at least those of every init step', () => {
    expect(podRequests(pod({ containers: [container('a', '1')], initContainers: [container('big', '3'), container('small', '1m')] }))).to.deep.equal({ cpu: 3000, pods: 1 });
  });

  it('count sidecars beside the containers, and beside the init steps that follow them', () => {
    const sidecar = container('sidecar', '1', { restartPolicy: 'Always' });
    expect(podRequests(pod({ containers: [container('a', '1')], initContainers: [sidecar] }))).to.deep.equal({ cpu: 2000, pods: 1 });
    expect(podRequests(pod({ containers: [container('a', '1')], initContainers: [sidecar, container('init', '4')] }))).to.deep.equal({ cpu: 5000, pods: 1 });
    expect(podRequests(pod({ containers: [container('a', '1')], initContainers: [container('init', '4'), sidecar] }))).to.deep.equal({ cpu: 4000, pods: 1 });
  });

  it('add the overhead of the runtime class', () => {
    expect(podRequests(pod({ containers: [container('a', '1')], overhead: { cpu: '250m', memory: '1Ki' } }))).to.deep.equal({ cpu: 1250, memory: 1024, pods: 1 });
  });

  it('are the pod-level ones where there are any', () => {
    const spec = { containers: [container('a', '1'), { name: 'gpu', resources: { requests: { 'nvidia.com/gpu': '1' } } }], resources: { requests: { cpu: '3' } } };
    expect(podRequests(pod(spec))).to.deep.equal({ cpu: 3000, 'nvidia.com/gpu': 1, pods: 1 });
  });

  it('are the larger of asked and held while a resize is in progress, and what is held when it is infeasible', () => {
    const status = { containerStatuses: [{ name: 'a', resources: { requests: { cpu: '2' } }, allocatedResources: { cpu: '1' } }] };
    expect(podRequests(pod({ containers: [container('a', '1')] }, status))).to.deep.equal({ cpu: 2000, pods: 1 });
    expect(podRequests(pod({ containers: [container('a', '8')] }, status))).to.deep.equal({ cpu: 8000, pods: 1 });
    expect(podRequests(pod({ containers: [container('a', '8')] }, { ...status, conditions: [{ type: 'PodResizePending', reason: 'Infeasible' }] }))).to.deep.equal({ cpu: 2000, pods: 1 });
  });
});
