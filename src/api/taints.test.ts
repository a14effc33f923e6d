import { expect } from 'chai';
import { isEphemeralTaint, tolerates } from './taints.js';
import type { Toleration } from './taints.js';

describe('taints', () => {
  it('that a starting node sheds by itself are known by key and effect, and by the prefix of readiness gates', () => {
    expect(isEphemeralTaint({ key: 'node.kubernetes.io/not-ready', value: 'any', effect: 'NoSchedule' })).to.equal(true);
    expect(isEphemeralTaint({ key: 'readiness.k8s.io/network', effect: 'NoSchedule' })).to.equal(true);
    expect(isEphemeralTaint({ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' })).to.equal(false);
    expect(isEphemeralTaint({ key: 'example.com/readiness.k8s.io', effect: 'NoSchedule' })).to.equal(false);
  });

  it('are tolerated by comparison of integers with Gt and Lt', () => {
    const toleratesValue = (operator: 'Gt' | 'Lt', bound: string, value: string): boolean =>
      tolerates({ key: 'rank', operator: operator as Toleration['operator'] & string, value: bound }, { key: 'rank', value, effect: 'NoSchedule' });
    expect([toleratesValue('Gt', '5', '6'), toleratesValue('Gt', '5', '5'), toleratesValue('Lt', '5', '4'), toleratesValue('Lt', '5', '5')]).to.deep.equal([true, false, true, false]);
    expect([toleratesValue('Gt', '5', 'many'), toleratesValue('Gt', 'few', '6')]).to.deep.equal([false, false]);
  });
});
