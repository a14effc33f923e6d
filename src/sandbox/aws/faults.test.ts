import { expect } from 'chai';
import { Faults } from './faults.js';

describe('the dials of the sandbox', () => {
  it('exhaust the pools of a pattern, and no others', () => {
    const faults = new Faults();
    faults.exhaust({ instanceType: 'm5.large', capacityType: 'spot' });
    faults.exhaust({ zone: 'us-west-2c' });
    expect(faults.isExhausted('m5.large', 'us-west-2a', 'spot')).to.equal(true);
    expect(faults.isExhausted('m5.large', 'us-west-2a', 'on-demand')).to.equal(false);
    expect(faults.isExhausted('c5.large', 'us-west-2c', 'on-demand')).to.equal(true);
    faults.restore({ zone: 'us-west-2c' });
    expect(faults.isExhausted('c5.large', 'us-west-2c', 'on-demand')).to.equal(false);
    faults.restore();
    expect(faults.isExhausted('m5.large', 'us-west-2a', 'spot')).to.equal(false);
  });

  it('let an injected error strike as often as told, then never again', () => {
    const faults = new Faults();
    faults.fail('iam:GetRole', { reason: 'ServiceFailure', status: 500, times: 2 });
    faults.strike('ec2:CreateFleet');
    for (const _ of [1, 2]) expect(() => faults.strike('iam:GetRole')).to.throw().with.property('reason', 'ServiceFailure');
    faults.strike('iam:GetRole');
  });
});
