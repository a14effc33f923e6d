import { expect } from 'chai';
import fc from 'fast-check';
import { bufferReplicas } from './buffer-replicas.js';

describe('how many chunks a buffer has', () => {
  const REQUESTS = { cpu: 500, memory: 2 ** 30, pods: 1 };
  const cases: [string, Parameters<typeof bufferReplicas>[0], number | undefined, number][] = [
    ['nothing said', {}, undefined, 0],
    ['a number', { replicas: 3 }, undefined, 3],
    ['none', { replicas: 0 }, undefined, 0],
    ['a percentage, rounded up', { percentage: 20 }, 11, 3],
    ['a percentage that is a whole number', { percentage: 20 }, 10, 2],
    ['any percentage of a workload that runs is at least one', { percentage: 1 }, 1, 1],
    ['more than all', { percentage: 250 }, 4, 10],
    ['no percentage', { percentage: 0 }, 10, 0],
    ['a percentage of a workload that does not run', { percentage: 50 }, 0, 0],
    ['such a percentage is not "as many as fit"', { percentage: 50, limits: { cpu: 10 } }, 0, 0],
    ['a percentage without a workload', { percentage: 50, limits: { cpu: 1 } }, undefined, 2],
    ['the larger of number and percentage: number', { replicas: 5, percentage: 20 }, 10, 5],
    ['the larger of number and percentage: percentage', { replicas: 1, percentage: 20 }, 10, 2],
    ['as many as fit', { limits: { cpu: '2' } }, undefined, 4],
    ['as many as fit into every limit', { limits: { cpu: '2', memory: '3Gi' } }, undefined, 3],
    ['only whole chunks fit', { limits: { cpu: '1999m' } }, undefined, 3],
    ['not one fits', { limits: { cpu: '499m' } }, undefined, 0],
    ['limits cap the number', { replicas: 10, limits: { cpu: '2' } }, undefined, 4],
    ['limits cap the percentage', { percentage: 100, limits: { memory: '2Gi' } }, 10, 2],
    ['limits above the number do nothing', { replicas: 2, limits: { cpu: '100' } }, undefined, 2],
    ['limits of pods count chunks', { limits: { pods: 7 } }, undefined, 7],
    ['limits of what is not requested do not limit', { replicas: 2, limits: { 'nvidia.com/gpu': 0 } }, undefined, 2],
    ['only such limits allow nothing', { limits: { 'nvidia.com/gpu': 4 } }, undefined, 0],
    ['negative limits allow nothing', { replicas: 2, limits: { cpu: '-1' } }, undefined, 0],
  ];
  for (const [what, spec, workload, expected] of cases) {
    it(`${what}: ${expected}`, () => expect(bufferReplicas(spec, REQUESTS, workload)).to.equal(expected));
  }

  it('never requests more than any limit, and never more than was asked for', () => {
    fc.assert(fc.property(fc.nat(1_000), fc.nat(300), fc.nat(1_000), fc.nat(100_000), (replicas, percentage, workload, cpu) => {
      const count = bufferReplicas({ replicas, percentage, limits: { cpu: `${cpu}m` } }, REQUESTS, workload);
      expect(count * REQUESTS.cpu).to.be.at.most(cpu);
      expect(count).to.be.at.most(Math.max(replicas, Math.ceil((workload * percentage) / 100)));
    }));
  });
});
