import { expect } from 'chai';
import { nodeOverlay } from '../../../test/support/overlays.js';
import { inValues, instanceType, nodePool } from '../../../test/support/workloads.js';
import { pose } from './posed-question.js';

describe('a question of plan --offline', () => {
  it('is asked with node overlays while their feature gate is on', () => {
    const types = ['small', 'large'].map((name) => instanceType(name, { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 1 }]));
    const objects = [
      nodePool('default'), nodeOverlay('cheap', { price: '0.1', requirements: [inValues('node.kubernetes.io/instance-type', 'small')] }), nodeOverlay('conflicting', { price: '9' }),
      { ...nodeOverlay('everywhere'), spec: { capacity: { 'example.com/slice': 4 } } },
    ];
    const posed = (featureGates: Record<string, boolean>) => pose({
      name: 'overlays', options: { featureGates }, objects: objects as never, instanceTypes: new Map([['*', types]]), pending: undefined, state: {},
    }, () => 0).pools[0]?.instanceTypes;
    expect(posed({})).to.equal(types);
    expect(posed({ NodeOverlay: true })?.map(({ offerings: [offering], capacity }) => [offering?.price, capacity['example.com/slice']])).to.deep.equal([[9, 4], [9, 4]]);
  });
});
