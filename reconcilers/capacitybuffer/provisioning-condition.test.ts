import { expect } from 'chai';
import { provisioningCondition } from './provisioning-condition.js';

describe('whether the room of a buffer is there', () => {
  const of = (replicas: number, existing: number, onNewNodes: number, failed: number): string | undefined => {
    const condition = provisioningCondition({ template: {}, replicas }, { existing, onNewNodes, failed });
    return condition && `${condition.status} ${condition.reason}: ${condition.message}`;
  };
  const cases: [string, string | undefined, string | undefined][] = [
    ['all fit', of(3, 3, 0, 0), 'True FitsExistingCapacity: All 3 virtual pods fit on existing capacity'],
    ['one needs a new node', of(3, 2, 1, 0), 'False RequiresNewCapacity: 1/3 virtual pods required new capacity'],
    ['some fit nowhere', of(5, 2, 1, 2), 'False RequiresNewCapacity: 1/5 virtual pods required new capacity, 2 failed'],
    ['all fit nowhere', of(2, 0, 0, 2), 'False RequiresNewCapacity: 0/2 virtual pods required new capacity, 2 failed'],
    ['none wanted', of(0, 0, 0, 0), 'False BufferEmpty: Buffer has zero desired replicas'],
    ['not looked at', of(3, 0, 0, 0), undefined],
    ['not all looked at', of(3, 2, 0, 0), undefined],
  ];
  for (const [what, actual, expected] of cases) it(`${what}: ${expected ?? 'says nothing'}`, () => expect(actual).to.equal(expected));

  it('not known what it consists of', () => {
    expect(provisioningCondition({ reason: 'PodTemplateNotFound', message: '' }, { existing: 0, onNewNodes: 0, failed: 0 })).to.deep.equal({
      type: 'Provisioning', status: 'False', reason: 'NotReadyForProvisioning', message: 'Buffer is not ReadyForProvisioning',
    });
  });
});
